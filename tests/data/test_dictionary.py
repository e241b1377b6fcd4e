"""Dictionaries of pronunciations: read, recognised by what is in them, and split word by word."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from throughtime.data.columns import propose
from throughtime.data.dataset import Dataset
from throughtime.data.fields import fit_fields
from throughtime.data.files import read
from throughtime.data.settings import DataSettings
from throughtime.data.splits import NAMES, split
from throughtime.data.streams import is_running_text
from throughtime.errors import DataError, UsageError

ENTRIES = """\
;;; of a larger one
a AH0
a(2) EY1
aalborg AO1 L B AO0 R G # place, danish
abbey AE1 B IY0
# further down
bird B ER1 D
bread  B R EH1 D

cat K AE1 T
data D EY1 T AH0
data(2) D AE1 T AH0
dear D IH1 R
dog D AO1 G
read R EH1 D
read(2) R IY1 D
red R EH1 D
"""


def written(folder: Path, content: str, name: str = "words.txt") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def test_words_symbols_and_rows(tmp_path: Path) -> None:
    records = read(written(tmp_path, ENTRIES), DataSettings())
    assert records.columns["word"][:4] == ["a", "a", "aalborg", "abbey"]
    assert records.columns["pronunciation"][:3] == [["AH0"], ["EY1"], ["AO1", "L", "B", "AO0", "R", "G"]]
    assert [str(records.where(i)) for i in (0, 4)] == ["words.txt row 2", "words.txt row 7"]
    assert "14 pronunciations of 11 words, 17 different symbols" in records.notes[0]
    assert "--set stress=no" in records.notes[1]


def test_stress_can_be_left_out(tmp_path: Path) -> None:
    records = read(written(tmp_path, ENTRIES), DataSettings(stress="no"))
    assert records.columns["pronunciation"][2] == ["AO", "L", "B", "AO", "R", "G"]
    assert records.columns["word"][1] == "a"
    assert records.notes[1].endswith("stress digits removed from 18 symbols")


@pytest.mark.parametrize("seed", range(8))
def test_all_pronunciations_of_a_word_stay_in_one_split(seed: int, tmp_path: Path) -> None:
    settings = DataSettings(split_seed=seed, valid="0.2", test="0.2")
    records = read(written(tmp_path, ENTRIES), settings)
    parts = split(records, settings, ("word",), "pronunciation", stratify=False, given={})
    words = [set(getattr(parts, name).columns["word"]) for name in NAMES]
    assert sum(map(len, words)) == 11 and len(set.union(*words)) == 11
    assert any('rows of one "word" stay together: 11 groups' in note for note in parts.notes)


def test_too_few_words_are_said_to_be_so(tmp_path: Path) -> None:
    records = read(written(tmp_path, "read R EH1 D\nread(2) R IY1 D\n"), DataSettings(format="dictionary"))
    with pytest.raises(UsageError, match=r'the groups of "word" are too few .* or name another --group'):
        split(records, DataSettings(), ("word",), "pronunciation", stratify=False, given={})


def test_another_group_can_be_named(tmp_path: Path) -> None:
    settings = DataSettings(group="pronunciation", valid="0.2", test="0.2")
    records = read(written(tmp_path, ENTRIES), settings)
    parts = split(records, settings, ("word",), "pronunciation", stratify=False, given={})
    assert any('rows of one "pronunciation" stay together: 13 groups' in note for note in parts.notes)


def test_spelling_is_read_by_letters_and_symbols_are_written_between_blanks(tmp_path: Path) -> None:
    settings = DataSettings()
    records = read(written(tmp_path, ENTRIES), settings)
    proposal = propose(records, settings)
    assert (proposal.inputs, proposal.output) == (("word",), "pronunciation")
    fields: Any = fit_fields(records, proposal.kinds, {proposal.output}, settings)
    assert fields["word"].unit == "characters" and not fields["pronunciation"].lower
    data = Dataset(records, fields)
    decoded = [fields["pronunciation"].decode(ids) for ids in data.columns["pronunciation"]]
    assert decoded == [" ".join(symbols) for symbols in records.columns["pronunciation"]]


@pytest.mark.parametrize("tokens", ["characters", "bytes"])
def test_what_is_said_of_texts_is_said_of_the_words(tokens: Any, tmp_path: Path) -> None:
    settings = DataSettings(tokens=tokens)
    records = read(written(tmp_path, ENTRIES), settings)
    fields: Any = fit_fields(records, {"word": "tokens", "pronunciation": "tokens"}, {"pronunciation"}, settings)
    assert (fields["word"].unit, fields["pronunciation"].unit) == (tokens, "spaces")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("no symbols", ENTRIES.replace("cat K AE1 T", "cat"), ("words.txt row 10", '"cat" has no symbols', "remove")),
        ("a comment for symbols", ENTRIES.replace("K AE1 T", "# ?"), ("words.txt row 10", '"cat" has no', "after it")),
        ("no word", ENTRIES.replace("read(2)", "(2)"), ("words.txt row 16", 'before "(2)"', "write the word")),
        ("comments only", "# a\n;;; b\n\n", ("words.txt", "no entry", "one entry a line")),
        ("nothing", "", ("words.txt", "no entry", "one entry a line")),
        ("a NUL byte", ENTRIES.replace("K AE1", "K\0AE1"), ("words.txt row 10", "NUL byte", "remove it")),
    ],
)
def test_a_mistake_names_its_row_and_the_mend(name: str, content: str, said: Sequence[str], tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(written(tmp_path, content), DataSettings(format="dictionary"))
    assert all(part in str(caught.value) for part in said), caught.value


def test_an_entry_without_symbols_is_found_in_a_file_that_is_named_a_dictionary(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'words\.dict row 2: "b" has no symbols'):
        read(written(tmp_path, "a AH0\nb\n", "words.dict"), DataSettings())


NOT_DICTIONARIES = {
    "prose": "the cat sat on a mat\nso it is\nno one saw the cat\nit sat\non it sat a mat\nthe end is near\n",
    "numbers": "a 1 2 3\nb 2 3 1\nc 3 3 2\nd 1 1 2\ne 2 2 2\nf 3 1 1\n",
    "a table": "word\tsound\n" + "".join(f"{word}\tK AE1 T\n" for word in ("cat", "bat", "rat", "mat", "sat")),
    "tags": "the DT\ncat NN\nsat VB\n\na DT\ndog NN\nran VB\n\nthe DT\nman NN\nran VB\n\n" * 3,
    "verse": "la la la la\nlo la lo la\nli lo li la\nlu lo lu la\nle la le lu\n",
    "long words": "".join(f"{name} paragraph sentence\n" for name in ("one", "two", "three", "four", "five", "six")),
}


@pytest.mark.parametrize("content", NOT_DICTIONARIES.values(), ids=NOT_DICTIONARIES)
def test_what_is_no_dictionary_is_not_taken_for_one(content: str, tmp_path: Path) -> None:
    records = read(written(tmp_path, content), DataSettings())
    assert "a dictionary" not in records.notes[0]


def test_a_dictionary_is_no_running_text(tmp_path: Path) -> None:
    assert not is_running_text(written(tmp_path, ENTRIES), DataSettings())


@pytest.mark.parametrize("source", ["text,label\na,x\nb,y\n", None])
def test_stress_is_refused_where_there_is_none(source: str | None, tmp_path: Path) -> None:
    data: Any = [{"text": "a", "label": "x"}] if source is None else written(tmp_path, source, "data.csv")
    with pytest.raises(UsageError, match=r"--set stress=no: it is for .*dictionary.* leave it out"):
        read(data, DataSettings(stress="no"))


def test_stress_is_handed_on_into_splits(tmp_path: Path) -> None:
    written(tmp_path, ENTRIES, "train.dict")
    written(tmp_path, "hat HH AE1 T\n", "test.dict")
    records = read(tmp_path, DataSettings(stress="no"))
    assert records.split == ["train"] * 14 + ["test"] and records.group == "word"
    assert records.columns["pronunciation"][-1] == ["HH", "AE", "T"]
    assert records.kinds == {"word": "tokens", "pronunciation": "tokens"}
