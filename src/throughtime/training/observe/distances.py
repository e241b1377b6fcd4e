"""How far back a gradient reaches: its norm at every distance from the step at which the loss looks at the state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from throughtime.batch import Batch
from throughtime.cells.recurrent import Direction
from throughtime.training.observe.watched import Call, Watched, watched

WHOLE = "all"  # the norm over all states together


@dataclass(frozen=True)
class Distances:
    """‖∂L_t/∂s_{t-k}‖ for k = 0, 1, ...: ``norms["h"][k]``, the mean over so many ``rows``.

    ``L_t`` is the loss as it depends on the output of one step t alone: for each row the last step, as the direction
    runs, at which the loss looks at the output. Where it looks at none, but at the last states, as a decoder that
    begins from them does, it is the loss as it depends on these. ``norms["all"]`` is that of all states together,
    ``norms["c"]`` counts what c hands to the next step, not what goes through h of its own step: with h and c as
    coordinates, the gradient is ∂L_t/∂h_t times the product of the steps' Jacobians. There is more to learn from some
    rows than from others, so all distances are means over the same rows: those that go as far back as the middle one,
    so far.
    """

    place: str
    norms: Mapping[str, np.ndarray]
    rows: int

    def __len__(self) -> int:
        return len(self.norms[WHOLE])


def gradients_by_distance(model: nn.Module, batch: Batch) -> list[Distances]:
    """For every recurrent layer and direction of ``model.loss(batch)``; nothing where no gradient enters.

    >>> from throughtime.batch import Batch
    >>> from throughtime.cells.recurrent import Recurrent
    >>> class Last(nn.Module):
    ...     "The square of a linear recurrence's last state."
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.layer = Recurrent("rnn:activation=identity,bias=no", 1, 1)
    ...         nn.init.constant_(self.layer.weight_hh_l0, 0.5)
    ...     def loss(self, batch):
    ...         return self.layer(batch["x"])[0][:, -1].square().sum() / 2
    >>> (found,) = gradients_by_distance(Last(), Batch({"x": torch.ones(1, 4, 1)}, torch.arange(1)))
    >>> (found.norms["h"] / found.norms["h"][0]).tolist()
    [1.0, 0.5, 0.25, 0.125]
    """
    return distances(watched(model, batch))


def distances(seen: Watched) -> list[Distances]:
    """The same of a batch that was run already; its graph is kept."""
    outputs = [call.output[0] for call in seen.calls]
    entering = torch.autograd.grad(seen.loss, outputs, retain_graph=True, allow_unused=True, materialize_grads=True)
    found = []
    for call, gradient in zip(seen.calls, entering, strict=True):
        by_states = None if bool((gradient != 0).any()) else _by_states(call, seen.loss)
        for backward in (False, True) if call.layer.bidirectional else (False,):
            if by_states is None:
                found += _one_way(call, gradient, backward)
            else:
                found += _from_the_end(call, by_states, backward)
    return found


def _by_states(call: Call, loss: Tensor) -> list[Tensor]:
    """The gradient of the loss by each of the last states that were handed on."""
    handed = [state for state in call.handed if state.requires_grad]
    if len(handed) < len(call.handed):
        return [torch.zeros_like(state) for state in call.handed]
    return list(torch.autograd.grad(loss, handed, retain_graph=True, allow_unused=True, materialize_grads=True))


def _from_the_end(call: Call, gradients: Sequence[Tensor], backward: bool) -> list[Distances]:
    """All layers in one direction, back from the last states, where the loss looks at those alone."""
    directions = 2 if call.layer.bidirectional else 1
    mine = [gradient[int(backward) :: directions] for gradient in gradients]
    rows = torch.stack([(gradient != 0).transpose(0, 1).flatten(1).any(1) for gradient in mine]).any(0)
    rows = rows & (call.lengths > 0)
    if not bool(rows.any()):
        return []
    pairs = zip(call.handed, mine, strict=True)
    value = torch.stack([(state[int(backward) :: directions] * gradient).sum() for state, gradient in pairs]).sum()
    ways = [direction for direction in call.states if direction.backward == backward]
    wanted = [state for way in ways for states in call.states[way].values() for state in states]
    squares = _squared(value, wanted)
    return [_measured(call, way, squares, rows, call.lengths - 1) for way in ways]


def _one_way(call: Call, entering: Tensor, backward: bool) -> list[Distances]:
    """All layers in one direction, back from where the gradient ``(B, T, O, ...)`` last enters this direction."""
    mine = _own_half(entering, call, backward)
    steps = mine.shape[1]
    enters = (mine != 0).flatten(2).any(2)  # a gradient that is no number enters too
    numbers = torch.arange(steps, device=enters.device).expand_as(enters)
    # as the data stands: the last step of a forward direction, the first of a backward one
    at = numbers.where(enters, steps).amin(1) if backward else numbers.where(enters, -1).amax(1)
    rows = enters.any(1)
    if not bool(rows.any()):
        return []
    picked = torch.zeros_like(enters)
    picked[rows, at[rows]] = True
    injected = mine * picked.reshape(*picked.shape, *(1 for _ in mine.shape[2:]))
    begins = call.lengths - 1 - at if backward else at  # the same step, counted as the direction runs
    ways = [direction for direction in call.states if direction.backward == backward]
    wanted = [state for way in ways for states in call.states[way].values() for state in states]
    squares = _squares(call.output[0], wanted, injected)
    return [_measured(call, way, squares, rows, begins) for way in ways]


def _own_half(entering: Tensor, call: Call, backward: bool) -> Tensor:
    """What enters by the output of this direction; 0 in the other's half."""
    if not call.layer.bidirectional:
        return entering
    mine, size = torch.zeros_like(entering), entering.shape[2] // 2
    half = slice(size, None) if backward else slice(size)
    mine[:, :, half] = entering[:, :, half]
    return mine


def _squares(output: Tensor, states: Sequence[Tensor], injected: Tensor) -> Iterator[Tensor]:
    """The squared norm of the gradient of each state, a number a row ``(B,)``."""
    # a sum, and not the output with a gradient handed in, for which torch imports half a second's worth of modules
    return _squared((output * injected).sum(), states)


def _squared(value: Tensor, states: Sequence[Tensor]) -> Iterator[Tensor]:
    gradients = torch.autograd.grad(value, states, retain_graph=True, allow_unused=True, materialize_grads=True)
    return (gradient.flatten(1).double().square().sum(1) for gradient in gradients)


def _measured(call: Call, way: Direction, squares: Iterator[Tensor], rows: Tensor, begins: Tensor) -> Distances:
    """From the squared norms by step to mean norms by distance, each over the same rows: the longer half."""
    longest = int(begins[rows].median())
    kept = rows & (begins >= longest)
    back = begins[kept][:, None] - torch.arange(longest + 1, device=begins.device)
    norms, whole = {}, torch.zeros(1, dtype=torch.float64, device=begins.device)
    for name, states in call.states[way].items():
        found = torch.stack([next(squares) for _ in states], 1)[kept].gather(1, back)
        norms[name], whole = found.sqrt().mean(0).cpu().numpy(), whole + found
    norms[WHOLE] = whole.sqrt().mean(0).cpu().numpy()
    return Distances(call.place(way), norms, len(back))
