"""Heads that answer every step: tags with and without a random field, and numbers, against their definitions."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.batch import Batch, Sequences
from throughtime.cells.engine import Execution
from throughtime.data.dataset import Dataset
from throughtime.data.fields import Field, fields
from throughtime.data.files import read
from throughtime.data.schemes import illegal
from throughtime.data.settings import DataSettings
from throughtime.errors import Place, UsageError
from throughtime.models.heads.numbers import NumbersHead
from throughtime.models.heads.tags import TagsHead
from throughtime.models.model import Model
from throughtime.models.settings import NetworkSettings
from throughtime.models.tasks import build_model, tasks
from throughtime.use.answering import Answers, answer, measured
from throughtime.use.predictions import answered_rows

COLUMNS: dict[str, tuple[str, list[Any]]] = {
    "words": ("words", [["Ada", "Ng", "ran"], ["a"], ["to", "Rio", "and", "Lima"], [], ["Ada", "ran"]]),
    "signal": ("numbers", [[1.0, 2.0, 0.5], [3.0], [0.25, -1.0, 4.0, 2.0], [], [1.5, 1.0]]),
    "shop": ("category", ["A", "B", "A", "C", "B"]),
}
OUTPUTS: dict[str, tuple[str, list[Any]]] = {
    "spans": ("tags", [["B-X", "I-X", "O"], ["O"], ["O", "B-Y", "O", "B-Y"], [], ["B-X", "O"]]),
    "pos": ("tags", [["N", "N", "V"], ["D"], ["D", "N", "D", "N"], [], ["N", "V"]]),
    "heat": ("numbers", [[3.0, -1.0, 0.5], [9.0], [2.0, 4.0, 4.5, 1.0], [], [0.0, 7.0]]),
}
LENGTHS = torch.tensor([3, 1, 4, 0, 2])
IDS = torch.tensor([7, 3, 11, 0, 20])
CASES = [("spans", "yes"), ("spans", "no"), ("pos", "yes"), ("pos", "no"), ("heat", "auto")]


def fitted(name: str) -> Field:
    kind, values = (COLUMNS | OUTPUTS)[name]
    return fields[kind].fit(name, values, lambda i: Place(row=i), DataSettings(), output=name in OUTPUTS)


def batch(*names: str, rows: list[int] | None = None) -> Batch:
    rows = list(range(5)) if rows is None else rows
    found = {}
    for name in names:
        field, (_, values) = fitted(name), (COLUMNS | OUTPUTS)[name]
        found[name] = field.collate([field.encode(values[i], Place()) for i in rows])
    return Batch(found, IDS[rows])


def built(output: str, crf: str = "auto", *inputs: str, loss: str | None = None, **network: Any) -> Model:
    """A model in float64 whose random field, if it has one, has random weights too."""
    settings = NetworkSettings(**{"hidden_size": 3, "embedding_size": 4, "letters_size": 4, "dropout": 0.0, **network})
    generator = torch.Generator().manual_seed(3)
    made = build_model(
        tasks["tag"],
        {name: fitted(name) for name in inputs or ("words", "shop")},
        fitted(output),
        settings,
        tasks["tag"].settings(crf=crf, loss=loss),
        execution=Execution("reference"),
        generator=generator,
    ).double()
    for name in ("start", "transitions", "end"):
        weight = getattr(made.head, name, None)
        if isinstance(weight, torch.nn.Parameter):
            torch.nn.init.normal_(weight, generator=generator)
    return made


def near(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


@torch.no_grad()
def answered(model: Model, scores: Sequences) -> tuple[np.ndarray, np.ndarray | None]:
    """What the head answers to its own output, which it is asked outside of training alone."""
    return model.head.answers(Sequences(scores.data.detach(), scores.lengths))


def whole(output: str) -> Batch:
    return batch("words", "shop", output)


def truth(output: str) -> list[Tensor]:
    """The target of each row, without padding."""
    column = whole(output)[output]
    assert isinstance(column, Sequences)
    return [row[:length] for row, length in zip(column.data, LENGTHS, strict=True)]


@pytest.mark.parametrize(("output", "crf"), CASES)
def test_every_step_has_its_outputs(output: str, crf: str) -> None:
    found = built(output, crf)(whole(output))
    assert isinstance(found, Sequences) and found.lengths.tolist() == LENGTHS.tolist()
    assert found.data.shape == (5, 4, {"spans": 5, "pos": 3, "heat": 1}[output])


@pytest.mark.parametrize(("output", "crf"), CASES)
def test_what_stands_behind_a_row_changes_no_bit(output: str, crf: str) -> None:
    """Neither in the output nor in the target: not the loss, not the answers, not a gradient."""
    model, here = built(output, crf), whole(output)
    scores, target = model(here), here[output]
    assert isinstance(target, Sequences)
    behind = torch.arange(4) >= LENGTHS[:, None]

    def everything(filling: float) -> list[Any]:
        data = scores.data.detach().masked_fill(behind[..., None], filling).requires_grad_()
        wrong = 0 if not math.isfinite(filling) else int(abs(filling)) % 3
        wide = behind if target.data.ndim == 2 else behind[..., None]
        padded = target.data.masked_fill(wide, filling if output == "heat" else wrong)
        expected = Sequences(padded.double() if output == "heat" else padded, target.lengths)
        made = Sequences(data, scores.lengths)
        loss = model.head.loss(made, expected)
        model.zero_grad()
        loss.backward()
        assert data.grad is not None and not data.grad[behind].any(), "the padding has a gradient"
        gradients = [part.grad.clone() for part in model.head.parameters() if part.grad is not None]
        found, probabilities = answered(model, made)
        shares = torch.zeros(0) if probabilities is None else torch.from_numpy(probabilities)
        plain = model.head.losses(Sequences(data.detach(), scores.lengths), expected)
        return [loss.detach(), data.grad, *gradients, torch.from_numpy(found), shares, plain]

    expected = everything(0.0)
    assert all(part.isfinite().all() for part in expected)
    for filling in (-3.7, 1e30, math.inf, math.nan):
        for found, value in zip(everything(filling), expected, strict=True):
            assert torch.equal(found, value), filling


@pytest.mark.parametrize(("output", "crf"), CASES)
def test_a_row_alone_is_answered_as_in_the_batch(output: str, crf: str) -> None:
    model, here = built(output, crf, layers=2), whole(output)
    scores, losses = model.losses(here)
    predicted, shares = answered(model, scores)
    ends = np.cumsum([0, *LENGTHS.tolist()])
    for row in range(5):
        alone, own = model.losses(batch("words", "shop", output, rows=[row]))
        near(alone.data[0, : LENGTHS[row]], scores.data[row, : LENGTHS[row]])
        near(own[0], losses[row])
        found, probabilities = answered(model, alone)
        part = slice(ends[row], ends[row + 1])
        assert found.tolist() == pytest.approx(predicted[part].tolist(), abs=1e-12)
        if shares is not None:
            assert probabilities == pytest.approx(shares[part], abs=1e-12)


def paths(length: int, classes: int) -> list[tuple[int, ...]]:
    return list(itertools.product(range(classes), repeat=length))


def score(head: TagsHead, emissions: Tensor, path: tuple[int, ...]) -> Tensor:
    """The sum of everything along one path."""
    total = head.start[path[0]] + head.end[path[-1]] + sum(emissions[t, tag] for t, tag in enumerate(path))
    return total + sum((head.transitions[a, b] for a, b in itertools.pairwise(path)), torch.zeros(()))


@pytest.mark.parametrize(("output", "crf"), CASES)
def test_the_loss_is_the_mean_over_steps_and_of_a_row_over_its_own(output: str, crf: str) -> None:
    model, here = built(output, crf), whole(output)
    scores, losses = model.losses(here)
    each = []
    for row, (target, length) in enumerate(zip(truth(output), LENGTHS.tolist(), strict=True)):
        emissions = scores.data[row, :length]
        if not length:
            each.append(torch.zeros((), dtype=torch.float64))
        elif output == "heat":
            each.append((emissions - target.double()).square().sum())
        elif crf == "yes":
            assert isinstance(model.head, TagsHead)
            all_paths = torch.stack([score(model.head, emissions, path) for path in paths(length, emissions.shape[1])])
            each.append(all_paths.logsumexp(0) - score(model.head, emissions, tuple(target.tolist())))
        else:
            each.append(-torch.log_softmax(emissions, 1)[torch.arange(length), target].sum())
    total = torch.stack(each)
    near(losses, total / LENGTHS.clamp(min=1))
    near(model.loss(here), total.sum() / 10)
    target = here[output]
    assert model.head.weight(target).item() == 10


def test_the_mean_over_steps_of_parts_is_that_of_the_whole() -> None:
    """A batch in two parts, weighed by their steps, has the loss of the whole."""
    for output, crf in CASES:
        model = built(output, crf)
        parts = [batch("words", "shop", output, rows=rows) for rows in ([0, 1], [2, 3, 4])]
        weights = [model.head.weight(part[output]) for part in parts]
        weighed = sum(model.loss(part) * weight for part, weight in zip(parts, weights, strict=True))
        near(weighed / sum(weights), model.loss(whole(output)))


@pytest.mark.parametrize(("loss", "power"), [(None, 2), ("squared", 2), ("absolute", 1)])
def test_numbers_a_step_are_measured_in_the_scale_of_the_field(loss: str | None, power: int) -> None:
    model, here = built("heat", loss=loss), whole("heat")
    assert isinstance(model.head, NumbersHead)
    scores = model(here)
    valid = torch.arange(4) < LENGTHS[:, None]
    raw = torch.tensor([value for row in OUTPUTS["heat"][1] for value in row], dtype=torch.float64)
    scaled = (raw - raw.mean()) / raw.std(correction=0)
    expected = (scores.data[valid][:, 0] - scaled).abs() ** power
    torch.testing.assert_close(model.loss(here), expected.mean(), rtol=1e-5, atol=1e-6)  # a batch holds float32
    found, probabilities = answered(model, scores)
    assert probabilities is None and found.tolist() == scores.data[valid][:, 0].tolist()


@pytest.mark.parametrize("crf", ["yes", "no"])
@pytest.mark.parametrize("output", ["spans", "pos"])
def test_the_answer_is_the_best_of_all_allowed_sequences_and_how_sure_it_is(output: str, crf: str) -> None:
    model = built(output, crf)
    head, field = model.head, fitted(output)
    assert isinstance(head, TagsHead)
    scores = model(whole(output))
    predicted, probabilities = answered(model, scores)
    assert probabilities is not None
    ends = np.cumsum([0, *LENGTHS.tolist()])
    for row, length in enumerate(LENGTHS.tolist()):
        if not length:
            continue
        emissions, names = scores.data[row, :length], field.classes  # type: ignore[attr-defined]
        allowed = [
            path
            for path in paths(length, len(names))
            if output == "pos" or illegal([names[k] for k in path], "IOB2") is None
        ]
        values = torch.stack([score(head, emissions, path) for path in allowed])
        best = allowed[int(values.argmax())]
        assert tuple(predicted[ends[row] : ends[row + 1]]) == best
        shares = torch.softmax(values, 0)
        expected = torch.zeros(length, len(names), dtype=torch.float64)
        for path, share in zip(allowed, shares, strict=True):
            expected[torch.arange(length), list(path)] += share
        near(torch.from_numpy(probabilities[ends[row] : ends[row + 1]]), expected)


@pytest.mark.parametrize("crf", ["yes", "no"])
def test_tags_of_spans_are_answered_in_their_scheme_whatever_the_scores(crf: str) -> None:
    model, field = built("spans", crf), fitted("spans")
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(0, 9, (50,), generator=generator)
    scores = Sequences(torch.randn(50, 8, 5, generator=generator, dtype=torch.float64) * 20, lengths)
    predicted, shares = answered(model, scores)
    assert shares is not None and shares.sum(1) == pytest.approx(1)
    for row in np.split(predicted, np.cumsum(lengths.numpy())[:-1]):
        if len(row):
            assert illegal(field.decode(row), "IOB2") is None


@pytest.mark.parametrize(("crf", "output", "acts"), [("auto", "spans", True), ("auto", "pos", False)])
def test_a_random_field_by_itself_where_tags_mark_spans(crf: str, output: str, acts: bool) -> None:
    model = built(output, crf)
    names = {name for name, _ in model.head.named_parameters()}
    assert ({"start", "transitions", "end"} <= names) is acts
    saved = model.state_dict()
    assert ("head.transitions" in saved) is acts and not any("may_" in name for name in saved)


def test_a_row_that_breaks_the_scheme_costs_much_and_not_without_end() -> None:
    for crf in ("yes", "no"):
        model, field = built("spans", crf), fitted("spans")
        wrong = field.collate([field.encode(["I-X", "O", "I-Y"], Place())])
        here = Batch({**batch("words", "shop", rows=[0]).columns, "spans": wrong}, IDS[:1])
        model.loss(here).backward()
        assert model.loss(here).isfinite() and all(part.grad.isfinite().all() for part in model.parameters())


@pytest.mark.parametrize(("output", "crf"), CASES)
def test_a_batch_without_steps_has_no_loss_and_no_gradient(output: str, crf: str) -> None:
    model = built(output, crf)
    here = batch("words", "shop", output, rows=[3, 3])
    loss = model.loss(here)
    assert loss.item() == 0
    loss.backward()
    assert not any(part.grad.any() for part in model.parameters() if part.grad is not None)
    scores, losses = model.losses(here)
    assert losses.tolist() == [0, 0]
    predicted, shares = answered(model, scores)
    assert predicted.shape == (0,) and (shares is None or shares.shape == (0, scores.data.shape[2]))


def test_a_column_without_time_says_the_same_at_every_step() -> None:
    model = built("pos", "no", "shop", "words", "signal")
    here = batch("words", "shop", "signal", "pos")
    shop, words, signal = model.encode(here)
    assert isinstance(model.head, TagsHead)
    joined = torch.cat([shop.hidden.expand(-1, 4, -1), words.hidden, signal.hidden], 2)
    expected = F.linear(joined, model.head.steps.weight, model.head.steps.bias)
    near(model(here).data, expected)
    assert model(here).lengths.tolist() == LENGTHS.tolist()


@pytest.mark.parametrize(("output", "crf"), CASES)
def test_every_weight_learns(output: str, crf: str) -> None:
    model = built(output, crf, "words", "signal", "shop")
    model.loss(batch("words", "signal", "shop", output)).backward()
    assert [name for name, part in model.named_parameters() if part.grad is None or not part.grad.any()] == []


@pytest.mark.parametrize(
    ("output", "task", "network", "said"),
    [
        ("heat", {"crf": "yes"}, {}, '--set crf=yes: column "heat" holds numbers'),
        ("heat", {"crf": "no"}, {}, "--set crf=no"),
        ("pos", {"loss": "absolute"}, {}, '--set loss=absolute: column "pos" holds tags'),
        ("spans", {"loss": "squared"}, {}, "--set loss=squared"),
        ("pos", {}, {"pooling": "last"}, "--set pooling=last: every step is answered"),
        ("heat", {}, {"bag": "no"}, "--set bag=no: every step is answered"),
    ],
)
def test_what_cannot_act_is_refused(output: str, task: dict[str, Any], network: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        built(output, task.get("crf", "auto"), loss=task.get("loss"), **network)
    assert said in str(refused.value) and "leave it out" in str(refused.value)


@pytest.mark.parametrize(("output", "crf"), CASES)
def test_a_split_is_answered_row_by_row_whatever_the_batches(output: str, crf: str) -> None:
    """Batches put rows of similar length together; the answers come back in the order of the rows."""
    model = built(output, crf)
    values = {name: (COLUMNS | OUTPUTS)[name][1] for name in ("words", "shop", output)}
    records = read(values, DataSettings())
    field = fitted(output)
    dataset = Dataset(records, {name: fitted(name) for name in values})
    found = [answer(model, dataset, field, batch_size=size) for size in (1, 2, 5)]
    scores, losses = model.losses(whole(output))
    direct, _ = answered(model, scores)
    expected = np.array(field.decode(direct)) if output == "heat" else direct
    for answers in found:
        outcome = answers.outcome
        assert outcome.lengths is not None and outcome.lengths.tolist() == LENGTHS.tolist()
        assert outcome.predicted == pytest.approx(expected, rel=1e-12)
        assert answers.losses == pytest.approx(losses.detach().numpy(), rel=1e-10)
        decoded = [value for row in OUTPUTS[output][1] for value in row]
        raw = outcome.truth if output == "heat" else field.decode(outcome.truth)
        assert list(raw) == (pytest.approx(decoded, abs=1e-6) if output == "heat" else decoded)
        figures = measured(outcome)
        assert ("span_f1" in figures) == (output == "spans") and ("rmse" in figures) == (output == "heat")
        if crf == "no" and output == "pos":
            assert figures["cross_entropy"] == pytest.approx(float((losses.detach() * LENGTHS).sum() / 10))
        rows = answered_rows(field, Answers(outcome, None))
        assert [len(row["predicted"]) for row in rows] == LENGTHS.tolist()
        for row, shares in zip(rows, outcome.by_row(np.arange(10)), strict=True):
            if outcome.probabilities is None:
                assert set(row) == {"predicted"} and all(isinstance(value, float) for value in row["predicted"])
            else:
                believed = outcome.probabilities[shares, outcome.predicted[shares]]
                assert set(row) == {"predicted", "sure"} and row["sure"] == believed.tolist()
    without = answer(model, Dataset(records, {n: fitted(n) for n in ("words", "shop")}), field, truth=False)
    assert without.losses is None and without.outcome.predicted == pytest.approx(expected, rel=1e-12)
