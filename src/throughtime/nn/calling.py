"""Torch's calling convention of recurrent modules: what a module is given, as the engine wants it, and back.

Wrong shapes, types and devices are refused as torch refuses them: by RuntimeError and ValueError in its words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from throughtime.cells.engine.contract import State
from throughtime.errors import UsageError


@dataclass(frozen=True)
class Wanted:
    """What a module asks of its inputs.

    ``features`` are those of a step, ``(input_size,)`` or ``(channels, height, width)``; each of ``states`` states is
    ``(rows, B, *units)``, with one row for each layer and direction. ``like`` is one of the weights.
    """

    name: str
    features: tuple[int, ...]
    states: int
    rows: int
    units: tuple[int, ...]
    batch_first: bool
    like: Tensor


@dataclass(frozen=True)
class Padded:
    """A call with a tensor: ``x (B, T, *features)``, a view of what was given; ``lengths (B,)`` or None for all."""

    x: Tensor
    lengths: Tensor | None
    state: State
    batched: bool
    batch_first: bool

    @property
    def sample(self) -> Tensor:
        """Something of the shape, type and device of x."""
        return self.x

    def dropout(self, x: Tensor, rate: float) -> Tensor:
        """Torch's dropout between two layers, on the very elements that it takes for the same seed."""
        return F.dropout(x.transpose(0, 1).contiguous(), rate).transpose(0, 1)

    def returned(self, output: Tensor, state: State) -> tuple[Tensor, State]:
        if not self.batched:
            return output[0], tuple(part[:, 0] for part in state)
        return output if self.batch_first else output.transpose(0, 1).contiguous(), state


@dataclass(frozen=True)
class Packed:
    """A call with a PackedSequence, of which ``x (B, T, *features)`` has the rows in the pack's own order."""

    given: PackedSequence
    state: State

    @property
    def sample(self) -> Tensor:
        return self.given.data[None]

    @property
    def x(self) -> Tensor:
        return self._whole[0]

    @cached_property
    def lengths(self) -> Tensor | None:
        lengths = self._whole[1]
        return None if int(lengths[-1]) == int(lengths[0]) else lengths.to(self.given.data.device)

    def dropout(self, x: Tensor, rate: float) -> Tensor:
        return self._padded(F.dropout(self._data(x), rate))[0]

    def returned(self, output: Tensor, state: State) -> tuple[PackedSequence, State]:
        _, batch_sizes, order, back = self.given
        packed = PackedSequence(self._data(output), batch_sizes, order, back)
        return packed, state if back is None else tuple(part.index_select(1, back) for part in state)

    @cached_property
    def _whole(self) -> tuple[Tensor, Tensor]:
        return self._padded(self.given.data)

    def _padded(self, data: Tensor) -> tuple[Tensor, Tensor]:
        return pad_packed_sequence(PackedSequence(data, self.given.batch_sizes), batch_first=True)

    def _data(self, x: Tensor) -> Tensor:
        return pack_padded_sequence(x, self._whole[1], batch_first=True).data


def called(
    wanted: Wanted, given: Tensor | PackedSequence, hx: Tensor | Sequence[Tensor] | None, lengths: Tensor | None
) -> Padded | Packed:
    """What a module was called with; ``hx`` is one tensor for a cell of one state, else a tuple of them.

    Under autocast all comes to the weights' own type, in which the engine computes.
    """
    if isinstance(given, PackedSequence):
        return _packed(wanted, given, hx, lengths)
    deep = 1 + len(wanted.features)
    if given.dim() not in (deep, deep + 1):
        raise ValueError(f"{wanted.name}: Expected input to be {deep}D or {deep + 1}D, got {given.dim()}D instead")
    batched = given.dim() > deep
    x = _checked_data(wanted, given)
    x = x[None] if not batched else x if wanted.batch_first else x.transpose(0, 1)
    if x.shape[1] == 0:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
    state = None if hx is None else _parts(wanted, hx)
    if state is not None:
        _check_depth(state, batched, deep)
        state = state if batched else tuple(part[:, None] for part in state)
    if lengths is not None and not batched:
        raise UsageError("lengths go with a batch; this input is one sequence, which ends where it ends")
    lengths = None if lengths is None else _checked_lengths(lengths, x)
    return Padded(x, lengths, _checked_state(wanted, state, x, x.shape[0]), batched, wanted.batch_first)


def autocast_dtype(device: torch.device) -> torch.dtype | None:
    """To which type autocast brings tensors there; None outside autocast."""
    if not torch.amp.is_autocast_available(device.type) or not torch.is_autocast_enabled(device.type):
        return None
    return torch.get_autocast_dtype(device.type)


def as_autocast(x: Tensor, state: State) -> tuple[Tensor, State]:
    """Results in the type in which autocast's functions give theirs."""
    cast = autocast_dtype(x.device)
    if cast is None or x.dtype != torch.float32:
        return x, state
    return x.to(cast), tuple(part.to(cast) for part in state)


def _packed(
    wanted: Wanted, given: PackedSequence, hx: Tensor | Sequence[Tensor] | None, lengths: Tensor | None
) -> Packed:
    if lengths is not None:
        raise UsageError("a PackedSequence knows its lengths; leave lengths out")
    deep = 1 + len(wanted.features)
    if given.data.dim() != deep:
        raise RuntimeError(f"input must have {deep} dimensions, got {given.data.dim()}")
    data, batch_sizes, order, back = given
    data = _checked_data(wanted, data)
    state = None if hx is None else _parts(wanted, hx)
    if state is not None and order is not None:
        state = tuple(part.index_select(1, order) for part in state)
    state = _checked_state(wanted, state, data, int(batch_sizes[0]))
    return Packed(PackedSequence(data, batch_sizes, order, back), state)


def _checked_data(wanted: Wanted, data: Tensor) -> Tensor:
    weight = wanted.like
    if data.dtype != weight.dtype and data.is_floating_point() and autocast_dtype(data.device) is not None:
        data = data.to(weight.dtype)
    if data.dtype != weight.dtype:
        raise ValueError(
            f"RNN input dtype ({data.dtype}) does not match weight dtype ({weight.dtype}). "
            f"Convert input: input.to({weight.dtype}), or convert model: model.to({data.dtype})"
        )
    if data.shape[-len(wanted.features) :] != wanted.features:
        if len(wanted.features) == 1:
            expected, found = wanted.features[0], data.size(-1)
            raise RuntimeError(f"input.size(-1) must be equal to input_size. Expected {expected}, got {found}")
        raise RuntimeError(f"frames must be of input_size. Expected {wanted.features}, got {tuple(data.shape[-3:])}")
    return data


def _parts(wanted: Wanted, hx: Tensor | Sequence[Tensor]) -> State:
    parts = (hx,) if isinstance(hx, Tensor) else tuple(hx)
    if len(parts) != wanted.states or isinstance(hx, Tensor) != (wanted.states == 1):
        needed = "one tensor" if wanted.states == 1 else f"a tuple of {wanted.states} tensors"
        found = "one tensor" if isinstance(hx, Tensor) else f"a {type(hx).__name__} of {len(parts)}"
        raise RuntimeError(f"{wanted.name}: Expected the initial state to be {needed}, got {found}")
    return parts


def _check_depth(state: State, batched: bool, deep: int) -> None:
    wanted, kind = (deep + 1, "batched") if batched else (deep, "unbatched")
    if all(part.dim() == wanted for part in state):
        return
    if len(state) == 1:
        message = f"hx should also be {wanted}-D but got {state[0].dim()}-D tensor"
    else:
        message = f"hx and cx should also be {wanted}-D but got ({', '.join(f'{p.dim()}-D' for p in state)}) tensors"
    raise RuntimeError(f"For {kind} {wanted}-D input, {message}")


def _checked_state(wanted: Wanted, state: State | None, data: Tensor, batch: int) -> State:
    expected = (wanted.rows, batch, *wanted.units)
    if state is None:
        return (data.new_zeros(expected),) * wanted.states
    if any(part.dtype != data.dtype for part in state) and autocast_dtype(data.device) is not None:
        state = tuple(part.to(data.dtype) for part in state)
    for number, part in enumerate(state):
        if part.shape != expected:
            which = "hidden" if len(state) == 1 else f"hidden[{number}]"
            raise RuntimeError(f"Expected {which} size {expected}, got {list(part.shape)}")
        if part.device != data.device:
            raise RuntimeError(
                "Input and hidden tensors are not at the same device, "
                f"found input tensor at {data.device} and hidden tensor at {part.device}"
            )
        if part.dtype != data.dtype:
            raise RuntimeError(
                "Input and hidden tensors are not the same dtype, "
                f"found input tensor with {data.dtype} and hidden tensor with {part.dtype}"
            )
    return state


def _checked_lengths(lengths: Tensor, x: Tensor) -> Tensor | None:
    """The lengths beside x; None where all rows go to the end."""
    batch, steps = x.shape[:2]
    if not isinstance(lengths, Tensor):
        kind = type(lengths).__name__  # type: ignore[unreachable]
        raise UsageError(f"lengths is a {kind}; give a tensor: torch.tensor(lengths)")
    if tuple(lengths.shape) != (batch,) or lengths.is_floating_point():
        raise UsageError(
            f"lengths has shape {tuple(lengths.shape)} and type {lengths.dtype}; "
            f"it holds one whole number for each of the {batch} rows"
        )
    if torch.compiler.is_compiling():  # they have no numbers yet; the operator looks at them
        return lengths.to(x.device)
    if batch == 0:
        return None
    shortest, longest = int(lengths.min()), int(lengths.max())
    if shortest < 0 or longest > steps:
        raise UsageError(f"lengths lie between {shortest} and {longest}; x has {steps} steps")
    return None if shortest == steps else lengths.to(x.device)
