"""A value that is not finite is found where it begins: the tensor, the layer, the time step and the sample."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from throughtime.batch import Batch, Draw, Sequences
from throughtime.cells import record, relu, sqrt
from throughtime.cells.recurrent import Recurrent
from throughtime.training.observe import Located, locate

LENGTHS = torch.tensor([4, 7, 2])
IDS = torch.tensor([31, 8, 17])


class Network(nn.Module):
    """A number for each sample from the mean of a recurrent layer's output."""

    def __init__(self, layer: Recurrent) -> None:
        super().__init__()
        self.layer = layer
        self.out = nn.Linear(layer.output_size, 1, dtype=torch.float64)

    def forward(self, x: Sequences, draw: Draw | None = None) -> Tensor:
        hidden, _ = self.layer(x.data, x.lengths, draw=draw)
        return self.out(hidden.sum(1) / x.lengths[:, None])[:, 0]

    def loss(self, batch: Batch) -> Tensor:
        return (self(batch["x"], batch.draw) - batch["y"]).square().mean()


def network(cell: Any = "rnn:activation=relu", **options: Any) -> Network:
    generator = torch.Generator().manual_seed(5)
    made = Network(Recurrent(cell, 2, 3, generator=generator, **options).double())
    with torch.no_grad():
        made.out.weight.copy_(torch.tensor([[0.3, -0.7, 0.4] * (made.layer.output_size // 3)]))
    return made


def batch(offset: int = 0) -> Batch:
    """Positive inputs, so that a relu passes them on; poison in the padding, which is nobody's business."""
    generator = torch.Generator().manual_seed(2)
    x = torch.rand(3, 7, 2, generator=generator, dtype=torch.float64) + 0.1
    x[torch.arange(7) >= LENGTHS[:, None]] = math.nan
    y = torch.randn(3, generator=generator, dtype=torch.float64)
    return Batch({"x": Sequences(x, LENGTHS), "y": y}, IDS, offset)


def column(found: Batch, name: str) -> Tensor:
    values = found[name]
    return values.data if isinstance(values, Sequences) else values


def overflowing(model: Network, row: int, step: int, backward: bool = False) -> Batch:
    """A batch in which one input is so large that its product with W overflows."""
    found = batch()
    column(found, "x")[row, step, 1] = 1e300
    name = "weight_ih_l0" + ("_reverse" if backward else "")
    with torch.no_grad():
        model.layer.get_parameter(name).abs_().mul_(1e10)
    return found


def test_nothing_is_found_where_all_is_finite_and_nothing_is_left_behind() -> None:
    model = network(num_layers=2, bidirectional=True)
    assert locate(model, batch()) is None
    assert all(weight.grad is None for weight in model.parameters())
    assert model.layer.watch is None
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(("row", "step"), [(0, 3), (1, 0), (1, 6), (2, 1)])
def test_in_a_column_of_the_input(row: int, step: int, value: float) -> None:
    found = batch()
    column(found, "x")[row, step, 1] = value
    place = locate(network(), found)
    assert place is not None
    assert str(place) == (
        f'the first value that is not finite is {value} in the column "x" at time step {step} of sample {int(IDS[row])}'
    )


def test_the_earliest_step_comes_first_then_the_row() -> None:
    found = batch()
    for row, step in ((0, 2), (1, 1), (2, 1)):
        column(found, "x")[row, step, 0] = math.nan
    place = locate(network(), found)
    assert place is not None and (place.step, place.sample) == (1, 8)


def test_in_the_truth() -> None:
    found = batch()
    column(found, "y")[2] = math.inf
    assert locate(network(), found) == Located('the column "y"', math.inf, None, 17)


def test_in_a_sequence_of_single_numbers() -> None:
    values = torch.rand(3, 7)
    values[1, 4] = math.inf
    found = Batch({**batch().columns, "z": Sequences(values, LENGTHS)}, IDS, offset=10)
    assert locate(network(), found) == Located('the column "z"', math.inf, 14, 8)


@pytest.mark.parametrize("name", ["layer.weight_ih_l0", "layer.weight_hh_l1_reverse", "layer.bias_l1", "out.weight"])
def test_in_a_weight(name: str) -> None:
    model = network("gru", num_layers=2, bidirectional=True)
    with torch.no_grad():
        model.get_parameter(name).view(-1)[1] = -math.inf
    place = locate(model, batch())
    assert str(place) == f"the first value that is not finite is -inf in the weight {name}"


@pytest.mark.parametrize("engine", ["auto", "reference"])
@pytest.mark.parametrize(("row", "step"), [(0, 0), (1, 5), (2, 1)])
def test_in_the_state_at_the_step_where_it_overflows(row: int, step: int, engine: str) -> None:
    model = network(engine=engine)
    place = locate(model, overflowing(model, row, step))
    assert place is not None and place.value == math.inf
    assert (place.step, place.sample) == (step, int(IDS[row]))
    assert "of the cell in layer, layer 0" in place.tensor and "backward" not in place.tensor


@pytest.mark.parametrize(("row", "step"), [(0, 3), (1, 2), (2, 0)])
def test_in_the_state_of_the_backward_direction(row: int, step: int) -> None:
    model = network(bidirectional=True)
    place = locate(model, overflowing(model, row, step, backward=True))
    assert place is not None and (place.step, place.sample) == (step, int(IDS[row]))
    assert place.tensor.endswith("layer 0, backward")


def test_in_a_state_that_grows_step_by_step() -> None:
    """h grows 1e60 times a step, and only the longest row lives to see more than 1.8e308."""
    model = network()
    with torch.no_grad():
        model.layer.get_parameter("weight_hh_l0").copy_(torch.eye(3, dtype=torch.float64) * 1e60)
        model.layer.get_parameter("weight_ih_l0").fill_(1.0)
    place = locate(model, batch())
    assert place is not None and (place.step, place.sample) == (6, 8)


def test_the_second_layer_is_named() -> None:
    model = network(num_layers=2)
    with torch.no_grad():
        model.layer.get_parameter("weight_ih_l0").abs_()
        model.layer.get_parameter("weight_ih_l1").abs_().mul_(1e200)
    found = batch()
    column(found, "x")[1, 3] = 1e150
    place = locate(model, found)
    assert place is not None and (place.step, place.sample) == (3, 8)
    assert "in layer, layer 1" in place.tensor


def test_the_quantity_that_is_computed_first_is_named() -> None:
    model = network("lstm:activation=identity")
    found = batch()
    with torch.no_grad():
        weight = model.layer.get_parameter("weight_ih_l0")
        weight[6:9] = weight[6:9].abs() * 1e10  # the rows of g
    column(found, "x")[0, 2] = 1e300
    place = locate(model, found)
    assert place is not None and place.tensor.startswith("g of the cell") and (place.step, place.sample) == (2, 31)


def test_time_is_counted_from_the_start_of_the_sequence() -> None:
    model = network()
    found = overflowing(model, 1, 5)
    later = Batch(found.columns, IDS, offset=100)
    place = locate(model, later)
    assert place is not None and place.step == 105


def test_behind_the_layer_the_module_is_named() -> None:
    model = network()
    with torch.no_grad():
        model.out.weight.fill_(1e308)
        model.layer.get_parameter("weight_ih_l0").abs_().mul_(100)
    place = locate(model, batch())
    assert place is not None and place.tensor == "the output of out" and place.sample in IDS.tolist()


def test_in_the_loss_alone() -> None:
    model = network()
    with torch.no_grad():
        model.out.bias.fill_(1e200)  # its square is too large
    assert locate(model, batch()) == Located("the loss", math.inf)


def rooted(p: Any, x: Any, h: Any) -> Any:
    """Where relu shuts, the root is taken of 0: its derivative is infinite, and times relu's 0 it is NaN."""
    return sqrt(relu(p.W @ x) * (1 + p.u * h))


def with_a_root_of_zero(row: int, step: int, backward: bool = False) -> tuple[Network, Batch]:
    """One feature for each direction; in one of them relu shuts at one step of one row."""
    model, found = network(record(rooted), bidirectional=backward), batch()
    with torch.no_grad():
        for name, weight in model.layer.named_parameters():
            weight.abs_().add_(0.1)
            if name.startswith("weight"):
                weight[:, 0 if name.endswith("reverse") else 1] = 0
    column(found, "x")[row, step, 1 if backward else 0] = -50.0
    assert math.isfinite(float(model.loss(found).detach()))
    return model, found


@pytest.mark.parametrize(("row", "step"), [(1, 4), (0, 3), (2, 1)])
def test_in_the_gradient_of_the_state_that_went_into_the_step(row: int, step: int) -> None:
    place = locate(*with_a_root_of_zero(row, step))
    assert place is not None and math.isnan(place.value)
    assert place.tensor == "the gradient of h in layer, layer 0"
    assert (place.step, place.sample) == (step - 1, int(IDS[row]))


@pytest.mark.parametrize(("row", "step"), [(1, 4), (0, 2), (2, 0)])
def test_in_the_gradient_of_the_backward_direction(row: int, step: int) -> None:
    place = locate(*with_a_root_of_zero(row, step, backward=True))
    assert place is not None and math.isnan(place.value)
    assert place.tensor == "the gradient of h in layer, layer 0, counted from the end"
    steps_before = int(LENGTHS[row]) - 1 - step
    assert (place.step, place.sample) == (steps_before - 1, int(IDS[row]))


def test_in_the_gradient_of_a_weight_where_no_state_passes() -> None:
    model, found = with_a_root_of_zero(1, 0)  # before the first step no state is learned
    place = locate(model, found)
    assert place is not None and math.isnan(place.value)
    assert place.tensor.startswith("the gradient of the weight layer.") and (place.step, place.sample) == (None, None)
    assert all(weight.grad is None for weight in model.parameters())


def test_masks_are_drawn_again_as_they_were() -> None:
    """With dropout of the state's units what is located is what training saw: the same draw, twice the same place."""
    model = network(recurrent_dropout=0.5, zoneout=0.2).train()
    found = overflowing(model, 1, 2).drawing(3, 1, 4)
    places = [locate(model, found) for _ in range(3)]
    assert places[0] is not None and places == [places[0]] * 3
    assert places[0].sample == 8
