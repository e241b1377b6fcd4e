"""Music by the command line: trained on, predicted, made, written and read again; ABC as running text."""

from __future__ import annotations

import json
import random
from pathlib import Path

import mido
import pytest

from tests.cli.calling import call
from throughtime.data.midi import midi_bytes
from throughtime.data.music import frame_length
from throughtime.data.settings import DataSettings
from throughtime.synthetic.two_voices import by_split, pieces, write_json, write_midi

COUNTS = {"train": 12, "valid": 3, "test": 3}
TINY = ("--hidden-size", 6, "--epochs", 1, "--threads", 1, "--quiet")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music")
    write_json(folder / "music.json", COUNTS)
    said = call("train", folder / "music.json", "--run", folder / "run", *TINY, "--set", "frame=1/8")
    assert said.code == 0, said.err
    assert "nats a frame" in said.out and ("the frame before" in said.out or "each note as" in said.out)
    return folder / "run"


def test_json_and_midi_are_the_same_music(run: Path, tmp_path: Path) -> None:
    write_midi(tmp_path / "midi", COUNTS)
    said = call("train", tmp_path / "midi", "--run", tmp_path / "run", *TINY, "--set", "frame=1/8")
    assert said.code == 0, said.err
    weights = [(folder / "model.safetensors").read_bytes() for folder in (run, tmp_path / "run")]
    assert weights[0] == weights[1]
    assert json.loads((tmp_path / "run" / "data.json").read_text())["tempo"] == pytest.approx(96.0)


def test_check_says_what_was_read(run: Path, tmp_path: Path) -> None:
    said = call("check", run.parent / "music.json")
    assert said.code == 0 and "18 pieces with 1,728 frames" in said.out, said.out
    assert 'learning "next", the notes of each frame, from "notes", those of the frames before it' in said.out
    assert "task: language_model (many to many, aligned), as the material is laid out" in said.out
    again = call("check", run.parent / "music.json", "--task", "language_model")
    assert again.code == 0 and "18 pieces" in again.out


def test_predict_and_evaluate(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "piece.mid"
    frames = pieces(1)[0]
    file.write_bytes(midi_bytes(frames, frame_length(DataSettings(frame="1/8")), 90.0))
    said = call("predict", run, file, "--json")
    assert said.code == 0, said.err
    assert len(said.json["predicted"]) == len(said.json["probabilities"]) == len(frames)
    assert all(0 <= share <= 1 for frame in said.json["probabilities"] for share in frame.values())
    plain = call("predict", run, file)
    assert plain.code == 0 and len(plain.out.split()) == len(frames)
    found = call("evaluate", run, run.parent / "music.json", "--json")
    assert found.code == 0, found.err
    assert found.json["nll"] == pytest.approx(json.loads((run / "metrics.json").read_text())["test"]["nll"], rel=1e-5)
    assert "nll" in call("evaluate", run, file).out


def test_music_is_made_and_read_again(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = call("generate", run, "--length", 20, "--seed", 4)
    assert said.code == 0, said.err
    assert said.out == "run-music.mid: 20 frames of 1/8 behind the frame that most pieces begin with\n"
    again = call("generate", run, "--length", 20, "--seed", 4)
    assert again.code == 2 and "run-music.mid is there already; name another file with --output" in again.err
    assert call("generate", run, "--length", 20, "--seed", 4, "--output", "same.mid").code == 0
    assert call("generate", run, "--length", 20, "--seed", 5, "--output", "other.mid").code == 0
    first, same, other = (Path(name).read_bytes() for name in ("run-music.mid", "same.mid", "other.mid"))
    assert first == same != other
    heard = mido.MidiFile("same.mid")
    assert 0 < heard.length <= 21 * 0.25 + 1e-6  # eighths at 120 a minute
    on = call("generate", run, "--prompt", "same.mid", "--length", 8, "--output", "longer.mid")
    assert on.code == 0 and "8 frames of 1/8 behind the 21 frames of same.mid" in on.out
    read = call("predict", run, "longer.mid", "--json")
    assert len(read.json["predicted"]) == 29


def test_a_prompt_of_json_is_gone_on_from_in_its_own_words(run: Path, tmp_path: Path) -> None:
    prompt, made = tmp_path / "chord.json", tmp_path / "made.mid"
    prompt.write_text("[[48, 55, 64]]")
    said = call("generate", run, "--prompt", prompt, "--length", 5, "--output", made)
    assert said.code == 0, said.err
    notes = [message.note for message in mido.MidiFile(made) if message.type == "note_on" and not message.time]
    assert notes[:3] == [48, 55, 64]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--top-k", 5), "--top-k 5: each note of a frame is drawn by itself; leave it out"),
        (("--top-p", 0.9), "--top-p 0.9: each note of a frame is drawn by itself; leave it out"),
        (("--length", 0), "--length 0: it must be at least 1"),
        (("--length", "long"), "--length long: it must be a whole number"),
        (("--seed", -1), "--seed -1: it must be 0 or more"),
        (("--temperature", -1), "--temperature -1.0: it must be 0 or more"),
        (("--prompt", "ROMEO:"), "ROMEO:: there is no such file or folder"),
        (("--output", "none/such/made.mid"), "none/such/made.mid: cannot be written"),
    ],
)
def test_what_cannot_be_made_is_refused(words: tuple[object, ...], message: str, run: Path, tmp_path: Path) -> None:
    output = () if "--output" in words else ("--output", tmp_path / "made.mid")
    said = call("generate", run, *words, *output)
    assert said.code == 2 and message in said.err and not (tmp_path / "made.mid").exists(), said.err


def test_a_prompt_of_several_pieces_or_none_is_refused(run: Path, tmp_path: Path) -> None:
    prompt = tmp_path / "prompt.json"
    for text, message in (
        ("[[[60], [62]], [[64], [65]]]", "the prompt holds 2 pieces; give one piece"),
        ("[[60, 64], [600]]", "prompt.json row 1, step 2: 600 is no MIDI note"),
        ("[[[60], [62]]", "this is not JSON"),
    ):
        prompt.write_text(text)
        said = call("generate", run, "--prompt", prompt, "--output", tmp_path / "made.mid")
        assert said.code == 2 and message in said.err, said.err


def test_without_the_library_music_is_not_made_in_vain(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("throughtime.extra.find_spec", lambda name: None)
    said = call("generate", run, "--output", tmp_path / "made.mid")
    assert said.code == 2 and "needs the package mido; pip install throughtime[music]" in said.err


def test_inspect_measures_or_says_why_not(run: Path) -> None:
    said = call("inspect", run)
    assert said.code == 0, said.err
    refused = call("inspect", run, "--text", "la la")
    assert refused.code == 2 and "notes" in refused.err, refused.err


def test_the_task_tells_of_music() -> None:
    said = call("tasks", "language_model")
    assert "MIDI" in said.out and "repeat_frame" in said.out and "nll (of notes)" in said.out
    assert "defaults where notes are learnt: valid 0.1, test 0.1, hidden_size 256" in said.out


SCALE = "CDEFGABcdefgab"


def tunes(count: int = 40) -> str:
    """Tunes in ABC, made here: a head, four bars that go up and down the scale, the last one back."""
    chance, found = random.Random(5), []
    for number in range(1, count + 1):
        note, bars = chance.randint(3, 7), []
        for _ in range(4):
            bar = []
            for _ in range(8):
                note = min(max(note + chance.choice((-1, 1)), 0), len(SCALE) - 1)
                bar.append(SCALE[note])
            bars.append("".join(bar))
        found.append(f"X:{number}\nT:Tune {number}\nM:4/4\nL:1/8\nK:C\n|:{'|'.join(bars)}:|\n\n")
    return "".join(found)


def test_abc_is_running_text(tmp_path: Path) -> None:
    file = tmp_path / "tunes.abc"
    file.write_text(tunes())
    checked = call("check", file)
    assert checked.code == 0, checked.err
    assert "task: language_model" in checked.out and "cut into characters" in checked.out, checked.out
    options = ("--hidden-size", 8, "--epochs", 1, "--threads", 1, "--quiet", "--set", "sample_lines=2")
    said = call("train", file, "--run", tmp_path / "run", *options)
    assert said.code == 0 and "nats a character" in said.out, said.err
    made = call("generate", tmp_path / "run", "--prompt", "X:41\nT:", "--length", 30)
    assert made.code == 0 and made.out.startswith("X:41\nT:") and len(made.out) > 20
    refused = call("generate", tmp_path / "run", "--output", "made.abc")
    assert refused.code == 2 and "--output made.abc: text is shown as it is made" in refused.err


def test_every_split_is_made_of_its_own_pieces() -> None:
    made = by_split()
    told = [json.dumps(frames) for part in made.values() for frames in part]
    assert len(set(told)) == len(told) == 250
