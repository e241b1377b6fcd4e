"""Files side by side: a file for each split and column; what does not match is named with file, row and mend."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from throughtime.data.columns import propose
from throughtime.data.files import read
from throughtime.data.settings import DataSettings
from throughtime.data.splits import split
from throughtime.errors import DataError, ThroughtimeError, UsageError

GERMAN = "".join(f"Satz {k}, bitte.\n" for k in range(9))
ENGLISH = "".join(f"Sentence {k}, please.\n" for k in range(9))
PAIR = {"train.de": GERMAN, "train.en": ENGLISH, "val.de": "Ein Haus\n", "val.en": "A house\n"}


def folder(root: Path, files: dict[str, str | bytes]) -> Path:
    """A folder ``data`` with these files."""
    for name, content in files.items():
        path = root / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root / "data"


def test_lines_go_together_and_know_their_files(tmp_path: Path) -> None:
    tests = {"test_2016_flickr.de": "Ein Hund\r\nEine Katze", "test_2016_flickr.en": "A dog\nA cat\n"}
    records = read(folder(tmp_path, {**PAIR, **tests, "README": "pairs", "notes.txt": "x"}), DataSettings())
    assert list(records.columns) == ["de", "en"] and len(records) == 12
    assert records.columns["de"][-3:] == ["Ein Haus", "Ein Hund", "Eine Katze"]
    assert records.columns["en"][-3:] == ["A house", "A dog", "A cat"]
    assert records.split == ["train"] * 9 + ["valid"] + ["test"] * 2
    assert str(records.where(11, "en")) == "data/test_2016_flickr.en row 2"
    assert str(records.where(3, "de")) == str(records.where(3)) == "data/train.de row 4"
    assert str(records.select([11, 3]).where(0, "en")) == "data/test_2016_flickr.en row 2"
    said = " ".join(records.notes)
    assert "columns de, en" in said and "test from test_2016_flickr" in said and "README" in said and "notes" in said


def test_lines_that_are_blank_on_both_sides_are_left_out_and_rows_still_counted(tmp_path: Path) -> None:
    files = {"train.de": "a\n\nb\n", "train.en": "c\n \nd\n"}
    records = read(folder(tmp_path, dict(files)), DataSettings())
    assert records.columns == {"de": ["a", "b"], "en": ["c", "d"]} and records.split is None
    assert [records.where(i).row for i in range(2)] == [1, 3]
    assert any("1 lines that are blank" in note for note in records.notes)


def test_each_file_has_its_own_encoding(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"train.de": "Größe\n".encode("windows-1252"), "train.en": "size ü\n"}
    records = read(folder(tmp_path, files), DataSettings())
    assert records.columns == {"de": ["Größe"], "en": ["size ü"]}
    assert "windows-1252 in 1 file (first train.de)" in records.notes[0]


@pytest.mark.parametrize(
    ("settings", "direction"),
    [
        ({}, ("de", "en")),
        ({"input": ("en",)}, ("en", "de")),
        ({"output": ("de",)}, ("en", "de")),
        ({"output": ("en",)}, ("de", "en")),
        ({"input": ("en",), "output": ("de",)}, ("en", "de")),
    ],
)
def test_either_side_can_be_learnt(settings: dict[str, Any], direction: tuple[str, str], tmp_path: Path) -> None:
    chosen = DataSettings(**settings)
    proposal = propose(read(folder(tmp_path, dict(PAIR)), chosen), chosen)
    assert (*proposal.inputs, proposal.output) == direction
    assert proposal.kinds == {direction[0]: "tokens", direction[1]: "tokens"}
    assert "texts, as the material is laid out" in proposal.reason


def test_of_three_columns_two_are_chosen(tmp_path: Path) -> None:
    files = {**PAIR, "train.fr": GERMAN.replace("Satz", "Phrase"), "val.fr": "Une maison\n"}
    chosen = DataSettings(input=("fr",), output=("de",))
    proposal = propose(read(folder(tmp_path, dict(files)), chosen), chosen)
    assert (proposal.inputs, proposal.output) == (("fr",), "de")


def test_given_splits_are_kept_and_the_missing_one_is_drawn(tmp_path: Path) -> None:
    chosen = DataSettings(test="0.3")
    records = read(folder(tmp_path, dict(PAIR)), chosen)
    parts = split(records, chosen, ("de",), "en", stratify=False, given={})
    assert parts.valid.columns["en"] == ["A house"]
    assert len(parts.train) == 6 and len(parts.test) == 3
    assert all(str(parts.test.where(i, "en")).startswith("data/train.en row ") for i in range(3))


@dataclass(frozen=True)
class Broken:
    """``files`` are put over a sound pair (None: removed); ``said`` are parts of the message."""

    name: str
    files: dict[str, str | bytes | None]
    said: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    error: type[ThroughtimeError] = DataError


BROKEN = [
    Broken("a side is missing", {"val.en": None}, ("data/val.en: is missing beside val.de", "or remove val.de")),
    Broken(
        "a line too few",
        {"train.en": ENGLISH.replace("Sentence 8, please.\n", "")},
        ("data/train.en row 8", "data/train.de has 9 rows", "give every line its partner"),
    ),
    Broken("a line too many", {"train.en": ENGLISH + "More.\n"}, ("data/train.de row 9", "has 10 rows", "partner")),
    Broken(
        "a blank line on one side",
        {"train.de": GERMAN.replace("Satz 4, bitte.", " ")},
        ("data/train.de row 5", "blank", "data/train.en", "fill it in, or remove this row"),
    ),
    Broken("an empty side", {"train.en": ""}, ("data/train.en", "the file is empty", "one sentence a line")),
    Broken("a side of blanks", {"val.de": "\n \n"}, ("data/val.de", "the file is empty", "one sentence a line")),
    Broken(
        "two test sets",
        {f"test_{year}.{side}": "a\n" for year in (2016, 2017) for side in ("de", "en")},
        ("data/", "test_2016 and test_2017 both hold the test split", "keep one"),
    ),
    Broken(
        "no training files",
        {"train.de": None, "train.en": None, "test.de": "a\n", "test.en": "b\n"},
        ("data/", "no train split", "train.de"),
    ),
    Broken("a NUL byte", {"val.en": "A house\0\n"}, ("data/val.en row 1", "NUL byte", "remove it")),
    Broken("packed", {"val.en": b"\x1f\x8b\x08\0"}, ("data/val.en", "gzip-compressed", "unpack it")),
    Broken(
        "an encoding that does not fit",
        {"val.de": "Ein B\xe4r\n".encode("latin-1")},
        ("data/val.de row 1", "not valid utf-8", "--set encoding"),
        {"encoding": "utf-8"},
    ),
    Broken(
        "three columns",
        {"train.fr": GERMAN, "val.fr": "x\n"},
        ("data/", "de, en, fr", "--input and --output"),
        {"output": ("en",)},
        UsageError,
    ),
    Broken("an unknown column", {}, ("data/", '"d"', '"de"'), {"input": ("d",)}, UsageError),
    Broken(
        "one column twice",
        {},
        ("both --input and --output", "name another column"),
        {"input": ("de",), "output": ("de",)},
        UsageError,
    ),
    Broken("stress of sentences", {}, ("--set stress=no", "dictionary", "leave it out"), {"stress": "no"}, UsageError),
    Broken(
        "no two files side by side",
        {"train.en": None, "val.en": None},
        ("data/", "no two files side by side", "train.de and train.en"),
        {"format": "parallel"},
    ),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_a_mistake_names_its_place_and_the_mend(broken: Broken, tmp_path: Path) -> None:
    files = {name: content for name, content in {**PAIR, **broken.files}.items() if content is not None}
    settings = DataSettings(**broken.settings)
    with pytest.raises(broken.error) as caught:
        propose(read(folder(tmp_path, files), settings), settings)
    message = str(caught.value)
    for part in broken.said:
        assert part in message, message
    assert len(message) < 200, "a message is a sentence"


@pytest.mark.parametrize(
    "names",
    [
        ("train.csv", "test.csv"),  # splits, each a table
        ("train.csv", "train.json", "test.csv"),  # two ways of writing it, not two columns
        ("esp.train", "esp.testa"),  # splits behind the dot
        ("a.de", "b.en"),
        ("model.bin", "model.cfg"),
    ],
)
def test_what_is_not_side_by_side_is_not_taken_so(names: tuple[str, ...], tmp_path: Path) -> None:
    path = folder(tmp_path, dict.fromkeys(names, "text,label\na,x\nb,y\n"))
    try:
        records = read(path, DataSettings())
    except DataError as error:
        assert "side by side" not in str(error)
    else:
        assert not records.notes[0].startswith("data/: files side by side")


def test_two_files_that_differ_in_the_language_alone_are_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "new.de").write_text("Ein Hund.\n", encoding="utf-8")
    (tmp_path / "new.en").write_text("A dog.\n", encoding="utf-8")
    assert read(tmp_path, DataSettings()).columns == {"de": ["Ein Hund."], "en": ["A dog."]}
    (tmp_path / "other.py").write_text("print()\n", encoding="utf-8")
    with pytest.raises(DataError, match="nothing that can be read"):
        read(tmp_path, DataSettings())
