"""Laws 2 to 9 over a model of notes, by the way a user goes: from pieces to a run that makes music."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import throughtime as tt
from tests.laws.test_runs import KillAfter, KilledError, fingerprint
from throughtime.cells import cells
from throughtime.data.midi import midi_bytes
from throughtime.data.music import frame_length
from throughtime.errors import NonFiniteError, ThroughtimeError
from throughtime.models.heads.notes import OF_TEXTS
from throughtime.models.settings import LanguageSettings
from throughtime.settings import declared

MASKS = {"dropout": 0.3, "zoneout": 0.1, "recurrent_dropout": 0.2, "drop_connect": 0.2, "layers": 2}
TINY: dict[str, Any] = {
    "epochs": 2,
    "hidden_size": 6,
    "batch_size": 4,
    "threads": 1,
    "valid": "0.2",
    "test": "0.2",
}
Frames = list[list[int]]


def pieces(count: int = 20, seed: int = 3) -> list[Frames]:
    """Pieces of unequal length, the shortest of two frames: a note that goes up and down, and now and then a fifth."""
    chance = random.Random(seed)
    found = []
    for i in range(count):
        note, frames = chance.randint(50, 70), Frames()
        for _ in range(2 if i == 0 else chance.randint(3, 17)):
            note += chance.choice((-2, 1, 1, 2, -1))
            frames.append([] if chance.random() < 0.1 else [note, note + 7][: chance.randint(1, 2)])
        found.append(frames)
    return found


def tiny(**changes: Any) -> dict[str, Any]:
    return {**TINY, **changes}


@pytest.mark.parametrize("updates", [1, 3, 4, 5])
@pytest.mark.parametrize("crop", [0, 5])
def test_killed_and_resumed_is_never_stopped(updates: int, crop: int, tmp_path: Path) -> None:
    options = tiny(checkpoint_seconds=0, learned_state=True, crop=crop, average="ema", **MASKS)
    tt.train(pieces(), tmp_path / "whole", **options)
    with pytest.raises(KilledError):
        tt.train(pieces(), tmp_path / "broken", progress=KillAfter(updates), **options)
    tt.train(pieces(), tmp_path / "broken", resume=True, **options)
    assert fingerprint(tmp_path / "broken") == fingerprint(tmp_path / "whole")


def test_saved_is_loaded_and_config_reruns(tmp_path: Path) -> None:
    file = tmp_path / "music.json"
    file.write_text(json.dumps(pieces()))
    trained = tt.train(file, tmp_path / "run", **tiny(max_length=12))
    again = tt.train(run=tmp_path / "again", config=tmp_path / "run" / "config.toml")
    assert fingerprint(again.path) == fingerprint(trained.path)
    saved, loaded = trained.run.predictions.read(), tt.load(tmp_path / "run")
    whole = [[*row["inputs"]["notes"], row["truth"][-1]] for row in saved]
    assert loaded.evaluate(whole) == pytest.approx(trained.metrics["test"], rel=1e-5)
    for row, answer in zip(saved, loaded.predict(whole), strict=True):
        assert len(answer["predicted"]) == min(12, len(row["inputs"]["notes"]) + 1)
        assert answer["predicted"][: row["frames"]] == row["predicted"]
        for found, expected in zip(answer["probabilities"], row["probabilities"], strict=False):
            assert found == pytest.approx(expected, abs=2e-4)


def test_columns_of_notes_in_other_files_are_music_too(tmp_path: Path) -> None:
    """Said by kind: the same settings as of music, so that the run's config reruns it."""
    file = tmp_path / "rows.jsonl"
    rows = [{"now": piece[:-1], "then": piece[1:], "name": f"no {i}"} for i, piece in enumerate(pieces())]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options: dict[str, Any] = {"input": ("now",), "output": ("then",), "kinds": ("now=notes", "then=notes")}
    kept = {name: value for name, value in tiny().items() if name != "valid"}
    trained = tt.train(file, tmp_path / "run", **kept, **options)
    assert trained.metrics["task"] == "language_model" and trained.settings.data.valid == "0.1"
    again = tt.train(run=tmp_path / "again", config=tmp_path / "run" / "config.toml")
    assert fingerprint(again.path) == fingerprint(trained.path)
    assert len(list(again.compose([[60]], length=3))) == 3


def test_a_piece_alone_is_answered_as_in_its_batch(tmp_path: Path) -> None:
    trained = tt.train(pieces(), tmp_path / "run", **tiny(precision="float64"))
    together = trained.predict(pieces()[:7])
    for piece, answer in zip(pieces()[:7], together, strict=True):
        (alone,) = trained.predict([piece])
        assert alone["predicted"] == answer["predicted"] and len(alone["predicted"]) == len(piece)
        for one, other in zip(alone["probabilities"], answer["probabilities"], strict=True):
            assert one == pytest.approx(other, abs=1.01e-4)  # rows are rounded to four digits
    whole = trained.evaluate(pieces())
    frames = np.array([len(piece) - 1 for piece in pieces()])
    each = np.array([trained.evaluate([piece])["nll"] for piece in pieces()])
    assert whole["nll"] == pytest.approx(float(each @ frames / frames.sum()), rel=1e-12)


def test_long_pieces_are_read_in_windows_of_both_columns_alike(tmp_path: Path) -> None:
    from throughtime.api.prepare import prepare

    scale = [[[40 + (k + i) % 60] for k in range(500 + i)] for i in range(20)]  # each frame tells the next
    prepared: Any = prepare(scale, None, {"batch_size": 4}, lambda said: None)
    assert prepared.settings.data.crop == 200
    begins = set()
    for epoch in (1, 2):
        for batch in prepared.batches(epoch, 0):
            read, following = batch["notes"].data, batch["next"].data
            assert read.shape[1] == 200 and torch.equal(read[:, 1:], following[:, :-1])
            begins.add(int(read[0, 0].argmax()))
    assert len(begins) > 3, "drawn anew"
    short: Any = prepare(pieces(), None, {"valid": "0.2", "test": "0.2"}, lambda said: None)
    assert short.settings.data.crop == 0 and short.settings.training.epochs == 40


def test_a_baseline_stands_beside_the_score(tmp_path: Path) -> None:
    trained = tt.train(pieces(), tmp_path / "run", **tiny(epochs=1))
    found = trained.metrics
    assert found["task"] == "language_model" and found["metric"] == "nll"
    assert set(found["baselines"]) == {"independent_notes", "repeat_frame"}
    assert set(found["test"]) == {"nll", "note_f1", "note_accuracy"} <= set(found["baseline"])
    best = min(found["baselines"], key=lambda name: found["baselines"][name]["valid"]["nll"])
    assert found["baseline"]["name"] == best
    assert "nats a frame" in trained.verdict and "4 test pieces" in trained.verdict
    rows = trained.run.predictions.read()
    for part, side in ((found["test"], "loss"), (found["baseline"], "baseline_loss")):
        total = sum(row[side] * row["frames"] for row in rows) / sum(row["frames"] for row in rows)
        assert total == pytest.approx(part["nll"], rel=1e-9)
    assert all(np.mean(row["surprise"]) == pytest.approx(row["loss"], abs=1e-4) for row in rows)


# setting: (another value, what else must be set so that it can act)
FLIPS: dict[str, tuple[Any, dict[str, Any]]] = {
    **{name: (value, {}) for name, value in {"bptt": 7, "tied": "yes", "adaptive": "yes", "sample_lines": 3}.items()},
    **{name: (0.5, {}) for name in ("activation_penalty", "change_penalty", "dynamic_rate")},
    "temperature": (0.1, {}),
    "bidirectional": (True, {}),
    "crop": (3, {}),
    "max_length": (4, {}),
    "pooling": ("max", {}),
    "bag": ("yes", {}),
    "embeddings": ("one-hot", {}),
    "embedding_size": (5, {}),
    "token_dropout": (0.5, {}),
    "letters": ("no", {}),
    "tokens": ("words", {}),
    "lower_case": ("yes", {}),
    "max_vocabulary": (5, {}),
    "min_count": (3, {}),
    "subwords": (300, {}),
    "stress": ("no", {}),
    "missing": (("n/a",), {}),
    "label_separator": (";", {}),
    "dropout": (0.6, {}),
    "drop_connect": (0.5, {}),
    "zoneout": (0.5, {}),
    "recurrent_dropout": (0.5, {}),
    "valid": ("0.3", {}),
    "split_seed": (4, {}),
    "seed": (4, {}),
    "cell": ("gru", {}),
    "metric": ("note_f1", {}),
    "init_from": ("none/such", {}),
    "baselines": (("independent_notes",), {}),
}


def outcome(run: Path, options: dict[str, Any]) -> Any:
    try:
        trained = tt.train(pieces(), run, **options)
    except ThroughtimeError as error:
        return error
    said = {k: v for k, v in trained.metrics.items() if k not in ("seconds", "versions", "engine")}
    parts = [said, trained.run.predictions.read(), trained.run.samples.read(), fingerprint(run)]
    return json.dumps(parts, sort_keys=True)


@pytest.mark.parametrize("name", list(FLIPS))
def test_an_option_changes_the_result_or_says_why_not(name: str, tmp_path: Path) -> None:
    value, around = FLIPS[name]
    options = tiny(**around)
    before = outcome(tmp_path / "before", options)
    assert isinstance(before, str), before
    after = outcome(tmp_path / "after", {**options, name: value})
    if isinstance(after, ThroughtimeError):
        assert after.exit_code == 2 and name.replace("_", "-")[:4] in str(after).replace("_", "-"), after
    else:
        assert after != before
    assert isinstance(after, ThroughtimeError) == (name in REFUSED), after


REFUSED = {
    *OF_TEXTS, "bidirectional", "pooling", "bag", "embeddings", "embedding_size", "token_dropout", "letters", "tokens",
    "lower_case", "max_vocabulary", "min_count", "subwords", "stress", "missing", "label_separator", "init_from",
}  # fmt: skip


def test_every_setting_of_the_task_is_flipped() -> None:
    assert {setting.name for setting in declared(LanguageSettings)} <= set(FLIPS)


def test_the_length_of_a_frame_acts_on_what_is_read_and_written(tmp_path: Path) -> None:
    for i, frames in enumerate(pieces()):
        (tmp_path / "midi").mkdir(exist_ok=True)
        (tmp_path / "midi" / f"{i:02}.mid").write_bytes(midi_bytes([*frames, [60], [60]], frame_length_of("1/8"), 77.0))
    fine = tt.train(tmp_path / "midi", tmp_path / "fine", **tiny(frame="1/16"))
    coarse = tt.train(tmp_path / "midi", tmp_path / "coarse", **tiny(frame="1/8"))
    assert fine.metrics["steps"]["test"] > 1.5 * coarse.metrics["steps"]["test"]
    assert fine.run.data.read()["tempo"] == pytest.approx(77.0, abs=0.01)
    written = [run.write_midi([[60], [62]], tmp_path / f"{k}.mid").read_bytes() for k, run in enumerate((fine, coarse))]
    assert written[0] != written[1]


def frame_length_of(frame: str) -> Any:
    from throughtime.data.settings import DataSettings

    return frame_length(DataSettings(frame=frame))


@pytest.mark.parametrize("cell", ["rnn:activation=relu", "lstm:activation=identity,output_activation=identity"])
def test_a_non_finite_value_stops_training_and_is_located(cell: str, tmp_path: Path) -> None:
    wild = {"learning_rate": 1e20, "clip_norm": None, "schedule": "constant", "warmup": 0, "optimizer": "sgd"}
    with pytest.raises(NonFiniteError) as stopped:
        tt.train(pieces(), tmp_path / "run", **tiny(cell=cell, **wild))
    assert "the first value that is not finite is" in str(stopped.value)
    assert stopped.value.exit_code == 3


@pytest.mark.parametrize("cell", [name for name, cell in cells.items() if not cell.convolution])
def test_every_cell_learns_music_and_makes_some(cell: str, tmp_path: Path) -> None:
    trained = tt.train(pieces(), tmp_path / "run", **tiny(cell=cell))
    made = [list(trained.compose(length=9, seed=seed)) for seed in (1, 1, 2)]
    assert made[0] == made[1] and len(made[0]) == 9


def test_what_stands_in_the_padding_changes_no_bit(tmp_path: Path) -> None:
    """Forward and backward, whatever stands there, of what is read and of what follows."""
    from throughtime.batch import Batch, Sequences

    trained = tt.train(pieces(), tmp_path / "run", **tiny())
    lengths = torch.tensor([5, 2, 0, 3])
    notes, following = (torch.randint(0, 2, (4, 7, 88), dtype=torch.uint8) for _ in range(2))
    found = []
    for fill in (0, 1):
        columns: dict[str, Any] = {}
        for name, data in (("notes", notes.clone()), ("next", following.clone())):
            for row, length in enumerate(lengths.tolist()):
                data[row, length:] = fill
            columns[name] = Sequences(data, lengths)
        model: Any = trained.model
        model.zero_grad()
        loss = model.loss(Batch(columns, torch.arange(4)))
        loss.backward()
        found.append([loss.detach(), *(weight.grad.clone() for weight in model.parameters())])
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)
