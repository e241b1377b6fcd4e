"""One running text: a file or a part of it, read piece by piece, or a text in memory."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from throughtime.data.files.decoding import known_codec, refuse_binary
from throughtime.errors import DataError, Place

PIECE = 1 << 20  # bytes read at a time
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
    ``split`` is where a folder or a column puts it.
    """

    name: str
    path: Path | None = None
    text: str = ""
    begin: int = 0
    end: int = 0
    codec: str = "utf-8"
    split: str = "train"

    @classmethod
    def in_file(cls, path: Path, name: str, encoding: str) -> Document:
        """All of a file. Raises DataError where it cannot be opened or is no text, UsageError for its encoding."""
        head, size = head_of(path, 16, name), path.stat().st_size
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
            at += len(chunk)
            try:
                text = decoder.decode(chunk, final=at == self.end)
            except UnicodeDecodeError as error:
                raise self._undecodable(error, at - len(error.object)) from None
            if "\0" in text:
                begun = len(decoder.getstate()[0])  # bytes of a character that ends in the next chunk
                raise self._nul(at - begun - len(text[text.index("\0") :].encode(self.codec)))
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
        for skipped in range(0, 4, self._unit):
            try:
                codecs.getincrementaldecoder(self.codec)().decode(head[skipped:])
            except UnicodeDecodeError:
                continue
            return min(at + skipped, self.end)
        return at

    @property
    def _unit(self) -> int:
        """Bytes of a code unit."""
        return len("\n".encode(self.codec))

    def _whole(self, at: int) -> int:
        """``at``, or the next byte at which a code unit begins."""
        return at + (self.begin - at) % self._unit

    def _chunks(self, begin: int) -> Iterator[bytes]:
        assert self.path is not None
        with self.path.open("rb") as file:
            file.seek(begin)
            while chunk := file.read(min(PIECE, self.end - begin)):
                begin += len(chunk)
                yield chunk

    def _undecodable(self, error: UnicodeDecodeError, begin: int) -> DataError:
        """The error in some bytes, those from ``begin`` on."""
        nul = error.object.find(b"\0", 0, error.start) if self._unit == 1 else -1
        if nul >= 0:
            return self._nul(begin + nul)
        likely = " (windows-1252?)" if self.codec == "utf-8" else ""
        mend = f"say its encoding with --set encoding=NAME{likely}, or save the file as UTF-8"
        byte, offset = error.object[error.start], begin + error.start
        return self._wrong(f"byte 0x{byte:02x} at offset {offset} is not valid {self.codec}", offset, mend)

    def _nul(self, offset: int) -> DataError:
        mend = "remove it, or say --set encoding=utf-16 if it is that; is this a text file?"
        return self._wrong(f"a NUL byte stands at offset {offset}", offset, mend)

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


def head_of(file: Path, size: int, name: str) -> bytes:
    """The first bytes of a file; a DataError if it cannot be opened."""
    try:
        with file.open("rb") as opened:
            return opened.read(size)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(f"cannot be read ({reason})", place=Place(name), mend="check its permissions") from None
