"""Tables from files: encodings, line ends, delimiters, headers and quoted cells are recognised, or can be said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from throughtime.data.files import read
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, UsageError
from throughtime.settings import changed

ROWS = [("schön, „wahr“", "gut"), ("böse – ß €", "schlecht"), ('él dijo "sí"', "gut")]


def written(folder: Path, content: str | bytes, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def table(folder: Path, content: str | bytes, name: str = "data.csv", **settings: object) -> Records:
    return read(written(folder, content, name), changed(DataSettings(), **settings))


def as_csv(
    rows: Sequence[tuple[str, ...]], delimiter: str, end: str = "\n", header: tuple[str, ...] = ("text", "label")
) -> str:
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in rows]
    return "".join(delimiter.join(row) + end for row in [header, *quoted])


def pairs(records: Records) -> list[tuple[str, ...]]:
    return list(zip(*records.columns.values(), strict=True))


@pytest.mark.parametrize(
    ("codec", "spoken"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8 with byte order mark"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16 without mark"),
        ("utf-16-be", "UTF-16 without mark"),
        ("utf-32", "UTF-32"),
        ("windows-1252", "windows-1252"),
    ],
)
def test_an_encoding_is_recognised_and_said(codec: str, spoken: str, tmp_path: Path) -> None:
    records = table(tmp_path, as_csv(ROWS * 20, ",").encode(codec))
    assert list(records.columns) == ["text", "label"] and pairs(records) == ROWS * 20
    assert f" {spoken}," in records.notes[0]


@pytest.mark.parametrize("codec", ["latin-1", "iso-8859-15", "cp1251", "utf-16-be", "shift_jis"])
def test_an_encoding_can_be_said(codec: str, tmp_path: Path) -> None:
    rows = [({"cp1251": "хорошо", "shift_jis": "良い"}.get(codec, "schön"), "ja"), ("x", "nein")]
    records = table(tmp_path, as_csv(rows, ";").encode(codec), encoding=codec)
    assert pairs(records) == rows


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_line_ends_and_delimiters(delimiter: str, end: str, tmp_path: Path) -> None:
    records = table(tmp_path, as_csv(ROWS, delimiter, end), "data.txt")
    assert pairs(records) == ROWS
    assert [records.where(i).row for i in range(3)] == [2, 3, 4]


@pytest.mark.parametrize(("name", "delimiter"), [("space", " "), ("tab", "\t"), ("pipe", "|"), ("~", "~")])
def test_a_delimiter_can_be_said(name: str, delimiter: str, tmp_path: Path) -> None:
    rows = [("a", "1"), ("b", "2"), ("c", "3")]
    content = "".join(delimiter.join(row) + "\n" for row in rows)
    assert pairs(table(tmp_path, content, delimiter=name, header="no")) == rows


def test_no_delimiter_that_is_not_one_character(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one character"):
        table(tmp_path, "a,b\n1,2\n", delimiter="::")


def test_quoted_cells_hold_line_ends_delimiters_and_quotes(tmp_path: Path) -> None:
    content = 'text,label\n"one\ntwo, three\r\n""four""",pos\n\nplain,neg\n"",neg\n'
    records = table(tmp_path, content)
    assert pairs(records) == [('one\ntwo, three\r\n"four"', "pos"), ("plain", "neg"), ("", "neg")]
    assert [records.where(i).row for i in range(3)] == [2, 6, 7]
    assert any("1 blank lines" in note for note in records.notes)


def test_quotes_in_a_tab_separated_file_without_quoting_are_text(tmp_path: Path) -> None:
    content = 'text\tlabel\n"never closed\tpos\na 5" disc\tneg\n'
    assert pairs(table(tmp_path, content, "data.tsv")) == [('"never closed', "pos"), ('a 5" disc', "neg")]


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("review,stars\nfine film,5\nbad film,1\n", ["review", "stars"]),
        ("fine film,pos\nbad film,neg\ngood,pos\n", ["1", "2"]),
        ("fine film,5\nbad film,1\n", ["1", "2"]),
        ("place,size\nRome,3\nOslo,4\n", ["place", "size"]),
        (",text,label\n0,fine,pos\n1,bad,neg\n", ["1", "text", "label"]),
        ("text,label,\nfine,pos,\nbad,neg,\n", ["text", "label"]),
        ("just\nsome\nlines\n", ["1"]),
    ],
)
def test_a_header_is_recognised(content: str, columns: list[str], tmp_path: Path) -> None:
    assert list(table(tmp_path, content).columns) == columns


def test_a_header_can_be_said(tmp_path: Path) -> None:
    content = "text,label\nfine,pos\n"
    assert list(table(tmp_path, content, header="no").columns) == ["1", "2"]
    assert table(tmp_path, "a,b\nc,d\n", header="yes").columns == {"a": ["c"], "b": ["d"]}


@pytest.mark.parametrize(
    ("content", "settings", "words"),
    [
        ("", {}, ["data.csv", "empty", "at least one row"]),
        ("\ufeff", {}, ["data.csv", "empty"]),
        (" \n\n", {}, ["data.csv", "empty"]),
        ("text,label\n", {}, ["row 1", "header and no rows"]),
        ("text,label\nfine,pos\nbad\n", {}, ["row 3", "1 cell where row 1 has 2", "fill in the row"]),
        ("text,label\nfine, indeed,pos\nbad,neg\n", {}, ["row 2", "3 cells", "quotes"]),
        ('text,label\n"fine,pos\nbad,neg\n', {}, ["row 2", "never closes", "close it"]),
        ('text,label\n"fine"x,pos\n', {}, ["row 2", "follows the closing"]),
        ("text,text\na,b\n", {"header": "yes"}, ["row 1", 'both named "text"', "rename"]),
        ("text,label\nfi\0ne,pos\n", {}, ["row 2", "NUL", "remove it"]),
        (b"text,label\nfine \x81,pos\n", {}, ["row 2", "0x81", "encoding"]),
        ("text,label\nsch\u00f6n,pos\n".encode("latin-1"), {"encoding": "utf-8"}, ["row 2", "0xf6", "utf-8"]),
        (b"\x1f\x8b\x08\0\0\0", {}, ["gzip", "unpack"]),
        (b"PK\x03\x04rest", {}, ["zip", "unpack"]),
    ],
)
def test_what_is_wrong_is_named_with_its_row(
    content: str | bytes, settings: dict[str, str], words: list[str], tmp_path: Path
) -> None:
    with pytest.raises(DataError) as caught:
        table(tmp_path, content, **settings)
    assert all(word in str(caught.value) for word in words), caught.value


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='unknown encoding "utf-9"'):
        table(tmp_path, "a,b\n", encoding="utf-9")


def test_a_line_of_ten_megabytes(tmp_path: Path) -> None:
    long = "word " * 2_000_000
    records = table(tmp_path, f"text,label\n{long},pos\nshort,neg\n")
    assert records.columns["text"] == [long, "short"]


@pytest.mark.parametrize(
    "content",
    [
        '{"text": "fine", "stars": 5}\n\n{"text": "bad, bad", "stars": 1}\n',
        '[{"text": "fine", "stars": 5}, {"text": "bad, bad", "stars": 1}]',
        '\ufeff[\n {"text": "fine", "stars": 5},\n {"stars": 1, "text": "bad, bad"}]',
    ],
)
@pytest.mark.parametrize("name", ["data.jsonl", "data.json", "data"])
def test_json_lines_and_lists_are_recognised_by_content(name: str, content: str, tmp_path: Path) -> None:
    assert table(tmp_path, content, name).columns == {"text": ["fine", "bad, bad"], "stars": [5, 1]}


def test_a_key_that_is_missing_is_said(tmp_path: Path) -> None:
    records = table(tmp_path, '{"text": "a", "label": "x"}\n{"text": "b"}\n', "data.jsonl")
    assert records.columns["label"] == ["x", None]
    assert any('"label" is missing in 1 of 2 rows, first in row 2' in note for note in records.notes)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"text": "a"}\n{"text": \n', ["row 2", "not JSON", "one object a line"]),
        ('{"text": "a"}\n["b"]\n', ["row 2", "is not an object"]),
        ('{"text": {"de": "a"}}\n', ["row 1", 'column "text"', "flat"]),
        ('{"text": "\\ud800"}\n', ["row 1", "half a character"]),
        ("\n\n", ["no object"]),
        ("[]", ["no object"]),
        ("[" * 100_000, ["data.jsonl"]),
    ],
)
def test_broken_json_is_named_with_its_row(content: str, words: list[str], tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        table(tmp_path, content, "data.jsonl")
    assert all(word in str(caught.value) for word in words), caught.value
