"""Running text as documents: files of a folder, one file, or texts that a program holds; read piece by piece."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from throughtime.data.files.decoding import refuse_binary
from throughtime.data.files.format import formats
from throughtime.data.files.sniffing import delimiter_of
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place, UsageError

PIECE = 1 << 20  # bytes read at a time
HEAD = 1 << 16
TABLES = (".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson")


@dataclass(frozen=True)
class Document:
    """One text: a file, or a text in memory. ``begin`` and ``end`` are bytes of the file, which starts a line there."""

    name: str
    path: Path | None = None
    text: str = ""
    begin: int = 0
    end: int = 0

    @property
    def size(self) -> int:
        """In bytes, or characters of a text in memory."""
        return self.end - self.begin

    def part(self, begin: int, end: int) -> Document:
        """The bytes from ``begin`` to ``end`` of the same file, or the characters of the same text."""
        return Document(self.name, self.path, self.text, begin, end)

    def pieces(self, encoding: str) -> Iterator[str]:
        """The text in pieces, line ends as ``\\n``; a DataError, with offset and row, where bytes are no text."""
        if self.path is None:
            yield self.text[self.begin : self.end].replace("\r\n", "\n")
            return
        codec = "utf-8" if encoding == "auto" else encoding
        decoder = codecs.getincrementaldecoder(codec)()
        with self.path.open("rb") as file:
            file.seek(self.begin)
            left, at, kept = self.size, self.begin, ""
            while left > 0:
                chunk = file.read(min(PIECE, left))
                if not chunk:
                    break
                left -= len(chunk)
                try:
                    text = kept + decoder.decode(chunk, final=left == 0)
                except UnicodeDecodeError as error:
                    raise self._undecodable(at + len(chunk) - len(error.object) + error.start, codec) from None
                at += len(chunk)
                if "\0" in text:
                    raise self._nul()
                text = text.removeprefix("\ufeff") if at == len(chunk) else text
                kept = text[-1:] if text.endswith("\r") and left else ""  # its line feed may come with the next piece
                yield text[: len(text) - len(kept)].replace("\r\n", "\n")

    def line_start(self, at: int) -> int:
        """The first start of a line at or after ``at``; the end where no line starts."""
        if self.path is None:
            found = self.text.find("\n", max(0, at - 1), self.end)
            return self.end if found < 0 else found + 1
        with self.path.open("rb") as file:
            file.seek(max(0, at - 1))
            file.readline()
            return min(file.tell(), self.end)

    def _undecodable(self, at: int, codec: str) -> DataError:
        assert self.path is not None
        with self.path.open("rb") as file:
            row, left = 1, at
            while left > 0 and (chunk := file.read(min(PIECE, left))):
                row, left = row + chunk.count(b"\n"), left - len(chunk)
            byte = file.read(1)
        found = f"byte 0x{byte.hex()} at offset {at} is not valid {codec}"
        mend = "say its encoding with --set encoding=NAME (windows-1252?), or save the file as UTF-8"
        return DataError(found, place=Place(self.name, row), mend=mend)

    def _nul(self) -> DataError:
        assert self.path is not None
        with self.path.open("rb") as file:
            row = 1 + file.read().partition(b"\0")[0].count(b"\n")
        return DataError("a NUL byte stands here", place=Place(self.name, row), mend="remove it; is this a text file?")


def is_running_text(source: Any, settings: DataSettings) -> bool:
    """Whether a path holds text to be read on and on, rather than rows: no table, no tags, no classes.

    A file that no format claims and whose lines are not cut into cells; a folder that no format claims and that holds
    texts.
    """
    if not isinstance(source, (str, Path)) or settings.format != "auto" or settings.input or settings.output:
        return False
    path = Path(source).expanduser()
    if path.is_dir():
        claimed = any(form.recognise(path, b"") for _, form in formats.items())
        entries = [entry for entry in path.iterdir() if not entry.name.startswith(".")]
        return not claimed and len(entries) > 1 and bool(_texts_in(path)[0])
    if not path.is_file() or path.suffix.lower() in TABLES:
        return False
    with path.open("rb") as file:
        head = file.read(HEAD)
    if any(form.recognise(path, head) for _, form in formats.items() if not form.general):
        return False
    text = head.decode("utf-8", "replace")
    lines = [line for line in text.splitlines() if line.strip()]
    return delimiter_of(text, path.suffix.lower()) is None and len(lines) > 2 and sum(map(len, lines)) > 2 * len(lines)


def documents_of(source: Any, settings: DataSettings, records: Records | None = None) -> tuple[list[Document], str]:
    """All texts of a source, and the source in words. Raises DataError where there is none."""
    if records is not None:
        return _of_records(records, settings)
    path = Path(source).expanduser()
    if path.is_dir():
        files, aside = _texts_in(path)
        if not files:
            raise DataError("the folder holds no text", place=Place(str(path)), mend="give a file or a folder of texts")
        found = [Document(str(file.relative_to(path)), file, end=file.stat().st_size) for file in files]
        left = f"; {aside:,} other files left aside" if aside else ""
        return found, f"{path.name}: {len(files):,} {files[0].suffix or 'text'} files{left}"
    if not path.is_file():
        raise UsageError(f"{source}: there is no such file or folder")
    with path.open("rb") as file:
        refuse_binary(file.read(16), path.name)
    size = path.stat().st_size
    if size == 0:
        raise DataError("the file is empty", place=Place(path.name), mend="give a text")
    return [Document(path.name, path, end=size)], f"{path.name}: running text"


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
        texts.append(Document(str(records.where(i, name)), None, text, 0, len(text)))
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
    with file.open("rb") as opened:
        return b"\0" not in opened.read(1024)


def total(documents: Sequence[Document]) -> int:
    return sum(document.size for document in documents)
