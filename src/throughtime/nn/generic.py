"""Any recorded cell as a module with torch's arguments and torch's calling convention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from warnings import warn

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from throughtime.cells import Cell, Graph, cells, form
from throughtime.cells.engine import default_engine
from throughtime.cells.equations.parameters import Sizes, has_own_output, stacks
from throughtime.cells.initialisation import initialise
from throughtime.cells.layers import Layers, directions
from throughtime.cells.traced import Traced
from throughtime.errors import UsageError
from throughtime.nn.calling import Padded, Wanted, called
from throughtime.nn.compiled import by_operators
from throughtime.nn.stacked import Stacked


class Layer(nn.Module):
    """Layers of any cell, made and called like ``torch.nn.GRU`` (one state) or ``torch.nn.LSTM`` (several).

    Arguments:
        cell: a registered name (``"mgu"``), also with its form (``"mgu:activation=relu"``), a :class:`Cell`, a graph.
        input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype: torch's; for a
            convolutional cell input_size is ``(channels, height, width)`` and hidden_size counts channels.
        output_size: of a cell with an output of its own; by default hidden_size.
        kernel_size: of a convolutional cell's maps, odd; by default 3.
        form: the cell's own options by name, ``activation="relu"``.

    ``forward(input, hx=None, lengths=None)``: ``input`` is ``(T, B, input_size)``, with batch_first
    ``(B, T, input_size)``, ``(T, input_size)`` without a batch, or a PackedSequence; ``hx`` is one tensor
    ``(num_layers * directions, B, hidden_size)`` for a cell of one state, a tuple of them for one of several;
    ``lengths (B,)`` in any order, 0 allowed. It returns the output, of the kind of the input, and the last state, of
    the kind of hx. Errors are torch's, and UsageError for what torch does not know.

    Parameters are named as in :class:`throughtime.Recurrent` (``weight_ih_l0``, ``bias_l0_reverse``), between which
    and this module a ``state_dict`` goes unchanged; they begin as torch's, uniform in ±1/√hidden_size.

    >>> layer = Layer("lstm_peephole", 3, 5, num_layers=2, batch_first=True, gate="sigmoid")
    >>> output, (h, c) = layer(torch.randn(2, 7, 3), lengths=torch.tensor([4, 7]))
    >>> output.shape, h.shape
    (torch.Size([2, 7, 5]), torch.Size([2, 2, 5]))
    """

    def __init__(
        self,
        cell: str | Cell | Graph,
        input_size: int | Sequence[int],
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        output_size: int | None = None,
        kernel_size: int | None = None,
        **form: Any,
    ) -> None:
        super().__init__()
        self.graph = _recorded(cell, bias, form)
        self.num_layers, self.batch_first, self.bidirectional = num_layers, batch_first, bidirectional
        self.input_size = tuple(input_size) if isinstance(input_size, Sequence) else input_size
        self.hidden_size, self.dropout = hidden_size, dropout
        self.bias = any(stack.name == "bias" for stack in stacks(self.graph))
        _check_numbers(num_layers, hidden_size, bias, batch_first, dropout)
        sizes = Sizes(*_sizes(self.graph, self.input_size, hidden_size, output_size, kernel_size))
        self.directions = directions(sizes, num_layers, bidirectional)
        for direction in self.directions:
            for stack in stacks(self.graph):
                empty = torch.empty(stack.shape(direction.sizes), device=device, dtype=dtype)
                self.register_parameter(stack.name + direction.suffix, nn.Parameter(empty))
        self._traced = Traced(Layers(self.graph, self.directions, engine=default_engine()))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew: uniform in ±1/√hidden_size; diagonals as :mod:`throughtime.cells.initialisation`."""
        for direction, stored in zip(self.directions, self._stored(), strict=True):
            tensors = {name: weight.detach() for name, weight in stored.items()}
            initialise(self.graph, direction.sizes, tensors, "uniform")

    def flatten_parameters(self) -> None:
        """Nothing; torch's modules have it."""

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The parameters of each layer and direction."""
        return [list(stored.values()) for stored in self._stored()]

    def forward(
        self,
        input: Tensor | PackedSequence,
        hx: Tensor | tuple[Tensor, ...] | None = None,
        lengths: Tensor | None = None,
    ) -> tuple[Tensor | PackedSequence, Tensor | tuple[Tensor, ...]]:
        sizes = self.directions[0].sizes
        stored = self._stored()
        wanted = Wanted(
            type(self).__name__,
            (sizes.input_size, *sizes.space),
            len(self.graph.states),
            len(self.directions),
            (sizes.hidden_size, *sizes.space),
            self.batch_first,
            next(iter(stored[0].values())),
        )
        call = called(wanted, input, hx, lengths)
        dropout = self.dropout if self.training else 0.0
        if self._traced.sees(wanted.like) and isinstance(call, Padded):
            output, state = by_operators(self._traced, call, stored, dropout)
        else:
            output, state = call.returned(*Stacked(self.graph, self.directions, dropout).run(call, stored))
        return output, state if len(state) > 1 else state[0]

    def extra_repr(self) -> str:
        """As torch's, with the options of the cell's form; its name where the class does not say it."""
        cell, _, options = self.graph.cell.partition(":")
        shown = [cell] if type(self) is Layer else []
        shown += [str(self.input_size), str(self.hidden_size)]
        defaults = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False}
        shown += [f"{name}={getattr(self, name)}" for name, usual in defaults.items() if getattr(self, name) != usual]
        return ", ".join([*shown, *(part for part in options.split(",") if part and not part.startswith("bias="))])

    def _stored(self) -> list[dict[str, Tensor]]:
        """The parameters of each direction by name; each is asked for once, for a parametrisation may compute it."""
        return [{name: getattr(self, name + end) for name in self._traced.stacks} for end in self._traced.suffixes]


def _recorded(cell: str | Cell | Graph, bias: bool, options: Mapping[str, Any]) -> Graph:
    named = isinstance(cell, str) and ":" not in cell
    if not named and not isinstance(cell, Cell):
        if options or not bias:
            raise UsageError("the cell is given in a form of its own; write its options there, bias=no too")
        return form(cell)
    found = cells[cell] if isinstance(cell, str) else cell
    assert isinstance(found, Cell)
    return found.graph(**options, **({} if bias else {"bias": False}))


def _check_numbers(num_layers: int, hidden_size: Any, bias: Any, batch_first: Any, dropout: Any) -> None:
    """Refuse what torch's modules refuse, in their words."""
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
        )
    if dropout > 0 and num_layers == 1:
        warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
            f"num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
            stacklevel=3,
        )
    for name, value in (("bias", bias), ("batch_first", batch_first)):
        if not isinstance(value, bool):
            raise TypeError(f"{name} should be of type bool, got: {type(value).__name__}")
    if not isinstance(hidden_size, int):
        raise TypeError(f"hidden_size should be of type int, got: {type(hidden_size).__name__}")
    for name, number in (("hidden_size", hidden_size), ("num_layers", num_layers)):
        if number <= 0:
            raise ValueError(f"{name} must be greater than zero")


def _sizes(
    graph: Graph,
    input_size: Any,
    hidden_size: int,
    output_size: int | None,
    kernel_size: int | None,
) -> tuple[int, int, int, tuple[int, ...], int]:
    """Of the first layer, as :class:`Sizes` wants them."""
    if output_size is not None and not has_own_output(graph):
        raise UsageError(f"output_size: the output of the cell {graph.cell} is its state; leave the option out")
    if kernel_size is not None and not graph.convolution:
        raise UsageError(f"kernel_size: the cell {graph.cell} is not convolutional; leave the option out")
    if kernel_size is not None and (kernel_size < 1 or kernel_size % 2 == 0):
        raise UsageError(f"kernel_size {kernel_size}: it must be odd, so that a frame keeps its size")
    parts = input_size if isinstance(input_size, tuple) else (input_size,)
    fits = isinstance(input_size, tuple) and len(parts) == 3 if graph.convolution else isinstance(input_size, int)
    if not fits or not all(isinstance(part, int) for part in parts):
        kind = "(channels, height, width)" if graph.convolution else "int"
        raise TypeError(f"input_size should be of type {kind}, got: {input_size}")
    features, *space = parts
    if min(parts) <= 0:
        raise ValueError("input_size must be greater than zero")
    kernel = 1 if not graph.convolution else 3 if kernel_size is None else kernel_size
    return features, hidden_size, hidden_size if output_size is None else output_size, tuple(space), kernel
