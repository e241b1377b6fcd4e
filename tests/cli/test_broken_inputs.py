"""Broken and odd inputs: a good result, or exit code 2 with a message that names the place and the mend."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas  # type: ignore[import-untyped]
import pytest

import throughtime as tt
from throughtime.errors import ThroughtimeError
from throughtime.training.progress import Moment

TINY: dict[str, Any] = {"hidden_size": 4, "epochs": 1, "threads": 1, "baselines": ("majority",)}
WORDS = ("good", "bad", "film", "plot", "of", "no", "and", "dull")
TABLE = "text,label\n" + "".join(
    f"{WORDS[k % 8]} {WORDS[k // 8 % 8]} {WORDS[k * 3 % 7]} {k},{('pos', 'neg')[k % 3 == 0]}\n" for k in range(60)
)
NUMBERS = "text,price\n" + "".join(f"{WORDS[k % 8]} no {k} of it,{k * 0.37 + 1:.2f}\n" for k in range(60))


class StoppedError(Exception):
    """Somebody pulled the plug."""


class Stopping:
    """Stops training after its first epoch."""

    def update(self, moment: Moment) -> None: ...

    def epoch(self, row: Mapping[str, Any], epochs: int, metric: str, best: bool) -> None:
        raise StoppedError

    def note(self, sentence: str) -> None: ...

    def close(self) -> None: ...


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    """Files by their path in ``folder``; a path that ends in a slash is an empty folder."""
    for name, content in files.items():
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def in_folder(folder: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """Settings with ``DIR`` replaced by the folder's name."""
    return {
        name: value.replace("DIR", str(folder)) if isinstance(value, str) else value for name, value in settings.items()
    }


@dataclass(frozen=True)
class Case:
    """``files`` are written, ``data`` of them is given; ``words`` must stand in the message, none: it must work."""

    name: str
    files: dict[str, str | bytes]
    words: tuple[str, ...] = ()
    data: str = "data.csv"
    settings: dict[str, Any] = field(default_factory=dict)


def line(row: int, content: str | bytes, table: str = TABLE) -> bytes:
    """The table with one line replaced."""
    lines = table.encode().split(b"\n")
    lines[row - 1] = content if isinstance(content, bytes) else content.encode()
    return b"\n".join(lines)


def csv(content: str | bytes) -> dict[str, str | bytes]:
    return {"data.csv": content}


def csv_with_column(name: str, value: Callable[[int], str]) -> dict[str, str | bytes]:
    rows = TABLE.splitlines()
    return csv("\n".join([f"{rows[0]},{name}", *(f"{row},{value(k)}" for k, row in enumerate(rows[1:]))]) + "\n")


def classes(**texts: str | bytes) -> dict[str, str | bytes]:
    return {f"data/{name}.txt": text for name, text in texts.items()}


LINES = "".join(f"{word} {k}\n" for k, word in enumerate(WORDS * 5))
SPLITS: dict[str, str | bytes] = {
    f"data/{part}.csv": TABLE.replace(" of", f" {part}") for part in ("train", "valid", "test")
}

READ_AND_REFUSED = [
    Case("empty file", csv(""), ("data.csv", "empty", "at least one row")),
    Case("lone byte order mark", csv(b"\xef\xbb\xbf"), ("data.csv", "empty")),
    Case("lone UTF-16 mark", csv(b"\xff\xfe"), ("data.csv", "empty")),
    Case("header only", csv("text,label\n"), ("data.csv row 1", "no rows", "add rows")),
    Case("ragged row", csv(line(7, "alone")), ("data.csv row 7", "1 cell where row 1 has 2", "fill in")),
    Case("one cell too many", csv(line(9, "a, b, pos")), ("data.csv row 9", "3 cells", "quotes")),
    Case("unclosed quote", csv(line(12, '"never closed,pos')), ("data.csv row 12", "never closes", "close it")),
    Case("text behind a quote", csv(line(12, '"so" much,pos')), ("data.csv row 12", "quotation mark", '""')),
    Case("NUL byte", csv(line(3, b"a\0b,pos")), ("data.csv row 3", "NUL", "remove")),
    Case("no encoding at all", csv(line(4, b"caf\x81,pos")), ("data.csv row 4", "0x81", "--set encoding")),
    Case(
        "wrong encoding",
        csv(line(4, "café,pos".encode("latin-1"))),
        ("data.csv row 4", "0xe9", "not valid utf-8", "encoding"),
        settings={"encoding": "utf-8"},
    ),
    Case("unknown encoding", csv(TABLE), ('unknown encoding "utf9"', "try utf-8"), settings={"encoding": "utf9"}),
    Case("unknown delimiter", csv(TABLE), ("delimiter", "one character"), settings={"delimiter": "coma"}),
    Case("unknown format", csv(TABLE), ('unknown format "tabel"', "table"), settings={"format": "tabel"}),
    Case("duplicate columns", csv("text,label,text\na,x,b\nc,y,d\n"), ("row 1", 'both named "text"', "rename")),
    Case("missing column", csv(TABLE), ('unknown column "class"', "text"), settings={"output": "class"}),
    Case("misspelt column", csv(TABLE), ('"lable"', 'did you mean "label"'), settings={"output": "lable"}),
    Case("misspelt input", csv(TABLE), ('"txt"', 'did you mean "text"'), settings={"input": "txt"}),
    Case("one column", csv("a film\nb c\nc d\n"), ("--input",)),
    Case("one class", csv(TABLE.replace(",neg", ",pos")), ('"label"', 'one class, "pos"', "another class")),
    Case("no row has a label", csv("text,label\na b,\nc d,\n"), ('"label"', "no row has a value", "fill in")),
    Case("all texts empty", csv("text,label\n" + ",pos\n,neg\n" * 30), ('"text" is empty', "--input")),
    Case("too few rows", csv("text,label\na b,x\nb c,y\n"), ("no rows", "2 different rows are too few", "more rows")),
    Case(
        "texts taken for classes",
        csv("name,spelt\n" + "".join(f"n{i},it is {max(i, 1)}\n" for i in range(40))),
        ('"spelt" has 39 different values in 40 rows', "--task transduce", "--output"),
    ),
    Case(
        "every value another one",
        csv("name,spelt\n" + "".join(f"n{i},it is {i}\n" for i in range(40))),
        ("all 40 values differ", "--task transduce", "--output"),
    ),
    Case("all rows equal", csv("text,label\n" + "a b,x\na c,y\n" * 40), ("2 different rows are too few",)),
    Case("fraction above 1", csv(TABLE), ("--valid 1.5", "between 0 and 1"), settings={"valid": "1.5"}),
    Case(
        "no such file to validate on",
        csv(TABLE),
        ("--valid nowhere.csv", "nor a file"),
        settings={"valid": "nowhere.csv"},
    ),
    Case("nothing left to train on", csv(TABLE), ("nothing to train on",), settings={"valid": "0.6", "test": "0.4"}),
    Case(
        "labels unseen in training",
        {**csv(TABLE), "test.csv": "text,label\na film,pos\na plot,poss\n"},
        ("test.csv row 3", 'column "label"', '"poss" was not seen in training', 'is it "pos"?'),
        settings={"test": "DIR/test.csv"},
    ),
    Case(
        "test file of other columns",
        {**csv(TABLE), "test.csv": "review,label\na film,pos\n"},
        ("test.csv", '"text" of data.csv is missing', "add it"),
        settings={"test": "DIR/test.csv"},
    ),
    Case(
        "test file without rows",
        {**csv(TABLE), "test.csv": "text,label\n"},
        ("test.csv row 1", "no rows"),
        settings={"test": "DIR/test.csv"},
    ),
    Case(
        "one group",
        csv_with_column("who", lambda k: "me"),
        ('"who"', "too few or too large", "--group"),
        settings={"group": "who"},
    ),
    Case(
        "a word that is no split",
        csv_with_column("part", lambda k: "trian" if k == 9 else "train"),
        ("data.csv row 11", 'column "part"', '"trian" is not train, valid or test'),
        settings={"split": "part"},
    ),
    Case(
        "text in a column of numbers",
        csv(line(20, "a film,n/a", NUMBERS)),
        ("data.csv row 20", '"n/a" is not a number', "missing=n/a"),
    ),
    Case(
        "infinity", csv(line(20, "a film,inf", NUMBERS)), ("data.csv row 20", 'column "price"', "not a finite number")
    ),
    Case(
        "not a number",
        csv(line(20, "a film,nan", NUMBERS)),
        ("data.csv row 20", '"nan" is not a number', "fix the row"),
    ),
    Case("decimal commas", csv(line(20, 'a film,"3,5"', NUMBERS)), ("data.csv row 20", '"3,5"', "decimal point")),
    Case(
        "a text to learn",
        csv(TABLE),
        ('"text"', "all 60 values differ", "--output"),
        settings={"output": "text", "input": "label"},
    ),
    Case(
        "regression on classes", csv(TABLE), ("regress learns number", "--task classify"), settings={"task": "regress"}
    ),
    Case(
        "classes of numbers",
        csv(NUMBERS),
        ("classify learns category", "--task regress"),
        settings={"task": "classify"},
    ),
    Case("unknown task", csv(TABLE), ('unknown task "clasify"', '"classify"'), settings={"task": "clasify"}),
    Case("unknown kind", csv(TABLE), ('unknown kind of column "token"', '"tokens"'), settings={"kinds": "text=token"}),
    Case("misspelt setting", csv(TABLE), ('"max_lenght"', 'did you mean "max_length"'), settings={"max_lenght": 3}),
    Case("length of nothing", csv(TABLE), ("--max-length 0", "at least 1"), settings={"max_length": 0}),
    Case("gzip", csv(b"\x1f\x8b\x08\0\0\0\0\0"), ("data.csv", "gzip", "unpack")),
    Case(
        "spreadsheet", {"data.xlsx": b"PK\x03\x04\0\0"}, ("data.xlsx", "zip", "save a spreadsheet as CSV"), "data.xlsx"
    ),
    Case("picture", {"data.png": b"\x89PNG\r\n\x1a\n\0"}, ("data.png", "PNG image", "give a table"), "data.png"),
    Case("random bytes", csv(bytes(range(256)) * 9), ("data.csv", "row")),
    Case("no such file", csv(TABLE), ("no such file or folder", "did you mean", "data.csv"), "dta.csv"),
    Case("no such folder", csv(TABLE), ("does not exist either",), "no/where/data.csv"),
    Case(
        "a line that is no JSON",
        {"data.jsonl": '{"text": "a"}\n{"text"\n'},
        ("data.jsonl row 2", "not JSON"),
        "data.jsonl",
    ),
    Case(
        "a line that is no object",
        {"data.jsonl": '{"text": "a"}\n3\n'},
        ("row 2", '"3" is not an object'),
        "data.jsonl",
    ),
    Case("an object in an object", {"data.jsonl": '{"a": {"b": 1}}\n'}, ("row 1", 'column "a"', "flat"), "data.jsonl"),
    Case("folder without files", {"data/": ""}, ("data/", "nothing that can be read", "one .txt file a class"), "data"),
    Case("folder of pictures", {"data/a.png": "x", "data/b.png": "y"}, ("nothing that can be read", "a.png"), "data"),
    Case("class without a line", classes(a=LINES, b="\n"), ("data/b.txt", "no sample"), "data"),
    Case("class without a file", {"data/a/1": "x", "data/b/": "", "data/c/1": "y"}, ("data/b/", "no file"), "data"),
    Case("one class file", classes(a=LINES), ('one class, "a"',), "data"),
    Case("NUL in a class file", classes(a=LINES, b="fine\nfi\0ne\n"), ("data/b.txt row 2", "NUL"), "data"),
    Case("picture among classes", classes(a=LINES, b=b"\x89PNG\0"), ("data/b.txt", "PNG"), "data"),
    Case(
        "two splits of one name", {**SPLITS, "data/dev.csv": TABLE}, ("both hold the valid split", "remove one"), "data"
    ),
    Case(
        "splits of other columns",
        {**SPLITS, "data/test.csv": TABLE.replace("label", "y")},
        ("test.csv", '"label"'),
        "data",
    ),
    Case("given splits and a fraction", SPLITS, ("--test 0.3", "data/", "leave one out"), "data", {"test": "0.3"}),
]

READ_AND_FINE = [
    Case("CRLF", csv(TABLE.replace("\n", "\r\n"))),
    Case("CR alone", csv(TABLE.replace("\n", "\r"))),
    Case("windows-1252", csv(line(4, "café “plot”,pos".encode("windows-1252")))),
    Case("UTF-16", csv(TABLE.encode("utf-16"))),
    Case("a line of 10 MB", csv(line(8, "word " * 2_000_000 + ",pos"))),
    Case("no line end at the end", csv(TABLE.rstrip("\n"))),
    Case("blank lines", csv(TABLE.replace("\n", "\n\n"))),
    Case("delimiter at the end of each row", csv(TABLE.replace("\n", ",\n"))),
    Case("a cell of several lines", csv(line(8, '"one\ntwo, ""three""",pos'))),
    Case("no header", csv(TABLE.split("\n", 1)[1])),
    Case("a row with an empty label", csv(line(8, "a film,"))),
    Case("an empty text", csv(line(8, ",pos"))),
    Case("a class of one row", csv(line(8, "a film,unsure"))),
    Case("an empty column", csv_with_column("note", lambda k: "")),
    Case("missing numbers, allowed", csv(line(20, "a film,n/a", NUMBERS)), settings={"missing": "n/a"}),
    Case("a table under another name", {"data": TABLE}, data="data"),
    Case("a table alone in a folder", {"data/x/y.csv": TABLE}, data="data"),
    Case("texts of signs and emoji", csv(TABLE.replace("film", "\u200d😀\u0301 ́"))),
]


@pytest.mark.parametrize("case", READ_AND_REFUSED, ids=lambda case: case.name)
def test_material_that_cannot_be_used_is_refused_with_its_place(case: Case, tmp_path: Path) -> None:
    write(tmp_path, case.files)
    with pytest.raises(ThroughtimeError) as caught:
        tt.check(tmp_path / case.data, **in_folder(tmp_path, case.settings))
    assert caught.value.exit_code == 2
    assert all(word in str(caught.value) for word in case.words), caught.value
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize("case", READ_AND_FINE, ids=lambda case: case.name)
def test_odd_material_is_read_all_the_same(case: Case, tmp_path: Path) -> None:
    write(tmp_path, case.files)
    found = tt.check(tmp_path / case.data, **in_folder(tmp_path, case.settings))
    assert sum(found.figures["rows"].values()) >= 59
    assert len(str(found).splitlines()) < 20 and "Error" not in str(found)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_nobody_may_read(tmp_path: Path) -> None:
    write(tmp_path, csv(TABLE))
    (tmp_path / "data.csv").chmod(0)
    with pytest.raises(ThroughtimeError, match="data.csv: cannot be read .permission denied.; check its permissions"):
        tt.check(tmp_path / "data.csv")


TRAINED_AND_REFUSED = [
    ({"hidden_size": -3}, ("--hidden-size -3", "at least 1")),
    ({"hidden_size": "four"}, ("--hidden-size four", "a whole number")),
    ({"cell": "ltsm"}, ('unknown cell "ltsm"', 'did you mean "lstm"')),
    ({"cell": "lstm:activation=foo"}, ("activation", "foo")),
    ({"cell": "lstm:activaton=relu"}, ("activaton", "activation")),
    ({"cell": "convlstm"}, ("convlstm",)),
    ({"engine": "torch", "cell": "lstm_peephole"}, ("engine torch", "lstm_peephole")),
    ({"engine": "torch", "zoneout": 0.1}, ("engine torch", "--engine auto or reference")),
    ({"engine": "jax"}, ("--engine jax", "auto | native | torch | reference")),
    ({"precision": "float16"}, ("--precision float16", "float32 | float64 | bf16")),
    ({"device": "gpu"}, ("--device gpu", "cpu or auto")),
    ({"threads": 0}, ("--threads 0", "at least 1")),
    ({"seeds": 0}, ("--seeds 0", "at least 1")),
    ({"seed": -1}, ("--seed -1", "at least 0")),
    ({"learning_rate": float("nan")}, ("--learning-rate nan",)),
    ({"learning_rate": "nan"}, ("--learning-rate nan",)),
    ({"learning_rate": "inf"}, ("--learning-rate inf",)),
    ({"learning_rate": 0}, ("--learning-rate 0", "above 0")),
    ({"dropout": 1.0}, ("--dropout 1.0", "below 1")),
    ({"epochs": 2.5}, ("--epochs 2.5", "whole number")),
    ({"baselines": "majorty"}, ('unknown baseline "majorty"', 'did you mean "majority"')),
    ({"metric": "acuracy"}, ('"acuracy"', 'did you mean "accuracy"')),
    ({"metric": "rmse"}, ('metric for category "rmse"', "accuracy")),
    ({"pooling": "lats"}, ("lats", "last")),
    ({"initialisation": "orthogonl"}, ("orthogonl", "orthogonal")),
    ({"embeddings": "nowhere.txt"}, ("embeddings=nowhere.txt", "nor a file that is there")),
    ({"embeddings": "DIR/data.csv"}, ("data.csv row 1", "numbers")),
    ({"frozen_embeddings": True}, ("frozen_embeddings", "embeddings=FILE")),
    ({"hiden_size": 3}, ('"hiden_size"', 'did you mean "hidden_size"')),
    ({"step_every": 3}, ("--set step_every goes with --set schedule=step",)),
    ({"config": "nowhere.toml"}, ("--config nowhere.toml", "TOML file")),
    ({"config": "DIR/data.csv"}, ("data.csv is not TOML", "line 1")),
    ({"config": "DIR/unknown.toml"}, ('"hiden_size"', 'did you mean "hidden_size"')),
    ({"config": "DIR/table.toml"}, ('unknown table "trainig"', 'did you mean "training"')),
    ({"use": ("DIR/syntax.py",)}, ("syntax.py row 2", "SyntaxError", "mend the file")),
    ({"use": ("DIR/fails.py",)}, ("fails.py row 2", "ZeroDivisionError")),
    ({"use": ("DIR/none.py",)}, ("none.py", "no such file")),
    ({"use": ("DIR/data.csv",)}, ("data.csv", "ends in .py")),
    ({"run": "DIR/full"}, ("full is not empty", "--resume")),
    ({"run": "DIR/full", "resume": True}, ("full is not a run folder", "letter.txt")),
    ({"run": "DIR/data.csv"}, ("data.csv is a file", "folder")),
    ({"run": "DIR/data.csv/inside"}, ("cannot be made", "another --run")),
    ({"run": None}, ("--run DIR",)),
]
BESIDE: dict[str, str | bytes] = {
    "data.csv": TABLE,
    "full/letter.txt": "keep me",
    "unknown.toml": "[network]\nhiden_size = 3\n",
    "table.toml": "[trainig]\nepochs = 3\n",
    "syntax.py": "a = 1\ndef broken(:\n",
    "fails.py": "a = 1\nb = a / 0\n",
}


@pytest.mark.parametrize(("settings", "words"), TRAINED_AND_REFUSED, ids=lambda value: "")
def test_what_cannot_be_trained_is_refused_and_leaves_nothing_behind(
    settings: dict[str, Any], words: tuple[str, ...], tmp_path: Path
) -> None:
    write(tmp_path, BESIDE)
    options = {"run": tmp_path / "run", **TINY, **in_folder(tmp_path, settings)}
    if "use" in settings:
        options["use"] = tuple(path.replace("DIR", str(tmp_path)) for path in settings["use"])
    with pytest.raises(ThroughtimeError) as caught:
        tt.train(str(tmp_path / "data.csv"), **options)
    assert caught.value.exit_code == 2
    assert all(word in str(caught.value) for word in words), caught.value
    assert not (tmp_path / "run").exists() or not list((tmp_path / "run").iterdir()), "the folder can be used again"
    assert (tmp_path / "full" / "letter.txt").read_text() == "keep me"


@pytest.mark.parametrize(
    "name", ["UTF-16", "a row with an empty label", "an empty text", "a class of one row", "an empty column"]
)
def test_odd_material_trains_to_the_end(name: str, tmp_path: Path) -> None:
    case = next(case for case in READ_AND_FINE if case.name == name)
    write(tmp_path, case.files)
    trained = tt.train(tmp_path / case.data, tmp_path / "run", **TINY)
    assert 0 <= trained.metrics["test"]["accuracy"] <= 1 and trained.verdict


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    write(folder, csv(TABLE))
    tt.train(folder / "data.csv", folder / "run", **TINY)
    return folder / "run"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([{"review": "a film", "stars": 3}], ('unknown column "text"', "review")),
        ([{"txt": "a", "other": "b"}], ('unknown column "text"', 'did you mean "txt"')),
        ([], ("at least one record",)),
        ("nowhere.csv", ("nowhere.csv", "no such file")),
        ([{"text": {"a": 1}, "x": 2}], ("row 1", 'column "text"', "not a text")),
        (pandas.DataFrame({"text": [], "x": []}), ("no row",)),
        (17, ("int", "data frame")),
    ],
)
def test_what_cannot_be_predicted(data: Any, words: tuple[str, ...], finished: Path) -> None:
    with pytest.raises(ThroughtimeError) as caught:
        tt.load(finished).predict(data)
    assert caught.value.exit_code == 2 and all(word in str(caught.value) for word in words), caught.value


def test_odd_texts_are_answered(finished: Path) -> None:
    answers = tt.load(finished).predict(["", " ", "日本 \u0000 \U0001f600", "film " * 3000])
    assert [answer["predicted"] in ("pos", "neg") for answer in answers] == [True] * 4


def test_labels_a_run_has_not_seen_are_refused_in_evaluation(finished: Path) -> None:
    with pytest.raises(ThroughtimeError, match='row 2, column "label": label "maybe" was not seen in training'):
        tt.load(finished).evaluate([{"text": "a", "label": "pos"}, {"text": "b", "label": "maybe"}])
    with pytest.raises(ThroughtimeError, match='unknown column "label"'):
        tt.load(finished).evaluate([{"text": "a"}])


@pytest.mark.parametrize(
    "name", ["model.safetensors", "fields.json", "metrics.json", "cell.json", "config.toml", "checksums.json"]
)
@pytest.mark.parametrize("damage", ["cut", "changed", "removed"])
def test_a_damaged_run_is_named(name: str, damage: str, finished: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    for path in finished.iterdir():
        if path.is_file():
            write(run, {path.name: path.read_bytes()})
    content = (run / name).read_bytes()
    (run / name).unlink()
    if damage != "removed":
        (run / name).write_bytes(
            content[: len(content) // 2] if damage == "cut" else content[:-9] + b"#" + content[-8:]
        )
    with pytest.raises(ThroughtimeError) as caught:
        tt.load(run).predict(["a film"])
    assert caught.value.exit_code == 2
    assert name in str(caught.value) or (name, damage) == ("checksums.json", "removed") or damage == "changed", (
        caught.value
    )


def test_a_run_that_is_none_or_not_finished(tmp_path: Path) -> None:
    write(tmp_path, {"empty/": "", "begun/config.toml": "", "file": "x"})
    for name, words in (
        ("none", "there is no such run"),
        ("file", "there is no such run"),
        ("empty", "is not a run folder"),
        ("begun", "is not finished; go on with"),
    ):
        with pytest.raises(ThroughtimeError, match=words) as caught:
            tt.load(tmp_path / name)
        assert caught.value.exit_code == 2


def test_a_run_is_not_resumed_with_other_settings_or_other_rows(tmp_path: Path) -> None:
    write(tmp_path, {**csv(TABLE), "other.csv": TABLE.replace("film", "movie")})

    options = {**TINY, "epochs": 3, "checkpoint_seconds": 0}
    with pytest.raises(StoppedError):
        tt.train(tmp_path / "data.csv", tmp_path / "run", progress=Stopping(), **options)
    before = (tmp_path / "run" / "config.toml").read_bytes()
    for data, changes in (("data.csv", {"hidden_size": 5}), ("data.csv", {"dropout": 0.2}), ("other.csv", {})):
        with pytest.raises(ThroughtimeError) as caught:
            tt.train(tmp_path / data, tmp_path / "run", resume=True, **{**options, **changes})
        assert caught.value.exit_code == 2 and "resume" in str(caught.value), caught.value
        assert (tmp_path / "run" / "config.toml").read_bytes() == before
    assert tt.train(tmp_path / "data.csv", tmp_path / "run", resume=True, **options).metrics["test"]


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from throughtime.cli import main; main()", *words]
    return subprocess.run(program, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("train data.csv --run run --hidden-size -3", "--hidden-size -3: it must be a whole number of at least 1"),
        ("train data.csv --run run --hiden-size 3", "--hidden-size"),
        ("train data.csv --run run --set hiden_size=3", 'did you mean "hidden_size"'),
        ("check ragged.csv", "ragged.csv row 7: 1 cell where row 1 has 2"),
        ("predict nowhere data.csv", "nowhere: there is no such run"),
    ],
)
def test_the_command_line_says_it_in_one_line_and_without_a_traceback(words: str, said: str, tmp_path: Path) -> None:
    write(tmp_path, {**csv(TABLE), "ragged.csv": line(7, "alone")})
    done = command(tmp_path, *words.split())
    assert done.returncode == 2 and said in done.stderr, done.stderr
    assert "Traceback" not in done.stderr + done.stdout and not done.stdout
