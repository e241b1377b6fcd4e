"""Broken music, by the command line: file, piece, frame and mend, no traceback, and nothing is left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import Said, call
from tests.data import test_midi, test_music
from tests.laws.test_music import pieces
from throughtime.data.midi import midi_bytes
from throughtime.data.music import frame_length
from throughtime.data.settings import DataSettings

TINY = ("--hidden-size", 4, "--epochs", 1, "--threads", 1, "--quiet")
FRAME = frame_length(DataSettings())


def assert_refused(said: Said, message: str, run: Path | None = None) -> None:
    assert said.code == 2, (said.code, said.err)
    assert message in " ".join(said.err.split()), said.err
    assert "Traceback" not in said.err and not said.out
    assert run is None or not run.exists() or not list(run.iterdir())


@pytest.mark.parametrize("name", test_music.BROKEN)
def test_broken_json_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    value, message = test_music.BROKEN[name]
    path = test_music.written(tmp_path, value)
    assert_refused(call("train", path, "--run", tmp_path / "run", *TINY), message, tmp_path / "run")


@pytest.mark.parametrize("name", test_midi.BROKEN)
def test_broken_midi_is_refused_with_its_file(name: str, tmp_path: Path) -> None:
    data, message = test_midi.BROKEN[name]
    folder = tmp_path / "midi"
    folder.mkdir()
    for i, frames in enumerate(pieces()):
        (folder / f"{i:02}.mid").write_bytes(midi_bytes(frames, FRAME))
    (folder / "07.mid").write_bytes(data)
    said = call("train", folder, "--run", tmp_path / "run", *TINY)
    alone = call("train", folder / "07.mid", "--run", tmp_path / "alone", *TINY)
    assert_refused(alone, f"07.mid: {message}" if message.startswith("is ") else message, tmp_path / "alone")
    if name in ("no note", "drums alone"):  # beside others it is a piece of silence
        assert said.code == 0, said.err
    else:
        assert_refused(said, message, tmp_path / "run")
        assert "07.mid" in said.err


FEW = [[[60], [62]], [[64], [65]]]
OPTIONS: list[tuple[Any, str, str]] = [
    (pieces(), "--bidirectional", "--bidirectional: the next frame must not be seen before it is predicted"),
    (pieces(), "--set bptt=64", "--set bptt=64: it is for texts, and pieces of notes are rows (--set crop=N"),
    (pieces(), "--set tokens=words", "--set tokens=words: no input holds words or letters; leave it out"),
    (pieces(), "--set frame=quaver", "--set frame=quaver: it must be a part of a whole note, such as 1/16"),
    (pieces(), "--set stress=no", "it is for dictionary"),
    (pieces(), "--set frmae=1/8", 'unknown setting "frmae"; did you mean "frame"?'),
    (pieces(), "--input tempo", 'the inputs are "tempo" (other values); name one column of notes with --input'),
    (pieces(), "--input notes --input tempo", '"next" holds notes, which are predicted from those of the frames'),
    (pieces(), "--task classify", 'task classify learns category or labels, but the column "next" holds notes'),
    (pieces(), "--task transduce", 'task transduce learns tokens, but the column "next" holds notes'),
    (pieces(), "--set metric=accuracy", 'unknown metric for notes "accuracy"'),
    (FEW, "", "2 different rows are too few; give more rows, or larger fractions"),
    ([[[60], [62]]] * 30, "", "1 different row is too few"),
]


@pytest.mark.parametrize(("value", "options", "message"), OPTIONS, ids=[option or "few" for _, option, _ in OPTIONS])
def test_options_that_cannot_be_are_refused(value: Any, options: str, message: str, tmp_path: Path) -> None:
    path = test_music.written(tmp_path, value)
    assert_refused(call("train", path, "--run", tmp_path / "run", *TINY, *options.split()), message, tmp_path / "run")


def test_a_length_of_frames_is_refused_where_there_are_none(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("text,label\n" + "".join(f"{'ab' * k},{k % 2}\n" for k in range(1, 30)))
    said = call("train", table, "--run", tmp_path / "run", *TINY, "--set", "frame=1/8")
    assert_refused(said, "--set frame=1/8: it is for midi or music_json", tmp_path / "run")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music")
    path = test_music.written(folder, pieces())
    said = call("train", path, "--run", folder / "run", *TINY)
    assert said.code == 0, said.err
    return folder / "run"


@pytest.mark.parametrize("name", ["half a note", "a note for a frame", "too deep", "an empty split", "no JSON"])
@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_a_run_that_is_given_broken_music_refuses_it(command: str, name: str, run: Path, tmp_path: Path) -> None:
    value, message = test_music.BROKEN[name]
    assert_refused(call(command, run, test_music.written(tmp_path, value)), message)


def test_a_run_that_is_given_no_music_says_so(run: Path, tmp_path: Path) -> None:
    text = tmp_path / "words.txt"
    text.write_text("la la la\nlo lo\nli\n")
    assert_refused(call("predict", run, text), "words.txt: is no music; give a MIDI file, or JSON")
    assert_refused(call("evaluate", run, text), 'unknown column "notes"')
    assert_refused(call("predict", run, "--text", "la"), '"la" is no list of frames')
    assert_refused(call("predict", run, tmp_path / "none.mid"), "there is no such file or folder")


def test_a_text_run_is_given_no_frames(tmp_path: Path) -> None:
    assert json.loads("[[60]]") == [[60]]
    text = tmp_path / "words.txt"
    text.write_text("la la la lo lo li\n" * 40)
    said = call("train", text, "--run", tmp_path / "run", *TINY, "--set", "frame=1/8")
    assert_refused(said, "--set frame=1/8: it is for midi or music_json", tmp_path / "run")
