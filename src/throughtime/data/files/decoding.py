"""Bytes to text: the encoding is recognised or given, and what cannot be text is refused with its place."""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place, UsageError

# utf-32 stands before utf-16, whose mark it begins with
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with byte order mark"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
BINARY = (
    (b"\x1f\x8b", "gzip-compressed", "unpack it (gunzip, or tar xzf for an archive) and give what is inside"),
    (b"PK\x03\x04", "a zip archive", "unpack it and give the file or folder inside; save a spreadsheet as CSV"),
    (b"BZh", "bzip2-compressed", "unpack it with bunzip2"),
    (b"\xfd7zXZ\x00", "xz-compressed", "unpack it with unxz"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed", "unpack it with unzstd"),
    (b"\x89PNG", "a PNG image", "give a table, JSON lines or a folder of texts"),
    (b"\xff\xd8\xff", "a JPEG image", "give a table, JSON lines or a folder of texts"),
    (b"%PDF", "a PDF document", "save its text as a .txt file"),
    (b"PAR1", "a Parquet file", "read it with pandas and hand over the data frame, or save it as CSV"),
    (b"SQLite format 3", "an SQLite database", "save the table as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Office document", "save it as CSV"),
)
WINDOWS_1252 = "windows-1252"


def read_bytes(path: Path, name: str) -> bytes:
    """The whole file; a DataError if it cannot be opened."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(f"cannot be read ({reason})", place=Place(name), mend="check its permissions") from None


def read_text(path: Path, settings: DataSettings, name: str) -> tuple[str, str]:
    """The text of a file and the encoding in words; see :func:`decoded`."""
    return decoded(read_bytes(path, name), settings.encoding, name)


def decoded(data: bytes, encoding: str, name: str) -> tuple[str, str]:
    """Text and the encoding's name; ``"auto"`` recognises it: by its mark, then UTF-8, then windows-1252.

    Raises DataError for binary material, NUL bytes and bytes that the encoding does not know (with offset and row),
    UsageError for an encoding that Python does not know.

    >>> decoded("für".encode("windows-1252"), "auto", "a.csv")
    ('für', 'windows-1252')
    """
    refuse_binary(data, name)
    codec, spoken = (known_codec(encoding), encoding) if encoding != "auto" else _recognised(data)
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        raise _undecodable(data, error, spoken, name, forced=encoding != "auto") from None
    text = text.removeprefix("\ufeff")
    _refuse_nul(text, name)
    return text, spoken


def refuse_binary(data: bytes, name: str) -> None:
    """Raise DataError, with what to do, if the first bytes are those of a well-known binary format."""
    for magic, what, mend in BINARY:
        if data.startswith(magic):
            raise DataError(f"is {what}, not text", place=Place(name), mend=mend)


def lines_of(text: str) -> Iterator[str]:
    r"""Lines without their ends, which may be LF, CRLF or CR alone; other separators of Unicode stay inside a line.

    >>> list(lines_of("a\r\nb\rc\n\x0bd"))
    ['a', 'b', 'c', '\x0bd']
    """
    return (line.rstrip("\r\n") for line in io.StringIO(text, newline=""))


def known_codec(encoding: str) -> str:
    """Python's name for an encoding that a user names; a UsageError if it knows none of that name."""
    try:
        b"text".decode(encoding, errors="replace")
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        raise UsageError(f'unknown encoding "{encoding}"; try utf-8, utf-16, windows-1252 or iso-8859-15') from None
    # a mark at the beginning is not part of the text
    return "utf-8-sig" if name == "utf-8" else encoding


def _recognised(data: bytes) -> tuple[str, str]:
    for mark, codec, spoken in MARKS:
        if data.startswith(mark):
            return codec, spoken
    head = data[:4096]
    if len(head) >= 4 and not len(data) % 2:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        if odd > 0.4 * len(head) / 2 and not even:
            return "utf-16-le", "UTF-16 without mark"
        if even > 0.4 * len(head) / 2 and not odd:
            return "utf-16-be", "UTF-16 without mark"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return WINDOWS_1252, WINDOWS_1252
    return "utf-8", "UTF-8"


def _undecodable(data: bytes, error: UnicodeDecodeError, encoding: str, name: str, forced: bool) -> DataError:
    before = data[: error.start]
    row = 1 + before.count(b"\n") + (before.count(b"\r") - before.count(b"\r\n"))
    found = f"byte 0x{data[error.start]:02x} at offset {error.start}"
    guessed = encoding == WINDOWS_1252 and not forced
    problem = f"{found} is neither UTF-8 nor {encoding}" if guessed else f"{found} is not valid {encoding}"
    mend = "leave --set encoding away to have it recognised" if forced else "say its encoding with --set encoding=NAME"
    return DataError(problem, place=Place(name, row), mend=f"{mend}, or save the file as UTF-8")


def _refuse_nul(text: str, name: str) -> None:
    at = text.find("\0")
    if at >= 0:
        row = sum(1 for _ in lines_of(text[:at] + "."))
        raise DataError("a NUL byte stands here", place=Place(name, row), mend="remove it; is this a text file?")


def parsed_json(text: str, place: Place, mend: str) -> Any:
    """The value that a text of JSON holds; a DataError, with the place in it, for what is none."""
    try:
        value = json.loads(text)
        if "\\u" in text:  # half a character, which no file could hold again
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except json.JSONDecodeError as error:
        at = Place(place.file, place.row or error.lineno)
        raise DataError(
            f"this is not JSON: {error.msg.lower().removesuffix(' at')} at character {error.colno}", place=at, mend=mend
        ) from None
    except UnicodeEncodeError:
        raise DataError(
            "a \\u escape stands for half a character", place=place, mend="write both halves, or the character itself"
        ) from None
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"this JSON cannot be read ({error})", place=place, mend="make it flat: texts, numbers and lists of texts"
        ) from None
