"""Broken material of texts that are written, by the command line: file, row, column and mend, and nothing is left."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import Said, call

WORDS = ("rot", "blau", "alt", "neu", "gut", "klein")
OTHERS = ("red", "blue", "old", "new", "good", "small")
GERMAN = [f"ein {WORDS[k % 6]}es Haus steht {WORDS[k // 6 % 6]} {k}" for k in range(40)]
ENGLISH = [f"a {OTHERS[k % 6]} house stands {OTHERS[k // 6 % 6]} {k}" for k in range(40)]
TINY = ("--hidden-size", 4, "--epochs", 1, "--threads", 1, "--quiet", "--set", "baselines=copy", "--set", "longest=40")
Files = dict[str, str | bytes]


def lines(texts: list[str], row: int = 0, text: str = "") -> str:
    """A line for each text, but for one row, from 1."""
    return "".join(f"{text if k == row else one}\n" for k, one in enumerate(texts, start=1))


def side_by_side(**changed: str | bytes | None) -> Files:
    """A folder of pairs, some of its files with other content, or not there (None)."""
    usual: dict[str, str | bytes | None] = {
        "train_de": lines(GERMAN),
        "train_en": lines(ENGLISH),
        "val_de": "ein Hund bellt laut\nein Tag\n",
        "val_en": "a dog barks loudly\na day\n",
        "test_de": "eine Katze\nein Weg\n",
        "test_en": "a cat\na way\n",
    }
    return {f"data/{name.replace('_', '.')}": text for name, text in {**usual, **changed}.items() if text is not None}


def table(row: int = 0, line: str = "") -> Files:
    """A table with one row, the heading being the first, replaced."""
    texts = [
        "source\ttarget\tprice",
        *(f"{one}\t{other}\t{k}.5" for k, (one, other) in enumerate(zip(GERMAN, ENGLISH, strict=True))),
    ]
    return {"data.tsv": lines(texts, row, line)}


def dictionary(row: int = 0, line: str = "") -> Files:
    entries = [f"w{chr(97 + k % 26)}{chr(97 + k // 26)}  W {'AEIOU'[k % 5]}H{k % 2} T" for k in range(40)]
    return {"words.dict": lines(entries, row, line)}


@dataclass(frozen=True)
class Broken:
    """``words`` must stand in the message; ``options`` are given with ``data``."""

    name: str
    files: Files
    words: tuple[str, ...]
    options: str = ""
    data: str = "data"
    more: tuple[Any, ...] = field(default=())


TO_EN = "--input de --output en"
WRITE = "--task transduce --input source --output target"
REFUSED = [
    Broken(
        "one side is shorter",
        side_by_side(train_en=lines(ENGLISH[:-3])),
        ("data/train.en row 37", "train.de has 40", "partner"),
        TO_EN,
    ),
    Broken("one side is empty", side_by_side(train_en=""), ("data/train.en", "empty", "one sentence a line"), TO_EN),
    Broken(
        "a line is empty on one side",
        side_by_side(train_de=lines(GERMAN, 7)),
        ("data/train.de row 7", "blank", "fill it in"),
        TO_EN,
    ),
    Broken(
        "a pair that does not belong together",
        side_by_side(train_en=lines(ENGLISH, 9, "word " * 1000)),
        ("data/train.en row 9", "1,000 tokens", "ends after 40", "both sides belong together", "--set longest=1001"),
        TO_EN,
    ),
    Broken(
        "the valid side is missing",
        side_by_side(val_en=None),
        ("data/val.en", "missing beside val.de", "add it"),
        TO_EN,
    ),
    Broken(
        "no train split", side_by_side(train_de=None, train_en=None), ("data/", "no train split", "train.de"), TO_EN
    ),
    Broken("a language that is not there", side_by_side(), ('unknown column "fr"', "de, en"), "--input de --output fr"),
    Broken(
        "both are one",
        side_by_side(),
        ('"en" is both --input and --output', "another column"),
        "--input en --output en",
    ),
    Broken(
        "not UTF-8",
        side_by_side(train_de=lines(GERMAN).encode() + b"ein \x81\n", train_en=lines([*ENGLISH, "a"])),
        ("data/train.de row 41", "0x81", "encoding"),
        TO_EN,
    ),
    Broken("a NUL", side_by_side(train_de=lines(GERMAN, 3, "ein\0")), ("data/train.de row 3", "NUL", "remove"), TO_EN),
    Broken(
        "no symbols",
        dictionary(12, "word"),
        ("words.dict row 12", '"word" has no symbols', "remove the line"),
        data="words.dict",
    ),
    Broken(
        "no word",
        dictionary(9, "(2) W AH0 T"),
        ("words.dict row 9", "no word stands before", "write the word"),
        data="words.dict",
    ),
    Broken(
        "a dictionary of nothing",
        {"words.dict": "# nothing\n"},
        ("words.dict", "no entry", "one entry a line"),
        data="words.dict",
    ),
    Broken(
        "an empty cell to read",
        table(6, f"\t{ENGLISH[0]}\t1.5"),
        ("data.tsv row 6", 'column "source"', "empty"),
        WRITE,
        "data.tsv",
    ),
    Broken(
        "numbers to write",
        table(),
        ('"price" holds numbers', "--task regress", "--set kinds=price=tokens"),
        "--task transduce --input source --output price",
        "data.tsv",
    ),
    Broken(
        "one text for all rows",
        {"data.tsv": lines(["source\ttarget", *(f"{one}\tthe same" for one in GERMAN)])},
        ('column "target"', "every row has the same text", '"the same"', "another text"),
        WRITE,
        "data.tsv",
    ),
    Broken(
        "all texts empty",
        {"data.tsv": lines(["source\ttarget", *(f"{one}\t" for one in GERMAN)])},
        ('column "target"', "no row has a value to learn", "fill in the column"),
        WRITE,
        "data.tsv",
    ),
    Broken(
        "another task's output",
        table(),
        ("task classify learns category", "--task transduce"),
        "--task classify --input source --output target --set kinds=target=tokens",
        "data.tsv",
    ),
]
OPTIONS = [
    ("beam=0", ("--set beam=0", "at least 1")),
    ("n_best=9", ("n_best=9", "only 5 hypotheses", "larger beam")),
    ("attention=foo", ('unknown attention "foo"', "general")),
    ("attention=generl", ('did you mean "general"',)),
    ("attention=dot", ("attention=dot", "4 units", "8 features")),
    ("copying=yes", ("copying=yes", "no token of the inputs", "shared_vocabulary=yes")),
    ("subwords=100", ("--set subwords=100", "at least 257")),
    ("subwords=300", ("subwords=300", "not cut into subwords", "tokens=subwords")),
    ("longest=0", ("--set longest=0", "at least 1")),
    ("length_penalty=-1", ("--set length_penalty=-1", "at least 0")),
    ("label_smoothing=1", ("--set label_smoothing=1", "below 1")),
    ("scheduled_sampling=1", ("--set scheduled_sampling=1", "below 1")),
    ("bridge=lienar", ("--set bridge=lienar", "linear | none")),
    ("beem=3", ('"beem"', 'did you mean "beam"')),
    ("metric=blue", ('"blue"', 'did you mean "bleu"')),
    ("metric=perplexity", ("perplexity", "needs probabilities", "another metric")),
]


def write(folder: Path, files: Files) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def assert_refused(said: Said, words: tuple[str, ...], run: Path | None = None) -> None:
    """Exit code 2, one sentence, no traceback, and nothing that would stand in the way of a second trial."""
    assert said.code == 2, (said.code, said.err)
    err = re.sub(r"\s+", " ", said.err)
    assert all(word in err for word in words), said.err
    assert "Traceback" not in said.err and not said.out
    assert run is None or not run.exists() or not list(run.iterdir())


@pytest.mark.parametrize("broken", REFUSED, ids=lambda broken: broken.name)
def test_broken_pairs_are_refused_with_their_place(broken: Broken, tmp_path: Path) -> None:
    write(tmp_path, broken.files)
    run = tmp_path / "run"
    assert_refused(
        call("train", tmp_path / broken.data, "--run", run, *TINY, *broken.options.split()), broken.words, run
    )


@pytest.mark.parametrize(("option", "words"), OPTIONS)
def test_options_that_cannot_be_are_refused(option: str, words: tuple[str, ...], tmp_path: Path) -> None:
    texts = [text.replace("a", "o").upper() for text in ENGLISH]
    write(tmp_path, side_by_side(train_en=lines([re.sub(r"\d+", "X", text) for text in texts])))
    run = tmp_path / "run"
    said = call("train", tmp_path / "data", "--run", run, *TINY[:-2], *TO_EN.split(), "--set", option)
    assert_refused(said, words, run)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    write(folder, side_by_side())
    said = call("train", folder / "data", "--run", folder / "run", *TINY, *TO_EN.split())
    assert said.code == 0, said.err
    return folder / "run"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--text", "ein Haus", "--prefix", "zebra"), 'never seen "zebra"'),
        (("--text", "ein Haus", "--beam", 0), "beam 0: it must be at least 1"),
        (("--text", "ein Haus", "--beam", 2, "--n-best", 3), "only 2 hypotheses"),
        (("--text", "ein Haus", "--seed", 3), "nothing is drawn"),
        (("--text", "ein Haus", "--top-p", 3), "above 0 and at most 1"),
        (("--text", "ein Haus", "--longest", 0), "at least 1"),
        ((), "give either a FILE or --text TEXT"),
        (("nowhere.de",), "nowhere.de: there is no such file"),
    ],
)
def test_what_cannot_be_predicted_is_refused(words: tuple[Any, ...], said: str, finished: Path) -> None:
    assert_refused(call("predict", finished, *words), (said,))


def test_a_file_without_the_columns_is_refused(finished: Path, tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text('{"german": "ein Haus", "english": "a house"}\n')
    assert_refused(call("predict", finished, file), ('unknown column "de"', "german"))
    file.write_text('{"de": "ein Haus", "fr": "une maison"}\n')
    assert_refused(call("evaluate", finished, file), ('unknown column "en"',))
    file.write_text('{"de": "ein Haus", "en": "a house"}\n{"de": "ein Hund", "en": ""}\n')
    assert_refused(call("evaluate", finished, file), ("data.jsonl row 2", 'column "en"', "empty"))
    file.write_text('{"de": "ein Haus"}\n{"de": {"a": 1}}\n')
    assert_refused(call("predict", finished, file), ("data.jsonl row 2", 'column "de"'))
    assert_refused(call("generate", finished), ("transduce", "predict"))


def test_odd_texts_are_answered(finished: Path) -> None:
    texts = ["日本 \U0001f600", "Haus " * 3000, "ein\u0000"]
    said = call("predict", finished, "--json", *(word for text in texts for word in ("--text", text)))
    assert said.code == 0, said.err
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert len(rows) == 3 and all(row["log_probability"] <= 0 for row in rows)


def test_a_row_without_a_text_to_write_is_left_out_and_said(tmp_path: Path) -> None:
    write(tmp_path, table(6, f"{GERMAN[0]}\t\t1.5"))
    said = call("check", tmp_path / "data.tsv", *WRITE.split())
    left = '1 row has no value to learn and is left out: data.tsv row 6, column "target"'
    assert said.code == 0 and left in said.out, (said.out, said.err)
