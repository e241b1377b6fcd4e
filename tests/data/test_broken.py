"""Broken and odd material: a good result, or a message that names the place and the mend."""

from __future__ import annotations

import codecs
import gzip
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from throughtime.data.columns import propose
from throughtime.data.dataset import Dataset
from throughtime.data.fields import fields, fit_fields
from throughtime.data.files import read
from throughtime.data.settings import DataSettings
from throughtime.data.splits import Splits, given_splits, split
from throughtime.errors import DataError, Place, ThroughtimeError, UsageError

ROWS = [f"{['good', 'fine', 'nice'][k % 3]} number {k},{'pos' if k % 2 else 'neg'}" for k in range(40)]
TABLE = "text,label\n" + "\n".join(ROWS) + "\n"


def everything(source: Any, settings: DataSettings) -> Splits:
    """All that this floor does with a source: read, propose, split, fit, encode."""
    records = read(source, settings)
    given = given_splits(records, settings)
    proposal = propose(records, settings)
    kind = proposal.kinds[proposal.output]
    splits = split(records, settings, proposal.inputs, proposal.output, stratify=kind == "category", given=given)
    fields = fit_fields(splits.train, proposal.kinds, {proposal.output}, settings)
    for part in (splits.train, splits.valid, splits.test):
        Dataset(part, fields)
    return splits


def row(k: int, text: str, table: str = TABLE) -> str:
    """The table with its line ``k`` replaced."""
    lines = table.split("\n")
    lines[k - 1] = text
    return "\n".join(lines)


Write = Callable[[Path], Any]


def file(content: str | bytes, name: str = "data.csv") -> Write:
    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def files(**contents: str | bytes) -> Write:
    """A folder ``data`` with these files; ``__`` in a name stands for a slash, ``_dot_`` for a dot."""

    def write(folder: Path) -> Path:
        for name, content in contents.items():
            path = folder / "data" / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        (folder / "data").mkdir(exist_ok=True)
        return folder / "data"

    return write


@dataclass(frozen=True)
class Broken:
    """``said`` are parts of the message: the place, what was found and the mend."""

    name: str
    write: Write
    said: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    error: type[Exception] = DataError


JSON = "\n".join(json.dumps({"text": f"a b {k}", "label": "xy"[k % 2]}) for k in range(40)) + "\n"
NUMBERS = "size,price\n" + "\n".join(f"{k},{k}.5" for k in range(40)) + "\n"

BROKEN = [
    Broken("empty file", file(""), ("data.csv", "empty", "at least one row")),
    Broken("blank lines only", file("\n \n\n"), ("data.csv", "empty", "at least one row")),
    Broken("lone byte order mark", file(codecs.BOM_UTF8), ("data.csv", "empty", "at least one row")),
    Broken("lone UTF-16 mark", file(codecs.BOM_UTF16_LE), ("data.csv", "empty", "at least one row")),
    Broken("header only", file("text,label\n"), ("data.csv row 1", "no rows", "--set header=no")),
    Broken("row too short", file(row(7, "alone")), ("data.csv row 7", "1 cell where row 1 has 2", "fill in the row")),
    Broken("row too long", file(row(9, "a,b,pos")), ("data.csv row 9", "3 cells where row 1 has 2", "in quotes")),
    Broken("duplicate columns", file("text,label,text\na,b,c\nd,e,f\n"), ("data.csv row 1", '"text"', "rename one")),
    Broken("unclosed quote", file(row(12, '"never closed,pos')), ("data.csv row 12", "never closes", "close it")),
    Broken("text after a closing quote", file(row(5, '"so" what,pos')), ("data.csv row 5", "quotation mark", '""')),
    Broken(
        "quote closed further down",
        file(row(14, 'and "more" here",neg', row(12, '"opens here,pos'))),
        ("data.csv row 12", "row 14", '""'),
    ),
    Broken("NUL byte", file(row(3, "a\0b,pos")), ("data.csv row 3", "NUL byte", "remove it")),
    Broken(
        "forced encoding",
        file(row(4, "f\xfcr,pos").encode("windows-1252")),
        ("data.csv row 4", "0xfc at offset", "not valid utf-8", "--set encoding"),
        {"encoding": "utf-8"},
    ),
    Broken(
        "no encoding fits",
        file(row(4, "x,pos").encode() + b"a\x81\xfe,pos\n"),
        ("data.csv row 42", "0x81", "UTF-8", "--set encoding"),
    ),
    Broken("unknown encoding", file(TABLE), ('"utf-9"', "utf-8"), {"encoding": "utf-9"}, UsageError),
    Broken("cut UTF-16", file(TABLE.encode("utf-16")[:-1]), ("data.csv", "UTF-16", "save the file as UTF-8")),
    Broken("unknown delimiter", file(TABLE), ("--set delimiter=", "tab"), {"delimiter": "comma-ish"}, UsageError),
    Broken("unknown format", file(TABLE), ("tabel", '"table"'), {"format": "tabel"}, UsageError),
    Broken("gzip", file(gzip.compress(TABLE.encode()), "data.csv.gz"), ("data.csv.gz", "gzip", "unpack it")),
    Broken("a picture", file(b"\x89PNG\r\n\x1a\n\0\0\0", "cat.png"), ("cat.png", "PNG image", "folder of texts")),
    Broken("a zip file", file(b"PK\x03\x04\x14\0\0\0", "data.xlsx"), ("data.xlsx", "zip", "as CSV")),
    Broken(
        "no such file",
        lambda folder: file(TABLE, "names.csv")(folder).with_name("name.csv"),
        ("name.csv", "no such", "names.csv"),
        error=UsageError,
    ),
    Broken(
        "no such folder",
        lambda folder: folder / "there" / "a.csv",
        ("a.csv", "does not exist either"),
        error=UsageError,
    ),
    Broken(
        "neither file nor folder", lambda folder: "/dev/null", ("/dev/null", "neither", "give a file"), error=UsageError
    ),
    Broken(
        "path too long", lambda folder: folder / ("x" * 256), ("cannot be opened", "check the path"), error=UsageError
    ),
    Broken("empty folder", files(), ("data/", "nothing that can be read", "one .txt file a class")),
    Broken(
        "folder of pictures",
        files(a_dot_png=b"\x89PNG\0", b_dot_png=b"\x89PNG\0"),
        ("data/", "a.png", "name one of its files"),
    ),
    Broken(
        "class without a line",
        files(pos_dot_txt="a\nb\n", neg_dot_txt="\n\n"),
        ("data/neg.txt", "no sample", "remove the file"),
    ),
    Broken(
        "class folder without a file",
        files(pos__1_dot_txt="a", neg__x__2_dot_txt="b"),
        ("data/neg/", "no file", "remove it"),
    ),
    Broken(
        "picture among texts", files(pos__1_dot_txt="a", neg__2_dot_png=b"\x89PNG\0"), ("data/neg/2.png", "PNG", "give")
    ),
    Broken(
        "NUL in a class file",
        files(pos_dot_txt="a\nb\n", neg_dot_txt="c\nd\0\n"),
        ("data/neg.txt row 2", "NUL", "remove"),
    ),
    Broken(
        "two valid splits",
        files(train_dot_csv=TABLE, val_dot_csv=TABLE, dev_dot_csv=TABLE),
        ("data/", "dev.csv and val.csv", "remove one"),
    ),
    Broken(
        "splits of other columns",
        files(train_dot_csv=TABLE, test_dot_csv=TABLE.replace("label", "lable")),
        ("test.csv", '"label"', 'rename "lable"'),
    ),
    Broken(
        "JSON line broken",
        file(JSON.replace('"a b 6"', '"a b 6'), "data.jsonl"),
        ("data.jsonl row 7", "not JSON", "one object a line"),
    ),
    Broken(
        "JSON line no object", file(JSON + "[1, 2]\n", "data.jsonl"), ("data.jsonl row 41", "not an object", '{"text"')
    ),
    Broken(
        "JSON object in an object",
        file(JSON + '{"text": {"a": 1}, "label": "x"}\n', "data.jsonl"),
        ("data.jsonl row 41", '"text"', "flat"),
    ),
    Broken("JSON too deep", file(JSON + "[" * 100_000 + "\n", "data.jsonl"), ("data.jsonl row 41", "JSON", "")),
    Broken(
        "JSON half a character",
        file(JSON + '{"text": "\\ud800", "label": "x"}\n', "data.jsonl"),
        ("data.jsonl row 41", "half a character", "write"),
    ),
    Broken(
        "JSON list broken",
        file("[" + JSON.strip().replace("\n", ",\n") + ",", "data.json"),
        ("data.json row 40", "not JSON", "brackets"),
    ),
    Broken("JSON of nothing", file("[]", "data.json"), ("data.json", "no object", "JSON object")),
    Broken(
        "unknown output",
        file(TABLE),
        ("data.csv", '"lable"', 'did you mean "label"'),
        {"output": ("lable",)},
        UsageError,
    ),
    Broken("unknown input", file(TABLE), ("data.csv", '"txt"', 'did you mean "text"'), {"input": ("txt",)}, UsageError),
    Broken(
        "output is input",
        file(TABLE),
        ('"label" is both --input and --output', "name another column"),
        {"input": ("label",), "output": ("label",)},
        UsageError,
    ),
    Broken("unknown kind", file(TABLE), ('"token"', '"tokens"'), {"kinds": ("text=token",)}, UsageError),
    Broken("kind of no column", file(TABLE), ("text:tokens", "column=kind"), {"kinds": ("text:tokens",)}, UsageError),
    Broken(
        "a word among numbers",
        file(row(8, "n/a,7.5", NUMBERS)),
        ('data.csv row 8, column "size"', '"n/a" is not a number', "--set missing=n/a"),
    ),
    Broken(
        "decimal comma", file(row(8, '"6,5",7.5', NUMBERS)), ('data.csv row 8, column "size"', '"6,5"', "decimal point")
    ),
    Broken("infinity", file(row(8, "6,inf", NUMBERS)), ('data.csv row 8, column "price"', '"inf"', "finite", "row")),
    Broken(
        "number missing", file(row(8, ",7.5", NUMBERS)), ('data.csv row 8, column "size"', "missing", "--set missing")
    ),
    Broken(
        "number beyond floats", file(row(8, "1e999,7.5", NUMBERS)), ('data.csv row 8, column "size"', "finite", "row")
    ),
    Broken(
        "output nowhere filled",
        file("text,label\na,\nb,\nc,\n"),
        ('data.csv, column "label"', "no row has a value", "--output"),
        {"output": ("label",)},
    ),
    Broken("too few rows", file("text,label\na,x\nb,y\n"), ("split", "more rows"), error=UsageError),
    Broken(
        "unknown split word",
        file("text,label,part\n" + "".join(f"a{k},x,{'train' if k < 5 else 'tset'}\n" for k in range(9))),
        ('data.csv row 7, column "part"', '"tset"', "correct"),
        {"split": "part"},
    ),
    Broken(
        "split column without test",
        file("text,label,part\n" + "".join(f"a{k},x,train\n" for k in range(9))),
        ('data.csv, column "part"', "only train", "test"),
        {"split": "part"},
    ),
    Broken("unknown split column", file(TABLE), ('"lable"', '"label"'), {"split": "lable"}, UsageError),
    Broken(
        "one group",
        file("text,label,who\n" + "".join(f"a{k},{'xy'[k % 2]},me\n" for k in range(40))),
        ("who", "group"),
        {"group": "who"},
        Exception,
    ),
    Broken("fraction above one", file(TABLE), ("--valid 1.5", "between 0 and 1"), {"valid": "1.5"}, UsageError),
    Broken(
        "nothing left to train",
        file(TABLE),
        ("0.5", "0.6", "nothing to train on"),
        {"valid": "0.5", "test": "0.6"},
        UsageError,
    ),
    Broken(
        "valid file not there",
        file(TABLE),
        ("--valid", "valid.csv", "neither a fraction"),
        {"valid": "valid.csv"},
        UsageError,
    ),
    Broken("nothing", lambda folder: [], ("the records", "none", "at least one")),
    Broken("no data at all", lambda folder: 7, ("int", "a data frame"), error=UsageError),
    Broken("records of two kinds", lambda folder: [{"text": "a"}, "b"], ("the records row 2", "not a dict", "give")),
    Broken(
        "columns of two lengths",
        lambda folder: {"a": [1, 2], "b": [1]},
        ('the columns, column "b"', "1 values", "one length"),
    ),
    Broken(
        "half a character in memory",
        lambda folder: [("a", "x"), ("\ud800", "y")],
        ('the records row 2, column "text"', "half a character", "decode"),
    ),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_a_mistake_names_its_place_and_the_mend(broken: Broken, tmp_path: Path) -> None:
    source = broken.write(tmp_path)
    with pytest.raises((DataError, UsageError)) as caught:
        everything(source, DataSettings(**broken.settings))
    message = str(caught.value)
    assert isinstance(caught.value, broken.error), message
    for part in broken.said:
        assert part in message, message
    assert len(message) < 200 + 2 * len(str(source)), "a message is a sentence"


def odd(write: Write, tmp_path: Path, **settings: Any) -> tuple[Splits, str]:
    """The splits, and all that is said aloud about reading."""
    splits = everything(write(tmp_path), DataSettings(**settings))
    return splits, " ".join(splits.train.notes)


def rows_of(splits: Splits) -> int:
    return len(splits.train) + len(splits.valid) + len(splits.test)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (TABLE.replace("\n", "\r\n").encode(), "UTF-8"),
        (TABLE.replace("\n", "\r").encode(), "UTF-8"),
        (TABLE.encode("utf-8-sig"), "UTF-8 with byte order mark"),
        (TABLE.encode("utf-16"), "UTF-16"),
        (TABLE.encode("utf-16-le"), "UTF-16 without mark"),
        (TABLE.encode("utf-16-be"), "UTF-16 without mark"),
        (TABLE.encode("utf-32"), "UTF-32"),
        (TABLE.rstrip("\n").encode(), "UTF-8"),
        (TABLE.replace("\n", "\n\n").encode(), "blank lines left out"),
        (TABLE.replace("\n", ",\n").encode(), "without name or content left out"),
        (TABLE.replace(",", ";").encode(), "semicolon-separated"),
        (TABLE.replace(",", " | ").encode(), "separated by |"),
        (TABLE.replace("good", "g\xf6\xf6d").encode("windows-1252"), "windows-1252"),
    ],
)
def test_odd_forms_of_one_table_are_the_same_table(content: bytes, said: str, tmp_path: Path) -> None:
    splits, notes = odd(file(content), tmp_path)
    assert said in notes
    assert rows_of(splits) == 40
    assert list(splits.train.columns) == ["text", "label"]
    assert {value.strip() for value in splits.train.columns["label"]} == {"pos", "neg"}


def test_rows_are_lines_whatever_ends_them(tmp_path: Path) -> None:
    for end in ("\n", "\r\n", "\r"):
        path = file(f'text,label{end}"a{end}b",x{end}{end}c,y{end}')(tmp_path)
        records = read(path, DataSettings())
        assert [records.where(i).row for i in range(2)] == [2, 5]
        assert records.columns["text"] == [f"a{end}b", "c"]


def test_a_line_of_ten_megabytes(tmp_path: Path) -> None:
    long = "word " * 2_000_000
    splits, _ = odd(file(TABLE + f"{long},pos\n"), tmp_path)
    assert rows_of(splits) == 41
    assert (
        max(len(text) for part in (splits.train, splits.valid, splits.test) for text in part.columns["text"])
        > 9_000_000
    )


def test_a_ten_megabyte_line_of_json(tmp_path: Path) -> None:
    path = file(JSON + json.dumps({"text": "x" * 10_000_000, "label": "x"}) + "\n", "data.jsonl")(tmp_path)
    assert len(read(path, DataSettings()).columns["text"][-1]) == 10_000_000


def test_quotation_marks_that_are_text(tmp_path: Path) -> None:
    """Tab-separated texts are often written without any quoting."""
    table = TABLE.replace(",", "\t").replace("good", '"good')
    splits, notes = odd(file(table, "data.tsv"), tmp_path)
    assert rows_of(splits) == 40 and "taken as text" in notes


def test_lines_of_prose_are_no_table(tmp_path: Path) -> None:
    path = file('Hello, world\n"So it is\nNo comma here\na, b, c\n', "lines.txt")(tmp_path)
    records = read(path, DataSettings())
    assert records.columns == {"1": ["Hello, world", '"So it is', "No comma here", "a, b, c"]}


def test_missing_keys_are_missing_values(tmp_path: Path) -> None:
    splits, notes = odd(file(JSON + '{"label": "x"}\n{"text": "left alone"}\n', "data.jsonl"), tmp_path)
    assert 'the key "text" is missing in 1 of 42 rows, first in row 41' in notes
    assert any("1 row has no value to learn" in note and "data.jsonl row 42" in note for note in splits.notes)
    assert rows_of(splits) == 41


def test_a_missing_number_becomes_the_mean_where_it_is_allowed(tmp_path: Path) -> None:
    table = row(8, "n/a,7.5", row(9, ",8.5", NUMBERS))
    splits, _ = odd(file(table), tmp_path, missing=("n/a",))
    fields = fit_fields(splits.train, {"size": "number"}, (), DataSettings(missing=("n/a",)))
    assert (
        fields["size"].encode("n/a", splits.train.where(0)) == fields["size"].encode("", splits.train.where(0)) == 0.0
    )


def test_a_folder_beside_nothing_is_opened(tmp_path: Path) -> None:
    lines = "".join(f"a{k}\n" for k in range(20))
    splits, notes = odd(files(deep__neg_dot_txt=lines, deep__pos_dot_txt=lines, README_dot_md="read me"), tmp_path)
    assert "deep/ inside it is taken" in notes and "left aside: README.md" in notes
    assert splits.train.where(0).file in ("deep/neg.txt", "deep/pos.txt")


def test_folders_that_hold_themselves_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "a").symlink_to(tmp_path / "a", target_is_directory=True)
    with pytest.raises((DataError, UsageError)):
        read(tmp_path / "a", DataSettings())


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file(TABLE)(tmp_path)

    def refused(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    for opener in ("open", "read_bytes"):
        monkeypatch.setattr(Path, opener, refused)
    with pytest.raises(DataError, match=r"data.csv: cannot be read \(permission denied\); check its permissions"):
        read(path, DataSettings())


SIGNS = [*"\"'[]{},;\t\n\r\0\\", "\\ud800", "\\u", "NaN", "-Infinity", "1e999", "null", "\u2028", "\ufeff", "1" * 5000]
SPOILERS = [sign.encode() for sign in SIGNS] + [b"\xff", b"\xfe", b"\xc3", b"\x81"]


def spoilt(content: bytes, chance: random.Random) -> bytes:
    """With something put in, something taken out, or the end cut off, a few times."""
    spoiling = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5])):
        at = chance.randrange(len(spoiling) + 1)
        until = chance.choice([at, at, at + 1, at + 40, len(spoiling) if chance.random() < 0.05 else at])
        spoiling[at:until] = chance.choice([*SPOILERS, b""])
    return bytes(spoiling)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.csv", TABLE),
        ("data.csv", NUMBERS),
        ("data.tsv", TABLE.replace(",", "\t")),
        ("data.jsonl", JSON),
        ("data.json", "[" + JSON.strip().replace("\n", ",\n") + "]"),
    ],
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_whatever_is_spoilt_is_read_or_refused(name: str, content: str, codec: str, tmp_path: Path) -> None:
    """Any other exception would be a traceback for the user."""
    chance = random.Random(name + content + codec)
    answers = set()
    for _ in range(60):
        path = file(spoilt(content.encode(codec), chance), name)(tmp_path)
        try:
            everything(path, DataSettings())
            answers.add("read")
        except ThroughtimeError as error:
            assert error.exit_code == 2
            assert name in str(error) or "rows" in str(error), error
            answers.add("refused")
    assert answers == {"read", "refused"}


@pytest.mark.parametrize("kind", list(fields))
@pytest.mark.parametrize("value", [{"a": 1}, object(), float("inf"), [object()], [[1]], b"bytes", 10**400, None, ""])
def test_a_strange_value_is_encoded_or_refused_with_its_place(kind: str, value: Any) -> None:
    usual: dict[str, list[Any]] = {
        "tokens": ["ab"],
        "category": ["x", "y"],
        "labels": [["x"], ["y"]],
        "number": [1, 2],
        "words": [["a", "dog"]],
        "sentences": ["A dog. It barks."],
        "tags": [["x", "y"]],
        "numbers": [[1, 2.5], [3]],
        "notes": [[[60, 64], []], [[62]]],
    }
    here = Place("data.csv", 7, "column")
    field = fields[kind].fit("column", usual[kind], lambda i: here, DataSettings(), output=True)
    try:
        field.collate([field.encode(value, here)])
    except DataError as error:
        step = "(, step 1)?" if field.stepwise and isinstance(value, (list, float, int)) else ""
        assert re.match(rf'data\.csv row 7, column "column"{step}: .*; ', str(error)), error
