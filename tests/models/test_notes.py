"""Notes: the head against the sum written out, its gradient, the metrics by hand, the baselines against counting."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from throughtime.batch import Batch, Sequences
from throughtime.data.fields.notes import Notes
from throughtime.errors import UsageError
from throughtime.models.baselines import Material, baselines
from throughtime.models.heads.notes import OF_TEXTS, NotesHead
from throughtime.models.metrics import Outcome, metrics
from throughtime.models.metrics.notes import frame_surprise
from throughtime.models.model import Model
from throughtime.models.settings import LanguageSettings, NetworkSettings
from throughtime.models.tasks import build_model, tasks

LENGTHS = torch.tensor([4, 1, 0, 3])


def fields() -> dict[str, Notes]:
    return {name: Notes(name, (60,)) for name in ("notes", "next")}


def model_of(target: np.ndarray | None = None, seed: int = 1, task: Any = None, **chosen: Any) -> Model:
    network = NetworkSettings(**{"bidirectional": False, "hidden_size": 5, "dropout": 0.0, **chosen})
    both = fields()
    generator = torch.Generator().manual_seed(seed)
    settings = task or LanguageSettings()
    named = tasks["language_model"]
    model = build_model(
        named, {"notes": both["notes"]}, both["next"], network, settings, target=target, generator=generator
    )
    return model.double()


def some_batch(seed: int = 2) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    drawn = [torch.rand(4, 5, 88, generator=generator) < 0.2 for _ in range(2)]
    columns: dict[str, Any] = {
        name: Sequences(data.to(torch.uint8), LENGTHS) for name, data in zip(("notes", "next"), drawn, strict=True)
    }
    return Batch(columns, torch.arange(4))


def test_the_loss_is_the_sum_over_notes_and_the_mean_over_frames() -> None:
    model, batch = model_of(), some_batch()
    scores, truth = model(batch).data, batch["next"]
    assert isinstance(truth, Sequences)
    total, each = 0.0, []
    for row, length in enumerate(LENGTHS.tolist()):
        sums = []
        for step in range(length):
            frame = 0.0
            for note in range(88):
                p = 1 / (1 + math.exp(-float(scores[row, step, note])))
                frame -= math.log(p if truth.data[row, step, note] else 1 - p)
            sums.append(frame)
        total += sum(sums)
        each.append(sum(sums) / length if length else 0.0)
    assert float(model.loss(batch)) == pytest.approx(total / 8, rel=1e-12)
    assert model.losses(batch)[1].tolist() == pytest.approx(each, rel=1e-12)
    assert int(model.weight(batch)) == 8


def test_the_metric_is_the_loss() -> None:
    model, batch = model_of(), some_batch()
    with torch.no_grad():
        output = model(batch)
    predicted, probabilities = model.head.answers(output)
    truth = torch.cat([batch["next"].data[row, :length] for row, length in enumerate(LENGTHS.tolist())])  # type: ignore[union-attr]
    outcome = Outcome(truth.numpy(), predicted, probabilities, fields()["next"].classes, LENGTHS.numpy())
    assert outcome.kind == "notes"
    assert metrics["nll"].compute(outcome) == pytest.approx(float(model.loss(batch)), rel=1e-12)
    assert np.array_equal(predicted, probabilities > 0.5)


def test_the_gradient_is_that_of_finite_differences() -> None:
    model, batch = model_of(), some_batch()
    weights = dict(model.named_parameters())
    names = ("encoders.0.recurrent.weight_ih_l0", "encoders.0.recurrent.weight_hh_l0", "head.steps.weight")
    model.loss(batch).backward()
    for name in (*names, "head.steps.bias"):
        weight = weights[name]
        assert weight.grad is not None
        for place in (0, weight.numel() // 2, weight.numel() - 1):
            flat, step = weight.data.view(-1), 1e-6
            kept = float(flat[place])
            found = []
            for shift in (step, -step):
                flat[place] = kept + shift
                found.append(float(model.loss(batch).detach()))
            flat[place] = kept
            difference = (found[0] - found[1]) / (2 * step)
            assert float(weight.grad.view(-1)[place]) == pytest.approx(difference, rel=1e-5, abs=1e-8)


def test_no_frame_is_seen_before_it_is_predicted() -> None:
    model, batch = model_of(layers=2), some_batch()
    before = model(batch).data
    changed = batch["notes"].data.clone()  # type: ignore[union-attr]
    changed[0, 2] = 1 - changed[0, 2]
    after = model(Batch({**batch.columns, "notes": Sequences(changed, LENGTHS)}, batch.sample_ids)).data
    assert torch.equal(before[0, :2], after[0, :2]) and not torch.equal(before[0, 2], after[0, 2])
    assert torch.equal(before[1:], after[1:])


def test_it_begins_by_predicting_how_often_notes_sound() -> None:
    target = np.zeros((10, 88), dtype=np.uint8)
    target[:6, 40] = 1
    model = model_of(target)
    assert isinstance(model.head, NotesHead)
    shares = torch.sigmoid(model.head.steps.bias).tolist()
    assert shares[40] == pytest.approx(7 / 12) and shares[0] == pytest.approx(1 / 12)


def test_what_looks_ahead_or_is_for_texts_is_refused() -> None:
    with pytest.raises(UsageError, match="^--bidirectional: the next frame must not be seen"):
        model_of(bidirectional=True)
    with pytest.raises(UsageError, match="^--set pooling=max: every step is answered"):
        model_of(pooling="max")
    other = {"bptt": 9, "tied": "no", "adaptive": "no", "sample_lines": 7}
    for name in OF_TEXTS:
        with pytest.raises(UsageError, match=r"it is for texts, and pieces of notes are rows \(--set crop=N"):
            model_of(task=LanguageSettings(**{name: other.get(name, 0.5)}))


TRUTH = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0]], dtype=np.uint8)
GIVEN = np.array([[0.5, 0.25, 0.125], [0.75, 0.4, 0.6], [0.0, 1.0, 0.5]])


def test_metrics_by_hand() -> None:
    outcome = Outcome(TRUTH, (GIVEN > 0.5).astype(np.uint8), GIVEN, ("60", "61", "62"), np.array([1, 2]))
    nats = [
        -math.log(0.5) - math.log(0.75) - math.log(0.875),
        -math.log(0.75) - math.log(0.4) - math.log(0.4),
        -math.log(1.0) + 87.3365 - math.log(0.5),  # a probability of 0 counts as the smallest float32
    ]
    assert frame_surprise(outcome).tolist() == pytest.approx(nats, rel=1e-5)
    assert metrics["nll"].compute(outcome) == pytest.approx(sum(nats) / 3, rel=1e-5)
    # said: 60 and 62 in the second frame, 61 in the third; true: 60, then 60 and 61
    assert metrics["note_f1"].compute(outcome) == pytest.approx(2 * 1 / (2 * 1 + 4))
    assert metrics["note_accuracy"].compute(outcome) == pytest.approx(1 / 5)
    silent = Outcome(TRUTH[2:], TRUTH[2:], GIVEN[2:] / 3, ("60", "61", "62"), np.array([1]))
    assert metrics["note_f1"].compute(silent) == metrics["note_accuracy"].compute(silent) == 1.0


def material(seed: int, rows: int = 6) -> Material:
    """Notes that go on with a share of their own, and one that never sounds."""
    generator = np.random.default_rng(seed)
    before, now, lengths = [], [], []
    for _ in range(rows):
        frames = [generator.random(5) < 0.3]
        for _ in range(int(generator.integers(1, 40))):
            stays = generator.random(5) < np.array([0.9, 0.5, 0.1, 0.7, 0.0])
            frames.append(np.where(frames[-1], stays, generator.random(5) < np.array([0.1, 0.4, 0.2, 0.05, 0.0])))
        before += frames[:-1]
        now += frames[1:]
        lengths.append(len(frames) - 1)
    both = [np.array(part).astype(np.uint8) for part in (now, before)]
    return Material({}, {}, {}, both[0], tuple("abcde"), lengths=np.array(lengths), before=both[1])


def test_baselines_against_counting_and_their_choice() -> None:
    train, valid, test = material(1), material(2), material(3)
    better = metrics["nll"].score
    alone = baselines["independent_notes"](train, valid, test, better)
    repeat = baselines["repeat_frame"](train, valid, test, better)
    assert alone is not None and repeat is not None and train.before is not None and test.before is not None
    added = float(alone.settings.split()[0])
    shares = [(int(train.target[:, k].sum()) + added) / (len(train) + 2 * added) for k in range(5)]
    assert alone.test.probabilities is not None
    assert alone.test.probabilities[0].tolist() == pytest.approx(shares)
    assert np.ptp(alone.test.probabilities, axis=0).tolist() == [0.0] * 5
    for other in (0.01, 0.1, 0.5, 1.0, 3.0, 10.0):
        answer = valid.believed(np.tile((train.target.sum(0) + other) / (len(train) + 2 * other), (len(valid), 1)))
        assert better(answer) <= better(alone.valid) + 1e-12
    assert repeat.settings.startswith("a note's own, ")  # notes differ much
    added = float(repeat.settings.split()[3])
    assert repeat.test.probabilities is not None
    for state in (0, 1):
        where = train.before == state
        mean = (int((train.target[where] > 0).sum()) + 0.5) / (int(where.sum()) + 1)
        for k in range(5):
            own = (int(train.target[where[:, k], k].sum()) + added * mean) / (int(where[:, k].sum()) + added)
            found = repeat.test.probabilities[:, k][test.before[:, k] == state]
            assert np.allclose(found, own, rtol=1e-12)
    assert metrics["nll"].compute(repeat.test) < metrics["nll"].compute(alone.test)


def test_baselines_stay_finite_and_leave_other_material_alone() -> None:
    train, test = material(1), material(4)
    silent = Material({}, {}, {}, train.target * 0, train.classes, lengths=train.lengths, before=train.before)
    for name in ("independent_notes", "repeat_frame"):
        answer = baselines[name](silent, silent, test, metrics["nll"].score)
        assert answer is not None and np.isfinite(metrics["nll"].compute(answer.test))
        words = Material({"text": ["a", "b"]}, {}, {}, np.array([0, 1]), ("x", "y"))
        assert baselines[name](words, words, words, metrics["accuracy"].score) is None
    for name, baseline in baselines.items():
        if name not in ("independent_notes", "repeat_frame"):
            assert baseline(train, train, train, metrics["nll"].score) is None, name
