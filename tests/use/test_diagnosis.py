"""The verdict on a network's memory, over planted cases; the truth of each comes from the product of Jacobians."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from throughtime.batch import Batch, Sequences
from throughtime.cells.recurrent import Recurrent
from throughtime.training.observe import gradients_by_distance
from throughtime.training.observe.distances import WHOLE
from throughtime.use.inspect.memory.context import context
from throughtime.use.inspect.memory.diagnosis import diagnose
from throughtime.use.inspect.memory.evidence import looked_into
from throughtime.use.inspect.memory.reach import reach

STEPS = 40


class Last(nn.Module):
    """A number from the last step of a layer: the adding problem's network."""

    def __init__(self, cell: str, units: int = 12, inputs: int = 2, **options: Any) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(4)
        self.layer = Recurrent(cell, inputs, units, generator=generator, **options)
        self.out = nn.Parameter(torch.randn(self.layer.output_size, generator=generator) / units**0.5)

    def loss(self, batch: Batch) -> Tensor:
        x = batch["x"]
        assert isinstance(x, Sequences)
        hidden, _ = self.layer(x.data, x.lengths, draw=batch.draw)
        last = hidden[torch.arange(len(hidden)), x.lengths - 1]
        return (last @ self.out - batch["y"]).square().mean()


def adding(rows: int, steps: int, dtype: torch.dtype = torch.float32) -> Batch:
    """Numbers, and marks on two of them, whose sum is wanted."""
    generator = torch.Generator().manual_seed(9)
    x = torch.zeros(rows, steps, 2, dtype=dtype)
    x[..., 0] = torch.rand(rows, steps, generator=generator, dtype=dtype)
    y = torch.zeros(rows, dtype=dtype)
    for row in range(rows):
        first, second = torch.randperm(steps, generator=generator)[:2].tolist()
        x[row, [first, second], 1] = 1
        y[row] = x[row, first, 0] + x[row, second, 0]
    return Batch({"x": Sequences(x, torch.full((rows,), steps)), "y": y}, torch.arange(rows))


def by_jacobians(model: Last, x: Tensor, y: Tensor) -> dict[str, np.ndarray]:
    """‖∂L/∂s_{t-k}‖ of one row by the definition: the loss's own gradient times the steps' Jacobians, one by one."""
    layer, count = model.layer, len(model.layer.graph.states)
    states = [layer.zero_state(x[None])]

    def step(number: int) -> Callable[[Tensor], Tensor]:
        def one(flat: Tensor) -> Tensor:
            state = tuple(part.view(1, 1, -1) for part in flat.chunk(count))
            return torch.cat([part.flatten() for part in layer(x[None, number : number + 1], state=state)[1]])

        return one

    def flat(state: tuple[Tensor, ...]) -> Tensor:
        return torch.cat([part.flatten() for part in state]).detach()

    for number in range(len(x)):
        states.append(layer(x[None, number : number + 1], state=states[-1])[1])
    last = flat(states[-1]).requires_grad_()
    error = (last[: layer.hidden_size] @ model.out - y).square()
    row = torch.autograd.grad(error, last)[0]
    norms: dict[str, list[float]] = {name: [] for name in (*layer.graph.states, WHOLE)}
    for number in range(len(x) - 1, -1, -1):
        for name, part in zip(layer.graph.states, row.chunk(count), strict=True):
            norms[name].append(float(part.norm()))
        norms[WHOLE].append(float(row.norm()))
        jacobian = torch.autograd.functional.jacobian(step(number), flat(states[number]))
        row = row @ jacobian
    return {name: np.array(values) for name, values in norms.items()}


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_gradients_by_distance_equal_the_product_of_jacobians(cell: str) -> None:
    model, batch = Last(cell), adding(1, 200)
    (found,) = gradients_by_distance(model, batch)
    x = batch["x"]
    assert isinstance(x, Sequences)
    truth = by_jacobians(model.double(), x.data[0].double(), batch["y"].double()[0])
    assert len(found) == 200
    for name, norms in truth.items():
        # float32's smallest normal number bounds what it can say; all of these curves stay far above it
        np.testing.assert_allclose(found.norms[name], norms, rtol=1e-4, atol=1e-34, err_msg=name)


def test_rows_of_unequal_lengths_count_from_their_own_last_step() -> None:
    model, batch = Last("lstm").double(), adding(3, 30, torch.float64)
    lengths = torch.tensor([30, 11, 22])
    x = batch["x"]
    assert isinstance(x, Sequences)
    uneven = Batch({"x": Sequences(x.data, lengths), "y": batch["y"]}, batch.sample_ids)
    (found,) = gradients_by_distance(model, uneven)
    rows = [by_jacobians(model, x.data[k, :length], batch["y"][k]) for k, length in enumerate(lengths.tolist())]
    assert (len(found), found.rows) == (22, 2)  # as far as the middle row goes, and of the rows that go so far
    longer = (rows[0][WHOLE][:22] + rows[2][WHOLE]) / 2
    np.testing.assert_allclose(found.norms[WHOLE], longer / 3, rtol=1e-9)  # the loss is a mean over three rows


class Handed(nn.Module):
    """Looks at the last states alone, as a decoder does that begins from them."""

    def __init__(self, seen: Last) -> None:
        super().__init__()
        self.seen = seen

    def loss(self, batch: Batch) -> Tensor:
        x = batch["x"]
        assert isinstance(x, Sequences)
        _, states = self.seen.layer(x.data, x.lengths)
        return (states[0][-1] @ self.seen.out - batch["y"]).square().mean()


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_what_looks_at_the_last_states_alone_learns_as_far_back(cell: str) -> None:
    model, batch = Last(cell).double(), adding(3, 30, torch.float64)
    x = batch["x"]
    assert isinstance(x, Sequences)
    uneven = Batch({"x": Sequences(x.data, torch.tensor([30, 11, 22])), "y": batch["y"]}, batch.sample_ids)
    (by_output,) = gradients_by_distance(model, uneven)
    (by_states,) = gradients_by_distance(Handed(model), uneven)
    assert by_states.rows == by_output.rows
    for name, norms in by_output.norms.items():
        np.testing.assert_allclose(by_states.norms[name], norms, rtol=1e-9, err_msg=name)


def turning(radius: float, activation: str) -> Last:
    """A recurrence that multiplies every length by ``radius`` a step: of a rotation, or for ReLU a permutation."""
    model = Last(f"rnn:activation={activation},bias=no")
    size = model.layer.hidden_size
    drawn = torch.randn(size, size, generator=torch.Generator().manual_seed(2))
    matrix = torch.linalg.qr(drawn).Q if activation == "identity" else torch.eye(size).roll(1, 0)
    with torch.no_grad():
        model.layer.weight_hh_l0.copy_(radius * matrix)
        model.layer.weight_ih_l0.abs_().add_(0.1)  # so that every ReLU is awake
        model.out.abs_()
    return model


def bias(model: Last, gate: int, value: float) -> Last:
    """The bias of one gate of an LSTM, in torch's order i f g o."""
    size = model.layer.hidden_size
    with torch.no_grad():
        model.layer.bias_l0[gate * size : (gate + 1) * size] = value
    return model


def dead() -> Last:
    """A ReLU network of which a third of the units is shut for ever by its bias."""
    model = turning(1.0, "relu")
    whole = Last("rnn:activation=relu")
    with torch.no_grad():
        whole.layer.weight_hh_l0.copy_(0.9 * torch.eye(12))
        whole.layer.weight_ih_l0.copy_(model.layer.weight_ih_l0)
        whole.layer.bias_l0[:4] = -100
    return whole


COURSES = {
    "linear, 0.5": (lambda: turning(0.5, "identity"), "vanishing", 0.5),
    "linear, 1.5": (lambda: turning(1.5, "identity"), "exploding", 1.5),
    "linear, 1": (lambda: turning(1.0, "identity"), None, 1.0),
    "relu, 0.5": (lambda: turning(0.5, "relu"), "vanishing", 0.5),
    "relu, 1.5": (lambda: turning(1.5, "relu"), "exploding", 1.5),
    "forget bias -5": (lambda: bias(Last("lstm"), 1, -5.0), "forgetting", None),
    "forget gate open": (lambda: bias(bias(Last("lstm"), 1, 12.0), 0, -6.0), None, None),
}


@pytest.mark.parametrize("case", COURSES)
def test_the_course_of_the_gradient(case: str) -> None:
    make, expected, rate = COURSES[case]
    model, batch = make(), adding(4, STEPS)
    found = {finding.name: finding for finding in diagnose(looked_into(model, batch))}
    x = batch["x"]
    assert isinstance(x, Sequences)
    truth = reach(by_jacobians(model.double(), x.data[0].double(), batch["y"].double()[0])[WHOLE])
    course = {"vanishing": "vanishes", "exploding": "explodes", "forgetting": "vanishes"}.get(expected or "")
    if expected is None:
        assert truth.course in ("carries", "fades")
        assert not {"vanishing", "exploding", "forgetting"} & set(found)
        return
    assert truth.course == course
    assert expected in found
    assert {"vanishing", "exploding"} & set(found) == {
        course.replace("vanishes", "vanishing").replace("explodes", "exploding")
    }
    if rate is not None:
        assert truth.rate == pytest.approx(rate, rel=1e-4)
        assert found[expected].figures["rate"] == pytest.approx(rate, rel=1e-3)
    assert found[expected].advice and found[expected].place == "layer, layer 0"


def test_a_shut_output_gate() -> None:
    model = bias(Last("lstm"), 3, -30.0)
    found = [finding for finding in diagnose(looked_into(model, adding(4, STEPS))) if finding.name == "stuck"]
    assert [finding.figures["quantity"] for finding in found] == ["o"]
    assert "shut" in found[0].words
    # the truth: ∂h_t/∂c_t = o tanh'(c), nothing gets out
    x = adding(1, STEPS)["x"]
    assert isinstance(x, Sequences)
    assert float(model.layer(x.data)[0].abs().max()) < 1e-12


def test_gates_that_move_are_not_called_stuck() -> None:
    assert not [f for f in diagnose(looked_into(Last("lstm"), adding(4, STEPS))) if f.name in ("stuck", "dead")]


def test_dead_units() -> None:
    model, batch = dead(), adding(4, STEPS)
    (found,) = [finding for finding in diagnose(looked_into(model, batch)) if finding.name == "dead"]
    x = batch["x"]
    assert isinstance(x, Sequences)
    state = model.layer.zero_state(x.data)[0]
    step = torch.autograd.functional.jacobian(lambda h: model.layer(x.data[:1, :1], state=(h,))[1][0], state[:, :1])
    silent = (step.reshape(12, 12).abs().sum(1) == 0).float().mean()  # units whose row of the Jacobian is 0
    assert found.figures["share"] == pytest.approx(float(silent)) == pytest.approx(4 / 12)


class Delay(nn.Module):
    """A line of units that hands a number on, a unit a step: the output is the input of ``steps`` - 1 steps before."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.layer = Recurrent("rnn:activation=identity,bias=no", 1, steps)
        with torch.no_grad():
            self.layer.weight_hh_l0.copy_(torch.eye(steps).roll(1, 0).tril())
            self.layer.weight_ih_l0.copy_(torch.eye(steps)[:, :1])

    def loss(self, batch: Batch) -> Tensor:
        return (self.layer(batch["x"])[0][:, -1, -1] - batch["y"]).square().mean()


def test_a_context_shorter_than_the_task_needs() -> None:
    model, needs = Delay(13), 13
    x = torch.randn(32, STEPS, 1, generator=torch.Generator().manual_seed(3))
    batch = Batch({"x": x, "y": x[:, -needs, 0].clone()}, torch.arange(32))

    def loss_at(k: int) -> np.ndarray:
        cut = model.layer(x[:, -k:])[0][:, -1, -1]
        return (cut - batch["y"]).square().double().detach().numpy()

    measured = context(loss_at, STEPS)
    short = looked_into(model, batch, context=measured, window=8, window_option="bptt")
    (found,) = [finding for finding in diagnose(short) if finding.name == "short"]
    # the truth: the last output hangs on one input alone, that of 12 steps before
    jacobian = torch.autograd.functional.jacobian(lambda given: model.layer(given)[0][0, -1, -1], x[:1])[0, :, 0]
    assert STEPS - int(jacobian.nonzero()[0, 0]) == needs == measured.needs == found.figures["needs"]
    assert found.advice[0].settings == {"bptt": 26}
    enough = looked_into(model, batch, context=measured, window=32, window_option="bptt")
    assert not [finding for finding in diagnose(enough) if finding.name == "short"]


def trained(rate: float, clip: float | None, updates: int = 60) -> tuple[Last, dict[str, Any]]:
    """A plain training run on the adding problem, with what the loop would note of it."""
    model = Last("rnn", units=8)
    rows, observations = [], []
    for _ in range(3):
        losses, norms, clipped = [], [], 0
        for _ in range(updates // 3):
            model.zero_grad()
            loss = model.loss(adding(8, 10))
            loss.backward()
            norm = float(nn.utils.clip_grad_norm_(model.parameters(), clip or float("inf")))
            before = model.layer.weight_hh_l0.detach().clone()
            with torch.no_grad():
                for weight in model.parameters():
                    weight -= rate * weight.grad
            ratio = float((model.layer.weight_hh_l0.detach() - before).norm() / before.norm())
            observations.append({"parameters": {"layer.weight_hh_l0": {"ratio": ratio}}})
            losses.append(float(loss.detach()))
            norms.append(norm)
            clipped += clip is not None and norm > clip
        row = {"train": {"loss": np.mean(losses)}, "gradient_norm": np.mean(norms), "clipped": clipped / (updates // 3)}
        rows.append(row)
    return model, {"history": rows, "observations": observations, "learning_rate": rate, "clip_norm": clip}


def test_a_bound_that_clips_every_update() -> None:
    model, known = trained(0.01, 1e-4)
    assert all(row["clipped"] == 1 for row in known["history"])
    (found,) = [f for f in diagnose(looked_into(model, adding(4, 10), **known)) if f.name in ("clipping", "rate")]
    assert found.name == "clipping"
    assert found.advice[0].settings["clip_norm"] > 100 * 1e-4


def test_a_learning_rate_that_explodes() -> None:
    model, known = trained(3.0, None)
    names = [f.name for f in diagnose(looked_into(model, adding(4, 10), **known))]
    assert "rate" in names


def test_a_training_that_goes_well_has_neither() -> None:
    model, known = trained(0.05, 5.0)
    assert not [f for f in diagnose(looked_into(model, adding(4, 10), **known)) if f.name in ("clipping", "rate")]
