"""Music in JSON and from Python: pieces and splits, what is mended and said, what is refused and where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from throughtime.data.files import read
from throughtime.data.files.musical import holds_music, pieces_of
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError

FIRST, SECOND = [[60, 64], [62], [], [60]], [[48], [50]]


def written(folder: Path, value: Any, name: str = "music.json") -> Path:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def test_a_piece_is_a_row_of_what_sounds_and_what_follows(tmp_path: Path) -> None:
    found = read(written(tmp_path, {"train": [FIRST, SECOND], "valid": [SECOND], "test": [FIRST]}), DataSettings())
    assert found.columns["notes"] == [FIRST[:-1], SECOND[:-1], SECOND[:-1], FIRST[:-1]]
    assert found.columns["next"] == [FIRST[1:], SECOND[1:], SECOND[1:], FIRST[1:]]
    assert found.split == ["train", "train", "valid", "test"] and found.task == "language_model"
    assert found.notes == ("music.json: music, 4 pieces with 12 frames, UTF-8",)
    assert str(found.where(1)) == "music.json, train row 2"


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "value",
    [
        [FIRST, SECOND],
        {"train": [FIRST, SECOND]},
        {"dev": [SECOND], "train": [FIRST, SECOND], "testing": [FIRST]},
        [FIRST, [[], []]],
    ],
)
def test_music_is_recognised_however_it_is_laid_out(value: Any, indent: int | None, tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps(value, indent=indent), "a.json")
    assert holds_music(path, DataSettings())
    assert read(path, DataSettings()).columns["notes"][0] in (FIRST[:-1], SECOND[:-1])


OTHERS = ['[{"text": "a"}]', '{"text": [[1]]}', '["a", "b"]', "[1, 2]", '{"train": "a"}', "[[", '{"eval": [1], "y": 0}']


@pytest.mark.parametrize("text", OTHERS)
def test_other_json_is_no_music(text: str, tmp_path: Path) -> None:
    assert not holds_music(written(tmp_path, text), DataSettings())


def test_pieces_from_python() -> None:
    assert read([FIRST, SECOND, FIRST], DataSettings()).columns["notes"][1] == SECOND[:-1]
    found = read({"train": [[(60, 64), (62,)]], "valid": [SECOND], "test": [SECOND]}, DataSettings())
    assert found.columns["next"][0] == [[62]] and found.split == ["train", "valid", "test"]
    pairs = read([(["a", "b"], "x"), (["c"], "y")], DataSettings())
    assert list(pairs.columns) == ["text", "label"]


def test_what_is_mended_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, [[[60, 60, 9], [127, -1]], [[62.0], [20]]])
    found = read(path, DataSettings())
    assert found.columns["notes"] == [[[60]], [[62]]] and found.columns["next"] == [[[]], [[]]]
    said = " | ".join(found.notes)
    assert "3 notes outside 21 to 108, the keys of a piano, are left out, first in music.json row 1, step 1" in said
    assert "1 notes that stand twice in a frame are taken once" in said
    assert "1 times -1 is read as a voice that is silent, first in music.json row 1, step 2" in said


NESTED = "write a piece as a list of frames"
BROKEN: dict[str, tuple[Any, str]] = {
    "half a note": ([[[60], [60.5]]], 'music.json row 1, step 2: "60.5" is no whole number; write MIDI notes'),
    "a word": ([[[60], ["C4"]]], 'music.json row 1, step 2: "C4" is no whole number'),
    "a truth": ([[[60], [True]]], 'music.json row 1, step 2: "True" is no whole number'),
    "nothing": ([[[60], [None]]], 'music.json row 1, step 2: "None" is no whole number'),
    "no number": ("[[[60], [NaN]]]", 'music.json row 1, step 2: "nan" is no whole number'),
    "too high": ([SECOND, [[60], [128]]], "music.json row 2, step 2: 128 is no MIDI note, which goes from 0 to 127"),
    "too low": ([SECOND, [[-2], [1]]], "music.json row 2, step 1: -2 is no MIDI note"),
    "a note for a frame": (
        [SECOND, [[60], 62]],
        'music.json row 2, step 2: "62" is no frame, which is a list of notes',
    ),
    "too deep": ([SECOND, [[60], [[62]]]], f"music.json row 2, step 2: a list stands in the place of a note; {NESTED}"),
    "a number for a piece": ([SECOND, 60], f'music.json row 2: "60" is no list of frames; {NESTED}'),
    "one frame": ([SECOND, [[60]]], "music.json row 2: the piece has 1 frame, and needs two"),
    "no frame": ([SECOND, []], "music.json row 2: the piece has no frame, and needs two"),
    "silence": ([[[], []], [[20], [9]]], "music.json: no note from 21 to 108 sounds in any frame"),
    "an empty split": ({"train": [SECOND], "valid": []}, "music.json, valid: the valid split is empty; put a piece"),
    "no split to learn from": ({"test": [SECOND]}, "music.json: there is no train split; name the pieces"),
    "a split of another name": ({"train": [SECOND], "tset": [SECOND]}, '"tset" is the name of no split; is it "test"'),
    "two of a split": ({"train": [SECOND], "val": [SECOND], "dev": [SECOND]}, '"dev" is a second valid split'),
    "a split that is none": ({"train": [SECOND], "test": 3}, f'music.json, test: "3" is no list of pieces; {NESTED}'),
    "a place in a split": ({"train": [SECOND], "test": [SECOND, [[60], [1.5]]]}, "music.json, test row 2, step 2: "),
    "no JSON": ('{"train": [[[60], [62]]], "test": [[[60', "music.json row 1: this is not JSON"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_music_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    value, message = BROKEN[name]
    with pytest.raises(DataError) as refused:
        read(written(tmp_path, value), DataSettings())
    assert message in str(refused.value) and str(refused.value).startswith("music.json")


def test_prompts_may_be_short_and_flat(tmp_path: Path) -> None:
    assert pieces_of(written(tmp_path, [[60, 64]]), DataSettings())[0].frames == ((60, 64),)
    assert pieces_of(written(tmp_path, [[[60]]]), DataSettings())[0].frames == ((60,),)
    with pytest.raises(DataError, match="^a.txt: is no music; give a MIDI file, or JSON"):
        pieces_of(written(tmp_path, "la la", "a.txt"), DataSettings())
