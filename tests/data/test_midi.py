"""MIDI: what is written is read back to the same frames, by us and by others; ticks go to the nearest frame."""

from __future__ import annotations

import io
import random
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import mido
import pytest

from tests.data import midi_by_hand as by_hand
from throughtime.data.files import read
from throughtime.data.midi import midi_bytes, read_midi
from throughtime.data.music import HIGHEST, LOWEST, Mended
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place, UsageError

HERE = Place("a.mid")


def drawn(seed: int, count: int = 40) -> list[list[int]]:
    """Frames of notes that begin, go on, stop and come again, with silence at both ends and within."""
    chance = random.Random(seed)
    frames: list[list[int]] = [[]]
    for _ in range(count):
        kept = {note for note in frames[-1] if chance.random() < 0.7}
        new = {chance.randint(LOWEST, HIGHEST) for _ in range(chance.randint(0, 3))}
        frames.append([] if chance.random() < 0.1 else sorted(kept | new))
    return [*frames, [LOWEST, HIGHEST], [], []]


def read_back(data: bytes, frame: Fraction = Fraction(1, 16)) -> list[list[int]]:
    return [list(notes) for notes in read_midi(data, HERE, frame, Mended()).frames]


@pytest.mark.parametrize("frame", [Fraction(1, 16), Fraction(1, 12), Fraction(3, 32), Fraction(1, 7), Fraction(1)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_written_is_read_back_by_us_and_by_hand(frame: Fraction, seed: int) -> None:
    frames = drawn(seed)
    data = midi_bytes(frames, frame, 90.0)
    assert read_back(data, frame) == frames
    found = by_hand.parsed(data)
    assert by_hand.frames(found, frame) == frames
    assert found.tempo == round(60e6 / 90)


def test_another_program_hears_the_same(tmp_path: Path) -> None:
    """mido's own player, in seconds: 16 frames of a sixteenth are 4 beats, at 120 a minute 2 seconds."""
    frames = [[60]] * 4 + [[60, 64]] * 4 + [[]] * 4 + [[67]] * 4
    path = tmp_path / "a.mid"
    path.write_bytes(midi_bytes(frames, Fraction(1, 16), 120.0))
    file = mido.MidiFile(path)
    assert file.length == pytest.approx(2.0)
    now, heard = 0.0, []
    for message in file:
        now += message.time
        if message.type in ("note_on", "note_off"):
            heard.append((message.type, message.note, now))
    assert heard == [
        ("note_on", 60, 0.0),
        ("note_on", 64, pytest.approx(0.5)),
        ("note_off", 60, pytest.approx(1.0)),
        ("note_off", 64, pytest.approx(1.0)),
        ("note_on", 67, pytest.approx(1.5)),
        ("note_off", 67, pytest.approx(2.0)),
    ]


def test_ticks_go_to_the_nearest_border_and_a_note_sounds_once_at_least() -> None:
    """A quarter of 4 ticks, a frame of an eighth of 2: from 1 to 3 is from 0.5 to 1.5 frames, the later of two."""
    track = by_hand.on(1, 60) + by_hand.off(2, 60) + by_hand.on(1, 62) + by_hand.off(0, 62) + by_hand.on(0, 64)
    track += by_hand.off(4, 64)  # from tick 4 to 8
    assert read_back(by_hand.file(track), Fraction(1, 8)) == [[], [60], [62, 64], [64]]


def test_a_beginning_without_loudness_is_an_end_and_channels_are_apart() -> None:
    track = by_hand.on(0, 60) + by_hand.on(0, 60, channel=1) + by_hand.on(2, 60, velocity=0) + by_hand.off(2, 60, 1)
    assert read_back(by_hand.file(track), Fraction(1, 8)) == [[60], [60]]
    tracks = [by_hand.on(0, 60) + by_hand.off(4, 60), by_hand.on(2, 64) + by_hand.off(4, 64)]
    assert read_back(by_hand.file(*tracks), Fraction(1, 8)) == [[60], [60, 64], [64]]


def test_a_note_that_is_struck_twice_is_ended_twice() -> None:
    track = by_hand.on(0, 60) + by_hand.on(2, 60) + by_hand.off(2, 60) + by_hand.off(2, 60)
    assert read_back(by_hand.file(track), Fraction(1, 8)) == [[60], [60], [60]]


def test_what_is_left_out_is_counted() -> None:
    drums = by_hand.on(0, 40, channel=9) + by_hand.on(0, 41, channel=9) + by_hand.off(1, 40, 9)
    track = by_hand.on(0, 20) + by_hand.on(0, 109) + by_hand.on(0, 21) + by_hand.off(4, 20) + by_hand.on(0, 108)
    times = by_hand.tempo(0, 400_000) + by_hand.tempo(4, 500_000)
    mended = Mended()
    found = read_midi(by_hand.file(times, drums, track), HERE, Fraction(1, 4), mended)
    assert found.frames == ((21,), (108,))
    assert found.tempo == 150.0
    said = " | ".join(mended.notes("a.mid"))
    assert "2 notes of the percussion channel are left out" in said and "2 notes outside 21 to 108" in said
    assert "2 notes that are never ended sound to the end" in said and "changes of tempo are not followed" in said


def test_a_file_of_other_programs_is_read_at_any_frame(tmp_path: Path) -> None:
    """Written by mido, not by us: two tracks, running status, a name, a pedal."""
    file = mido.MidiFile(type=1, ticks_per_beat=96)
    for notes, name in (((60, 62), "upper"), ((48, 43), "lower")):
        track = file.add_track(name)
        track.append(mido.Message("control_change", control=64, value=127, time=0))
        for note in notes:
            track.append(mido.Message("note_on", note=note, velocity=70, time=0))
            track.append(mido.Message("note_on", note=note, velocity=0, time=96))
    path = tmp_path / "two.mid"
    file.save(path)
    found = read(path, DataSettings(frame="1/8"))
    assert found.columns["notes"] == [[[48, 60], [48, 60], [43, 62]]] and found.columns["next"][0][-1] == [43, 62]
    coarse = read(path, DataSettings(frame="1/4"))
    assert coarse.columns["notes"] == [[[48, 60]]] and coarse.columns["next"] == [[[43, 62]]]
    assert coarse.columns["tempo"] == [120.0]


def test_folders_and_folders_of_splits(tmp_path: Path) -> None:
    for split, count in (("train", 3), ("valid", 1), ("test", 2)):
        (tmp_path / split).mkdir()
        for k in range(count):
            (tmp_path / split / f"{k}.mid").write_bytes(midi_bytes(drawn(k), Fraction(1, 8), 100.0))
    (tmp_path / "train" / "about.txt").write_text("ours")
    found = read(tmp_path, DataSettings(frame="1/8"))
    assert found.split == ["train"] * 3 + ["valid"] + ["test"] * 2
    assert [[*a, b[-1]] for a, b in zip(found.columns["notes"], found.columns["next"], strict=True)][:2] == [
        drawn(0),
        drawn(1),
    ]
    assert any("left aside: about.txt" in note for note in found.notes)
    assert str(found.where(3)) == "0.mid"
    assert len(read(tmp_path / "train", DataSettings(frame="1/8"))) == 3


def truncated(data: bytes, at: int) -> bytes:
    return data[:at]


GOOD = midi_bytes(drawn(1), Fraction(1, 8), 100.0)
BROKEN: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "is empty; give a MIDI file"),
    "a text": (b"X:1\nK:C\nCDE|\n", "is no MIDI file: it does not begin with MThd"),
    "the head alone": (GOOD[:9], "the MIDI file is cut short; save or fetch it once more"),
    "half": (GOOD[: len(GOOD) // 2], "the MIDI file is cut short"),
    "all but a byte": (GOOD[:-1], "the MIDI file is cut short"),
    "a track is missing": (by_hand.file(by_hand.on(0, 60), count=2), "the MIDI file is cut short"),
    "no track's name": (GOOD.replace(b"MTrk", b"MTrq"), "the MIDI file is damaged"),
    "a byte too large": (by_hand.file(bytes([0, 0x90, 60, 200])), "the MIDI file is damaged"),
    "a status that is none": (by_hand.file(bytes([0, 60, 60])), "the MIDI file is damaged"),
    "film": (by_hand.file(by_hand.on(0, 60), division=0xE728), "counts time in frames of a film"),
    "no ticks": (by_hand.file(by_hand.on(0, 60), division=0), "counts time in frames of a film"),
    "patterns": (by_hand.file(by_hand.on(0, 60), kind=2), "MIDI type 2"),
    "an endless one": (
        by_hand.file(by_hand.on(0, 60) + b"\xff\xff\xff\x7f\x80\x3c\x00", division=1),
        "more than 1,000",
    ),
    "no note": (by_hand.file(by_hand.tempo(9, 500_000)), "no note from 21 to 108 sounds"),
    "drums alone": (by_hand.file(by_hand.on(0, 40, channel=9) + by_hand.off(30, 40, 9)), "no note from 21 to 108"),
    "one frame": (by_hand.file(by_hand.on(0, 60) + by_hand.off(1, 60)), "the piece has 1 frame, and needs two"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_is_refused_with_its_file(name: str, tmp_path: Path) -> None:
    data, message = BROKEN[name]
    path = tmp_path / "broken.mid"
    path.write_bytes(data)
    with pytest.raises(DataError, match=f"^broken.mid: .*{message}"):
        read(path, DataSettings())


@pytest.mark.parametrize("seed", range(4))
def test_a_file_that_is_spoilt_is_read_or_refused(seed: int) -> None:
    """Any other exception would be a traceback for the user."""
    chance = random.Random(seed)
    for _ in range(150):
        data = bytearray(GOOD)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            read_midi(bytes(data), HERE, Fraction(1, 8), Mended())
        except DataError as error:
            assert str(error).startswith("a.mid: ")


@pytest.mark.parametrize("frame", ["", "eighth", "0", "-1/8", "1/0", "1/1000", "9", "nan"])
def test_a_frame_that_is_none_is_refused(frame: str, tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(GOOD)
    with pytest.raises(UsageError, match=r"^--set frame=.*: it must be a part of a whole note, such as 1/16"):
        read(path, DataSettings(frame=frame))


def test_without_the_library_it_says_what_to_install(tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(GOOD)
    monkeypatch.setattr("throughtime.extra.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs the package mido; pip install throughtime\[music\]"):
        read(path, DataSettings())
    with pytest.raises(UsageError, match=r"needs the package mido; pip install throughtime\[music\]"):
        midi_bytes([[60], [62]], Fraction(1, 8))


def test_reading_json_needs_no_library() -> None:
    code = (
        "import sys; sys.modules['mido'] = None\n"
        "import throughtime as tt\n"
        "print(tt.check([[[60 + k % (2 + i % 4)] for k in range(8 + i)] for i in range(30)]).figures['rows'])"
    )
    import subprocess

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "'train': 24" in found.stdout


def test_bytes_are_a_file_that_mido_takes_whole() -> None:
    assert len(mido.MidiFile(file=io.BytesIO(GOOD)).tracks) == 1
