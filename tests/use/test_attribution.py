"""Integrated gradients: exact where the truth is known, complete over every task and cell, blind to padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import throughtime as tt
from tests.laws.material import KINDS, rows, tiny
from tests.models.test_forecasting import asked_of, forecaster, reads
from tests.models.test_language_model import field_of, model_of
from throughtime.api.prepare import prepare
from throughtime.api.rows import PreparedRows
from throughtime.batch import Batch, Sequences
from throughtime.cells import cells, exp, record, sigmoid, sqrt
from throughtime.cells.equations import Graph
from throughtime.data.batches import collated
from throughtime.errors import NonFiniteError
from throughtime.models.model import Model
from throughtime.models.tasks import build_model, tasks
from throughtime.use.inspect.explain import attribution, explain_row, explain_text
from throughtime.use.inspect.explain.asked import Asked
from throughtime.use.inspect.explain.attribution import Attribution, integrated_gradients
from throughtime.use.inspect.explain.decoded import explain_written
from throughtime.use.inspect.explain.exact import in_float64
from throughtime.use.inspect.explain.rows import attributed

FORMS = ["lstm", "gru", "rnn:activation=relu", "indrnn", "lstm_layernorm", "lstm_peephole", "gru_two_gate"]


def drawn(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def total(found: Attribution) -> float:
    return float(sum(part.sum() for part in found.inputs))


def assert_complete(found: Attribution) -> None:
    """By the measure that is promised, worked out here once more."""
    change = found.score - found.baseline
    assert found.complete
    assert abs(total(found) - change) <= 1e-3 * max(1.0, abs(change))
    assert abs(total(found) - change) <= found.gap + 1e-12


def test_of_a_linear_score_every_step_gives_its_own_term() -> None:
    inputs, weights = [drawn(5, 3), drawn(1, 4, seed=2)], [drawn(5, 3, seed=3), drawn(1, 4, seed=4)]

    def score(points: Sequence[Tensor]) -> Tensor:
        return 0.7 + sum((x * w).sum((1, 2)) for x, w in zip(points, weights, strict=True))

    found = integrated_gradients(score, inputs)
    for given, x, w in zip(found.inputs, inputs, weights, strict=True):
        np.testing.assert_allclose(given, (x * w).sum(1).numpy(), rtol=1e-12)
    assert found.baseline == pytest.approx(0.7) and found.complete


def test_what_two_steps_give_only_together_is_shared() -> None:
    x = torch.tensor([[2.0], [3.0], [5.0]], dtype=torch.float64)
    found = integrated_gradients(lambda points: points[0][:, 0, 0] * points[0][:, 1, 0], [x])
    np.testing.assert_allclose(found.inputs[0], [3.0, 3.0, 0.0], atol=1e-12)


def test_kinks_and_steep_beginnings_are_found() -> None:
    x = drawn(9, 4)

    def score(points: Sequence[Tensor]) -> Tensor:
        steep = points[0] / (points[0].square().mean(2, keepdim=True) + 1e-5).sqrt()
        return torch.relu(4 * points[0] - 0.37).amax(1).sum(1) + steep.sum((1, 2))

    assert_complete(integrated_gradients(score, [x]))


def test_what_is_not_complete_is_said_to_be_so() -> None:
    x = drawn(6, 2)

    def score(points: Sequence[Tensor]) -> Tensor:
        return (200 * points[0]).sin().sum((1, 2))

    found = integrated_gradients(score, [x], most=32)
    assert not found.complete and found.points == 32
    assert abs(total(found) - (found.score - found.baseline)) <= found.gap


def test_a_score_that_is_not_finite_is_refused() -> None:
    with pytest.raises(NonFiniteError, match="on the way from zero vectors"):
        integrated_gradients(lambda points: points[0].log().sum((1, 2)), [torch.ones(2, 2, dtype=torch.float64)])


def test_where_the_gradient_at_nothing_is_not_finite_nothing_asks_for_it() -> None:
    x = torch.tensor([[4.0], [9.0]], dtype=torch.float64)
    found = integrated_gradients(lambda points: points[0].sqrt().sum((1, 2)), [x])
    assert_complete(found)
    np.testing.assert_allclose(found.inputs[0], [2.0, 3.0], atol=1e-2)


def test_many_steps_are_run_in_several_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    x, w = drawn(50, 3), drawn(3, seed=5)

    def score(points: Sequence[Tensor]) -> Tensor:
        return torch.tanh(points[0] @ w).sum(1)

    whole = integrated_gradients(score, [x])
    monkeypatch.setattr(attribution, "STEPS", 110)
    np.testing.assert_allclose(integrated_gradients(score, [x]).inputs[0], whole.inputs[0], rtol=1e-12)


# ---- networks


def prepared(kind: str, graph: Graph | None = None, **changes: Any) -> tuple[PreparedRows, Model]:
    """Material and a network for it, all of whose weights are random, distinct and large."""
    task, *_ = KINDS[kind]
    options = {name: value for name, value in tiny(kind, **changes).items() if name != "task"}
    material = prepare(rows(kind), task, options, lambda said: None)
    assert isinstance(material, PreparedRows)
    settings = material.settings
    model = build_model(
        material.task, material.inputs, material.output_field, settings.network, settings.task, cell=graph
    ).eval()
    chance = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weight in model.parameters():
            weight.uniform_(-0.9, 0.9, generator=chance)
    return material, model


def attributions(kind: str, graph: Graph | None = None, **changes: Any) -> Iterator[Attribution]:
    """Of two rows."""
    material, model = prepared(kind, graph, **changes)
    for row in range(2):
        one = material.records("test").select([row])
        if material.output_field.kind == "tokens":
            yield explain_written(model, one, material.inputs, material.task.name).attribution
        else:
            yield explain_row(model, one, material.inputs, material.output_field, material.task.name).attribution


@pytest.mark.parametrize("cell", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_complete_over_every_kind_of_answer(kind: str, cell: str) -> None:
    for found in attributions(kind, cell=cell, bidirectional=True, layers=2):
        assert_complete(found)


@pytest.mark.parametrize("changes", [{"pooling": "max"}, {"pooling": "last"}, {"pooling": "attention"}, {"bag": "no"}])
def test_complete_over_every_pooling(changes: dict[str, Any]) -> None:
    for found in attributions("classify", **changes):
        assert_complete(found)


@pytest.mark.parametrize("changes", [{"crf": "no"}, {"crf": "yes"}, {"letters": "recurrent"}])
def test_complete_with_and_without_a_random_field_and_letters(changes: dict[str, Any]) -> None:
    for found in attributions("tags", **changes):
        assert_complete(found)


def strange(p: Any, x: Any, h: Any, k: Any) -> Any:
    """A cell of a reader's own."""
    gate = sigmoid(p.W_g @ x + p.U_g @ h + p.b_g)
    k = 0.5 * k + sqrt(exp(0.3 * (p.W_k @ x)) + gate)
    return gate * h + (1 - gate) * k, k


@pytest.mark.parametrize("kind", ["classify", "tags"])
def test_complete_over_a_readers_own_cell(kind: str) -> None:
    for found in attributions(kind, record(strange, name="strange"), bidirectional=True):
        assert_complete(found)


@pytest.mark.parametrize("changes", [{}, {"unit": "words", "tied": "yes"}, {"adaptive": "yes"}, {"cell": "gru"}])
def test_complete_over_the_next_token(changes: dict[str, Any]) -> None:
    unit = changes.get("unit", "characters")
    model, field = model_of(**changes), field_of(11, unit)
    text = "abcgfeab" if unit == "characters" else "w0 w3 w2 w5 w5 w1"
    for step in (None, 3, 5):
        assert_complete(explain_text(model, field, text, "language_model", step=step).attribution)


@pytest.mark.parametrize("decoding", ["direct", "recursive"])
@pytest.mark.parametrize("normalise", ["last", "standard"])
@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn:activation=relu"])
def test_complete_over_a_forecast(cell: str, normalise: str, decoding: str) -> None:
    windows = reads(normalise)
    model = forecaster(windows, cell, decoding=decoding)
    asked, batch = asked_of(windows)
    for number, step in ((0, 0), (len(asked) // 2, 2), (len(asked) - 1, 3)):
        found = attributed(model, windows.batch(asked, np.array([number])), Asked(0, step))
        assert_complete(found)
        forecast, _ = model.head.forecast(model(batch))
        assert found.score == pytest.approx(forecast[number, step].item(), rel=1e-9)
        assert [len(given) for given in found.inputs][1:] == [4, 1, 1]  # what is known ahead, the place, which series


def test_every_task_is_among_them() -> None:
    elsewhere = {"language_model", "forecast", "transduce"}  # above; and in test_written
    assert {task for task, *_ in KINDS.values()} | elsewhere == set(tasks)
    assert {form.partition(":")[0] for form in FORMS} <= set(cells)


def test_of_a_linear_network_a_step_gives_what_it_gives_alone() -> None:
    material, model = prepared("regress", cell="rnn:activation=identity", pooling="mean", bidirectional=True)
    exact, batch = in_float64(model), collated(material.datasets["test"], np.array([0]))
    found = attributed(exact, batch, Asked(0))
    vectors, lengths = exact.vectors(batch), [batch["text"].lengths, torch.ones(1).long(), torch.ones(1).long()]  # type: ignore[union-attr]
    nothing = [torch.zeros_like(x) for x in vectors]
    base = exact.over(nothing, lengths)
    assert isinstance(base, Tensor)
    for k, x in enumerate(vectors):
        for step in range(x.shape[1]):
            alone = [part.clone() for part in nothing]
            alone[k][:, step] = x[:, step]
            given = exact.over(alone, lengths) - base  # type: ignore[operator]
            assert found.inputs[k][step] == pytest.approx(float(given), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("kind", ["classify", "tags", "steps"])
def test_padding_changes_nothing(kind: str) -> None:
    material, model = prepared(kind, bidirectional=True, layers=2)
    exact, batch = in_float64(model), collated(material.datasets["test"], np.array([1]))
    plain = attributed(exact, batch, Asked(0, 1 if kind != "classify" else None))
    longer = dict(batch.columns)
    for name, column in batch.columns.items():
        if isinstance(column, Sequences):
            behind = torch.ones(1, 3, *column.data.shape[2:], dtype=column.data.dtype)
            longer[name] = Sequences(torch.cat([column.data, behind], 1), column.lengths)
    padded = attributed(exact, Batch(longer, batch.sample_ids), Asked(0, 1 if kind != "classify" else None))
    for given, expected in zip(padded.inputs, plain.inputs, strict=True):
        assert len(given) == len(expected)
        np.testing.assert_allclose(given, expected, rtol=1e-9, atol=1e-12)


def test_the_model_stays_as_it_is(tmp_path: Path) -> None:
    trained = tt.train(rows("classify"), tmp_path / "run", **tiny("classify"))
    row = {"text": "a good film", "size": 2, "shop": "A"}
    before, weights = trained.predict([row]), trained.model.state_dict()
    kept = {name: weight.clone() for name, weight in weights.items()}
    trained.explain(row, nearest=0)
    assert trained.predict([row]) == before
    assert all(torch.equal(weight, kept[name]) for name, weight in trained.model.state_dict().items())
    assert all(weight.requires_grad and weight.grad is None for weight in trained.model.parameters())
