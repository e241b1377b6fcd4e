"""Running text as documents: files of a folder, one file, or texts that a program holds; read piece by piece."""

from __future__ import annotations

import codecs
import io
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from throughtime.data.files.decoding import known_codec, refuse_binary
from throughtime.data.files.format import formats
from throughtime.data.files.reading import existing
from throughtime.data.files.sniffing import delimiter_of
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place

PIECE = 1 << 20  # bytes read at a time
HEAD = 1 << 16
TABLES = (".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson")
# utf-32 stands before utf-16, whose mark it begins with
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
WITHOUT_MARK = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}


@dataclass(frozen=True)
class Document:
    """One text, or a part of it: a file, or a text in memory.

    ``begin`` and ``end`` are bytes of the file, the mark of its encoding left out, or characters of the text in memory.
    """

    name: str
    path: Path | None = None
    text: str = ""
    begin: int = 0
    end: int = 0
    codec: str = "utf-8"

    @classmethod
    def in_file(cls, path: Path, name: str, encoding: str) -> Document:
        """All of a file. Raises DataError where it cannot be opened or is no text, UsageError for its encoding."""
        head, size = _head(path, 16, name), path.stat().st_size
        refuse_binary(head, name)
        codec, mark = codec_of(head, encoding)
        return cls(name, path, begin=mark, end=size, codec=codec)

    @classmethod
    def in_memory(cls, text: str, name: str) -> Document:
        if "\0" in text:
            raise DataError("a NUL character stands here", place=Place(name), mend="remove it; is this a text?")
        return cls(name, text=text, end=len(text))

    @property
    def size(self) -> int:
        """In bytes, or characters of a text in memory."""
        return self.end - self.begin

    def part(self, begin: int, end: int) -> Document:
        """The bytes from ``begin`` to ``end`` of the same file, or the characters of the same text."""
        return replace(self, begin=begin, end=end)

    def pieces(self) -> Iterator[str]:
        """The text in pieces, line ends as ``\\n``; a DataError, with offset and row, where bytes are no text."""
        newlines = io.IncrementalNewlineDecoder(None, translate=True)
        if self.path is None:
            yield newlines.decode(self.text[self.begin : self.end], final=True)
            return
        decoder, at = codecs.getincrementaldecoder(self.codec)(), self.begin
        for chunk in self._chunks(self.begin):
            self._refuse_nul(chunk, at)
            at += len(chunk)
            try:
                text = decoder.decode(chunk, final=at == self.end)
            except UnicodeDecodeError as error:
                byte, offset = error.object[error.start], at - len(error.object) + error.start
                likely = " (windows-1252?)" if self.codec == "utf-8" else ""
                mend = f"say its encoding with --set encoding=NAME{likely}, or save the file as UTF-8"
                wrong = f"byte 0x{byte:02x} at offset {offset} is not valid {self.codec}"
                raise self._wrong(wrong, offset, mend) from None
            yield newlines.decode(text, final=at == self.end)

    def line_start(self, at: int) -> int:
        """The first start of a line at or after ``at``; the end where no line starts."""
        if at <= self.begin:
            return self.begin
        if self.path is None:
            return self.text.find("\n", at - 1, self.end) + 1 or self.end
        newline = "\n".encode(self.codec)
        at = self._whole(at) - len(newline)
        read = b""
        for chunk in self._chunks(at):
            read += chunk
            found = read.find(newline)
            while found >= 0 and found % len(newline):
                found = read.find(newline, found + 1)
            if found >= 0:
                return at + found + len(newline)
            done = len(read) - len(read) % len(newline)
            read, at = read[done:], at + done
        return self.end

    def character_start(self, at: int) -> int:
        """The first start of a character at or after ``at``."""
        if self.path is None:
            return at
        at = self._whole(at)
        with self.path.open("rb") as file:
            file.seek(at)
            head = file.read(8)
        for skipped in range(0, 4, len("\n".encode(self.codec))):
            try:
                codecs.getincrementaldecoder(self.codec)().decode(head[skipped:])
            except UnicodeDecodeError:
                continue
            return min(at + skipped, self.end)
        return at

    def _whole(self, at: int) -> int:
        """``at``, or the next byte at which a code unit begins."""
        return at + (self.begin - at) % len("\n".encode(self.codec))

    def _chunks(self, begin: int) -> Iterator[bytes]:
        assert self.path is not None
        with self.path.open("rb") as file:
            file.seek(begin)
            while chunk := file.read(min(PIECE, self.end - begin)):
                begin += len(chunk)
                yield chunk

    def _refuse_nul(self, chunk: bytes, at: int) -> None:
        """Raise a DataError at the first NUL character of some bytes, those from ``at`` on."""
        nul = "\0".encode(self.codec)
        found = chunk.find(nul)
        while found >= 0 and (at + found - self.begin) % len(nul):
            found = chunk.find(nul, found + 1)
        if found >= 0:
            mend = "remove it, or say --set encoding=utf-16 if it is that; is this a text file?"
            raise self._wrong(f"a NUL byte stands at offset {at + found}", at + found, mend)

    def _wrong(self, problem: str, offset: int, mend: str) -> DataError:
        """The error at a byte of the file, with its line."""
        decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(self.codec)("replace"), translate=True)
        row = 1 + sum(decoder.decode(chunk).count("\n") for chunk in self.part(0, offset)._chunks(0))
        return DataError(problem, place=Place(self.name, row), mend=mend)


def codec_of(head: bytes, encoding: str) -> tuple[str, int]:
    """The codec of a file by its mark, else UTF-8, or the one that is named; and how many bytes the mark takes.

    >>> codec_of(b"\\xff\\xfea\\0", "auto"), codec_of(b"a", "auto"), codec_of(b"\\xef\\xbb\\xbfa", "utf-8")
    (('utf-16-le', 2), ('utf-8', 0), ('utf-8', 3))
    """
    name = "utf-8" if encoding == "auto" else codecs.lookup(known_codec(encoding)).name.removesuffix("-sig")
    for mark, codec in MARKS:
        if head.startswith(mark) and (encoding == "auto" or codec.startswith(name)):
            return codec, len(mark)
    return WITHOUT_MARK.get(name, name), 0


def is_running_text(source: Any, settings: DataSettings) -> bool:
    """Whether a path holds text to be read on and on, rather than rows: no table, no tags, no classes.

    A file that no format claims and whose lines are not cut into cells; a folder that no format claims and that holds
    texts.
    """
    if not isinstance(source, (str, Path)) or settings.format != "auto" or settings.input or settings.output:
        return False
    if not os.path.exists(source := os.path.expanduser(source)):
        return False
    path = Path(source)
    if path.is_dir():
        claimed = any(form.recognise(path, b"") for _, form in formats.items())
        entries = [entry for entry in path.iterdir() if not entry.name.startswith(".")]
        return not claimed and len(entries) > 1 and bool(_texts_in(path)[0])
    if not path.is_file() or path.suffix.lower() in TABLES:
        return False
    head = _head(path, HEAD, path.name)
    if any(form.recognise(path, head) for _, form in formats.items() if not form.general):
        return False
    text = head.decode(codec_of(head, settings.encoding)[0], "replace")
    lines = [line for line in text.splitlines() if line.strip()]
    return delimiter_of(text, path.suffix.lower()) is None and len(lines) > 2 and sum(map(len, lines)) > 2 * len(lines)


def documents_of(source: Any, settings: DataSettings, records: Records | None = None) -> tuple[list[Document], str]:
    """All texts of a source, and the source in words. Raises DataError where there is none."""
    if records is not None:
        return _of_records(records, settings)
    path = existing(source)
    if path.is_dir():
        files, aside = _texts_in(path)
        if not files:
            raise DataError("the folder holds no text", place=Place(str(path)), mend="give a file or a folder of texts")
        found = [Document.in_file(file, str(file.relative_to(path)), settings.encoding) for file in files]
        left = f"; {aside:,} other files left aside" if aside else ""
        return found, f"{path.name}: {len(files):,} {files[0].suffix or 'text'} files{left}"
    document = Document.in_file(path, path.name, settings.encoding)
    if document.size == 0:
        raise DataError("the file is empty", place=Place(path.name), mend="give a text")
    return [document], f"{path.name}: running text"


def _of_records(records: Records, settings: DataSettings) -> tuple[list[Document], str]:
    """A text column, row by row; the first one if none is named."""
    columns = settings.input or tuple(name for name, role in records.roles.items() if role == "input")
    name = (columns or tuple(records.columns))[0]
    texts = []
    for i, value in enumerate(records.column(name)):
        if isinstance(value, (list, tuple)):
            value = " ".join(map(str, value))
        if value is None or not str(value).strip():
            continue
        text = str(value)
        texts.append(Document.in_memory(text, str(records.where(i, name))))
    if not texts:
        raise DataError("all texts are empty", place=Place(records.source, None, name), mend="name another --input")
    return texts, f'{records.source}: {len(texts):,} texts in column "{name}"'


def _texts_in(folder: Path) -> tuple[list[Path], int]:
    """The text files of a folder and all folders in it, those of the most frequent suffix; and how many others."""
    found = [
        file
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not any(part.startswith((".", "__pycache__")) for part in file.relative_to(folder).parts)
    ]
    texts = [file for file in found if file.stat().st_size and _looks_like_text(file)]
    if not texts:
        return [], len(found)
    suffix = Counter(file.suffix.lower() for file in texts).most_common(1)[0][0]
    chosen = [file for file in texts if file.suffix.lower() == suffix]
    return chosen, len(found) - len(chosen)


def _looks_like_text(file: Path) -> bool:
    if file.suffix.lower() in (".pyc", ".so", ".png", ".jpg", ".gz", ".zip", ".wav", ".safetensors"):
        return False
    head = _head(file, 1024, file.name)
    return b"\0" not in head or codec_of(head, "auto")[1] > 0


def _head(file: Path, size: int, name: str) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(size)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(f"cannot be read ({reason})", place=Place(name), mend="check its permissions") from None


def total(documents: Sequence[Document]) -> int:
    return sum(document.size for document in documents)
