"""Broken running text: each names the file, the row and the byte, and the mend."""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import throughtime as tt
from throughtime.data.settings import DataSettings
from throughtime.data.streams import document
from throughtime.data.streams.streams import read_streams
from throughtime.errors import DataError, ThroughtimeError, UsageError

LINE = "Whether 'tis nobler, für immer, to suffer — or not.\n"
TEXT = LINE * 100
WIDE = len(LINE.encode())


Write = Callable[[Path], Any]


def file(content: str | bytes, name: str = "a.txt") -> Write:
    def write(folder: Path) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def folder(**contents: str | bytes) -> Write:
    def write(room: Path) -> Path:
        (room / "texts").mkdir()
        for name, content in contents.items():
            file(content, f"texts/{name.replace('_', '.')}")(room)
        return room / "texts"

    return write


def memory(*rows: Any) -> Write:
    return lambda room: list(rows)


def beside(name: str, content: str | bytes) -> Write:
    """A good text, and another file of this name next to it."""

    def write(room: Path) -> Path:
        file(content, name)(room)
        return file(TEXT, "good.txt")(room)

    return write


@dataclass(frozen=True)
class Broken:
    """What ``write`` makes is refused; the message begins with ``start`` and holds ``found`` and ``mend``.

    In the settings, ROOM stands for the folder of the test.
    """

    what: str
    write: Write
    start: str
    found: str
    mend: str
    error: type[ThroughtimeError] = DataError
    settings: dict[str, Any] = field(default_factory=dict)


BYTE = TEXT.encode()[:1000] + b"\xff" + TEXT.encode()
NUL = LINE.encode() * 7 + b"ab\0cd" + TEXT.encode()
ENCODING, GUNZIP, BLANK = "--set encoding=NAME (windows-1252?)", "gunzip", "give a text that is not blank"
VALID = {"valid": "ROOM/v.txt"}

BROKEN = [
    Broken("a byte that is not UTF-8", file(BYTE), "a.txt row 19: ", "byte 0xff at offset 1000", ENCODING),
    Broken("a NUL byte", file(NUL), "a.txt row 8: ", f"a NUL byte stands at offset {7 * WIDE + 2}", "remove it"),
    Broken("CRLF counts once", file(b"a\r\nb\rc\n\xe9" + BYTE), "a.txt row 4: ", "byte 0xe9 at offset 7 ", ENCODING),
    Broken("a character cut at the end", file(TEXT.encode() + b"\xe2\x80"), "a.txt row 101", "0xe2", ENCODING),
    Broken("latin-1 as it is", file(TEXT.replace("—", "-").encode("latin-1")), "a.txt row 1: ", "0xfc", "windows-1252"),
    Broken("another encoding, named", file(TEXT), "a.txt row 1: ", "is not valid ascii", "save the file as UTF-8",
           settings={"encoding": "ascii"}),
    Broken("UTF-16 that breaks", file(b"\xff\xfe" + LINE.encode("utf-16-le") * 3 + b"\0\xd8a\0" * 9), "a.txt row 4",
           f"at offset {2 + 2 * 3 * len(LINE)} is not valid utf-16-le", "--set encoding=NAME"),
    Broken("UTF-16 without its mark", file(TEXT.encode("utf-16-le")), "a.txt row 1: ",
           "a NUL byte stands at offset 1", "--set encoding=utf-16"),
    Broken("an empty file", file(""), "a.txt: ", "the file is empty", "give a text"),
    Broken("a mark and nothing else", file(b"\xef\xbb\xbf"), "a.txt: ", "the file is empty", "give a text"),
    Broken("blank lines alone", file("\n \n\t\r\n" * 200), "a.txt: ", "holds no characters", BLANK),
    Broken("no words", file("\n \n\t\r\n" * 200), "a.txt: ", "holds no words", BLANK, settings={"tokens": "words"}),
    Broken("a short text", file("one\ntwo\n"), "a.txt: ", "the training split has ", "at least 128 characters"),
    Broken("two letters", file("ab"), "a.txt: ", "the training split has 2 characters", "at least 128 characters"),
    Broken("few words", file(LINE), "a.txt: ", "words, too few to learn from", "128 words",
           settings={"tokens": "words"}),
    Broken("rows for a batch too many", file(TEXT), "--batch-size 3000: ", "less than two for each", "more text",
           UsageError, {"batch_size": 3000}),
    Broken("no text left for a split", file(LINE * 5), "a.txt: ", "the valid split has no text", "--valid FILE",
           settings={"valid": "0.001"}),
    Broken("a compressed file", file(gzip.compress(TEXT.encode()), "a.txt.gz"), "a.txt.gz: ", "gzip", GUNZIP),
    Broken("a compressed file by another name", file(gzip.compress(TEXT.encode())), "a.txt: ", "is gzip", GUNZIP),
    Broken("no file of that name", lambda room: file(TEXT)(room).parent / "b.txt", "ROOM/b.txt: ", "no such file",
           'did you mean "ROOM/a.txt"?', UsageError),
    Broken("a text in the place of a path", lambda room: TEXT, LINE, "cannot be opened (file name too long)",
           "check the path", UsageError),
    Broken("a folder of no texts", folder(a_bin=b"\0\1\2" * 50, b_bin=b"\0" * 9), "ROOM/texts: ", "no text", "give a"),
    Broken("a folder with nothing in it", folder(), "ROOM/texts: ", "the folder holds no text", "give a file or a"),
    Broken("a folder with a text that breaks", folder(a_py=TEXT, b_py=BYTE), "b.py row 19: ", "offset 1000", ENCODING),
    Broken("an encoding nobody knows", file(TEXT), "unknown encoding ", '"klingon"', "try utf-8", UsageError,
           {"encoding": "klingon"}),
    Broken("more than all of it", file(TEXT), "--valid 1.2: ", "must lie between 0 and 1", "fraction", UsageError,
           {"valid": "1.2"}),
    Broken("all of it", file(TEXT), "--valid and --test ", "nothing to train on", "smaller fractions", UsageError,
           {"valid": "0.6", "test": "0.4"}),
    Broken("nothing so frequent", file(TEXT), "--set min_count=9999: ", "no character occurs so often", "smaller",
           UsageError, {"min_count": 9999}),
    Broken("rows of a split", file(TEXT), "--split part: ", "has no rows", "leave it out", UsageError,
           {"split": "part"}),
    Broken("rows of a group", file(TEXT), "--group who: ", "has no rows", "leave it out", UsageError, {"group": "who"}),
    Broken("a longest row", file(TEXT), "--max-length 9: ", "has no rows", "leave it out", UsageError,
           {"max_length": 9}),
    Broken("a column of a text", file(TEXT), "--output ", "has no columns", "leave it out", UsageError,
           {"output": "text"}),
    Broken("an empty file to validate with", beside("v.txt", ""), "v.txt: ", "the file is empty", "give a text",
           settings=VALID),
    Broken("a broken file to validate with", beside("v.txt", BYTE), "v.txt row 19: ", "0xff at offset 1000", ENCODING,
           settings=VALID),
    Broken("a NUL byte to validate with", beside("v.txt", NUL), "v.txt row 8: ", "NUL byte", "remove", settings=VALID),
    Broken("no file to test with", file(TEXT), "--test ROOM/v.txt: ", "neither a fraction", "file or folder",
           UsageError, {"test": "ROOM/v.txt"}),
    Broken("a NUL character in memory", memory(TEXT, TEXT, "a\0b"), 'the records row 3, column "text"', "a NUL",
           "remove it"),
    Broken("no texts in memory", memory(), "the records: ", "there is none", "at least one"),
    Broken("blank texts in memory", memory("", " ", "\n"), "the records", "all texts are empty", "another --input"),
    Broken("a short text in memory", memory("ab", "cd"), 'the records row 1, column "text": ', "too few", "128"),
    Broken("a column that is not there", memory({"text": TEXT}), "the records: ", "unknown column", '"text"?',
           UsageError, {"input": "txet"}),
]  # fmt: skip


def in_room(value: Any, room: Path) -> Any:
    return value.replace("ROOM", str(room)) if isinstance(value, str) else value


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.what)
def test_broken_text(broken: Broken, tmp_path: Path) -> None:
    source = broken.write(tmp_path)
    settings = {name: in_room(value, tmp_path) for name, value in broken.settings.items()}
    with pytest.raises(broken.error) as caught:
        tt.check(source, task="language_model", **settings)
    message = str(caught.value)
    assert type(caught.value) is broken.error and caught.value.exit_code == 2, caught.value
    assert message.startswith(in_room(broken.start, tmp_path)), message
    assert broken.found in message and in_room(broken.mend, tmp_path) in message, message


@pytest.mark.parametrize("broken", BROKEN[:2], ids=lambda broken: broken.what)
def test_training_refuses_it_too_and_before_it_writes(broken: Broken, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=re.escape(broken.found)):
        tt.train(broken.write(tmp_path), tmp_path / "run", task="language_model", hidden_size=4)
    left = [path.name for path in (tmp_path / "run").rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert left == []


def wrong(path: Path, **settings: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        read_streams(path, DataSettings(valid="0.1", test="0.1", **settings), lambda sentence: None)
    return caught.value


@pytest.mark.parametrize("lines", [1, 40_000])
def test_offset_and_row_beyond_the_first_megabyte(lines: int, tmp_path: Path) -> None:
    path = file(LINE.encode() * lines + b"ab\x80" + TEXT.encode())(tmp_path)
    error = wrong(path)
    assert (lines * WIDE > document.PIECE) == (lines > 1)
    assert error.place.row == lines + 1 and f"byte 0x80 at offset {lines * WIDE + 2} " in error.problem


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 64, 101])
def test_offset_and_row_across_the_border_of_pieces(
    piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A character whose first byte ends a piece, and whose second one, in the next piece, is wrong."""
    monkeypatch.setattr(document, "PIECE", piece)
    chance = random.Random(piece)
    for codec in ("utf-8", "utf-16-le"):
        for _ in range(20):
            before = "".join(
                chance.choice(["a", "é", "—", "\U0001f600", "\n", "\r\n"]) for _ in range(chance.randint(0, 70))
            )
            row = 1 + before.count("\n")
            start, bad = before.encode(codec), {"utf-8": b"\xe2\x80.", "utf-16-le": b"\x3d\xd8a\0"}[codec]
            path = file(start + bad + TEXT.encode(codec))(tmp_path)
            error = wrong(path, encoding=codec)
            assert error.place.row == row and f"at offset {len(start)} " in error.problem, (before, error)
            path = file(start + "\0".encode(codec) + TEXT.encode(codec))(tmp_path)
            error = wrong(path, encoding=codec)
            assert error.place.row == row and error.problem.endswith(f"at offset {len(start)}"), (before, error)


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_text_with_the_mark_of_its_encoding_is_read(codec: str, tmp_path: Path) -> None:
    told: list[str] = []
    plain = read_streams(file(TEXT)(tmp_path), DataSettings(), told.append)
    marked = read_streams(file(TEXT.encode(codec))(tmp_path), DataSettings(), told.append)
    assert len(plain["valid"]) == len(marked["valid"]) and marked["train"].digest == plain["train"].digest
    assert "\ufeff" not in marked.field.vocabulary and marked.field.vocabulary == plain.field.vocabulary


@pytest.mark.parametrize("settings", [{"tokens": "bytes"}, {"tokens": "words", "lower_case": "yes"}])
def test_one_line_without_an_end_is_cut_between_characters(settings: dict[str, Any], tmp_path: Path) -> None:
    for text in ("—é\U0001f600a" * 800, "für " * 900):
        if settings["tokens"] == "words" and " " not in text:
            continue
        found = read_streams(file(text)(tmp_path), DataSettings(**settings), lambda sentence: None)
        assert sum(found[name].characters for name in ("train", "valid", "test")) == len(text)
