"""Music is made: the state is carried, what is drawn is a function of the seed, a prompt is gone on from."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
import torch

import throughtime as tt
from tests.data import midi_by_hand as by_hand
from tests.laws.test_music import pieces, tiny
from throughtime.data.midi import read_midi
from throughtime.data.music import Mended
from throughtime.errors import Place, UsageError
from throughtime.use import composing
from throughtime.use.composing import after, composed


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("music")
    return tt.train(pieces(), folder / "run", **tiny(precision="float64", layers=2, learned_state=True, epochs=6))


def drawn(count: int, seed: int = 5) -> np.ndarray:
    return (np.random.default_rng(seed).random((count, 88)) < 0.05).astype(np.uint8)


def test_read_in_parts_is_read_as_a_whole(trained: Any) -> None:
    frames = torch.from_numpy(np.stack([drawn(23, 1), drawn(23, 2)])).double()
    with torch.no_grad():
        whole, end = after(trained.model, frames, None)
        for cut in (1, 8, 22):
            _, state = after(trained.model, frames[:, :cut], None)
            scores, state = after(trained.model, frames[:, cut:], state)
            assert torch.allclose(scores, whole, rtol=1e-12, atol=1e-12)
            assert all(torch.allclose(a, b, rtol=1e-12, atol=1e-12) for a, b in zip(state, end, strict=True))


def test_what_follows_a_prompt_is_what_the_model_predicts(trained: Any) -> None:
    """At temperature 0: the last answer to the prompt, and to the prompt with what was made."""
    prompt = pieces()[3]
    made = list(trained.compose(prompt, length=4, temperature=0))
    for k in range(4):
        (answer,) = trained.predict([[*prompt, *made[:k]]])
        assert answer["predicted"][-1] == made[k]


def test_a_long_prompt_is_read_in_chunks(trained: Any, monkeypatch: Any) -> None:
    asked = {"prompt": drawn(21), "length": 6, "temperature": 1.0, "seed": 3}
    whole = np.stack(list(composed(trained.model, **asked)))
    monkeypatch.setattr(composing, "CHUNK", 4)
    assert np.array_equal(np.stack(list(composed(trained.model, **asked))), whole)


def test_a_row_hangs_on_its_seed_and_number_alone(trained: Any) -> None:
    asked = {"prompt": drawn(3), "length": 12, "temperature": 1.0, "seed": 3}
    three = np.stack(list(composed(trained.model, rows=3, **asked)), axis=1)
    one = np.stack(list(composed(trained.model, rows=1, **asked)), axis=1)
    assert three.shape == (3, 12, 88) and np.array_equal(three[0], one[0])
    assert not np.array_equal(three[0], three[1])
    other = np.stack(list(composed(trained.model, rows=1, **{**asked, "seed": 4})), axis=1)
    assert not np.array_equal(other, one)


def test_notes_are_drawn_as_often_as_they_are_likely(trained: Any) -> None:
    prompt = drawn(3)
    with torch.no_grad():
        scores, _ = after(trained.model, torch.from_numpy(prompt[None]).double(), None)
    for temperature in (1.0, 0.5):
        asked = {"prompt": prompt, "length": 1, "temperature": temperature, "rows": 2000}
        (frames,) = composed(trained.model, **asked)
        expected = torch.sigmoid(scores[0] / temperature).numpy()
        spread = np.sqrt(expected * (1 - expected) / 2000)
        assert np.all(np.abs(frames.mean(axis=0) - expected) < 5 * spread + 1e-3)


def test_the_file_that_is_written_is_heard_alike_by_all(trained: Any, tmp_path: Path) -> None:
    frames = [[60, 64], *trained.compose([[60, 64]], length=40, seed=2)]
    path = trained.write_midi(frames, tmp_path / "made.mid")
    data, frame = path.read_bytes(), Fraction(1, 16)
    assert [list(notes) for notes in read_midi(data, Place("made.mid"), frame, Mended()).frames] == frames
    assert by_hand.frames(by_hand.parsed(data), frame) == frames
    struck = sum(len(set(now) - set(before)) for before, now in zip([[], *frames], frames, strict=False))
    heard = [message for message in mido.MidiFile(file=io.BytesIO(data)) if message.type == "note_on"]
    assert len(heard) == struck


def test_what_cannot_be_is_refused(trained: Any, tmp_path: Path) -> None:
    for wrong, message in (
        ({"length": 0}, "--length 0: it must be at least 1"),
        ({"temperature": -1.0}, "--temperature -1.0: it must be 0 or more"),
        ({"prompt": [[[60]], [[62]]]}, "the prompt holds 2 pieces; give one piece"),
        ({"prompt": str(tmp_path / "none.mid")}, "there is no such file"),
    ):
        with pytest.raises(UsageError, match=message):
            list(trained.compose(**wrong))
    with pytest.raises(UsageError, match="a model of notes makes no text; compose gives frames"):
        trained.generate("la")
    with pytest.raises(UsageError, match="none is explained; predict gives all"):
        trained.explain({"notes": pieces()[1]})
    with pytest.raises(UsageError, match="units are found in a language model of text"):
        trained.units("upper_case")
    with pytest.raises(UsageError, match="cannot be written"):
        trained.write_midi([[60]], tmp_path / "none" / "made.mid")


def test_without_a_prompt_it_begins_as_most_pieces_do(trained: Any) -> None:
    start = list(trained.fields["notes"].start)
    assert list(trained.compose(length=7)) == list(trained.compose([start], length=7))


def test_what_is_remembered_is_measured(trained: Any) -> None:
    found = trained.inspect(pieces())
    assert found.evidence.context is not None and found.evidence.context.losses[-1] > 0
    recorded = trained.record({"notes": pieces()[1]}, ["f"])
    assert recorded["notes.l0.f"].shape == (len(pieces()[1]), 6)
