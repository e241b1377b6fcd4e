"""``nn.RNN``, ``nn.LSTM`` and ``nn.GRU`` of torch, computed by our engine.

They are torch's modules in all but ``forward`` and their class: arguments, parameters, first weights, pickles. Dynamo
refuses instances of torch's three classes, so ours stand beside those, over the same base. Where our engine would only
hand the work on to torch's functions (on CUDA, in half precision, where it was not built), and while
``torch.jit.trace`` records, the ``forward`` of torch's class does it whole.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from throughtime.cells import cells
from throughtime.cells.engine import default_engine
from throughtime.cells.engine.native.untraced import untraced
from throughtime.cells.equations.graph import Graph
from throughtime.cells.equations.parameters import Sizes
from throughtime.cells.layers import Layers, directions
from throughtime.cells.torch_weights import joined_bias
from throughtime.cells.traced import Traced
from throughtime.errors import UsageError
from throughtime.nn.calling import Padded, Wanted, called
from throughtime.nn.compiled import by_operators
from throughtime.nn.stacked import Stacked


class _ByOurEngine(nn.RNNBase):
    """What the three have beside torch's: another ``forward``."""

    _theirs: ClassVar[Any]  # torch's class

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.proj_size:
            raise UsageError(
                f"proj_size {self.proj_size}: no cell here projects its state; use torch.nn.LSTM for this layer"
            )
        sizes = Sizes(self.input_size, self.hidden_size, self.hidden_size)
        ways = directions(sizes, self.num_layers, self.bidirectional)
        self._traced = Traced(Layers(_graph(self.mode, self.bias), ways, engine=default_engine()))

    def forward(
        self,
        input: Tensor | PackedSequence,
        hx: Tensor | tuple[Tensor, Tensor] | None = None,
        lengths: Tensor | None = None,
    ) -> Any:
        given = self._given()
        traced = self._traced.sees(given[0][0]) and isinstance(input, Tensor)
        if not traced and torch.compiler.is_dynamo_compiling():
            return self._untraced(input, hx, lengths)
        if lengths is None and not traced and (torch.jit.is_tracing() or torch.compiler.is_compiling()):
            return self._theirs.forward(self, input, hx)
        wanted = Wanted(
            type(self).__name__,
            (self.input_size,),
            self._traced.states,
            len(given),
            (self.hidden_size,),
            self.batch_first,
            given[0][0],
        )
        call = called(wanted, input, hx, lengths)
        dropout = self.dropout if self.training else 0.0
        if traced:
            assert isinstance(call, Padded)
            output, state = by_operators(self._traced, call, self._stored(given), dropout)
        else:
            stacked = Stacked(self._traced.layers.graph, self._traced.layers.directions, dropout)
            if lengths is None and stacked.engine(call) == "torch":
                return self._theirs.forward(self, input, hx)
            output, state = call.returned(*stacked.run(call, self._stored(given)))
        return output, state if len(state) > 1 else state[0]

    @untraced
    def _untraced(self, *arguments: Any) -> Any:
        """What can only be torch's own functions, or has to break the graph anyway, as Python runs it."""
        return self.forward(*arguments)

    def _given(self) -> list[list[Tensor]]:
        """Torch's parameters of each direction; each is asked for once, for a parametrisation may compute it."""
        names = ("weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if self.bias else ()))
        return [[getattr(self, name + end) for name in names] for end in self._traced.suffixes]

    def _stored(self, given: list[list[Tensor]]) -> list[dict[str, Tensor]]:
        """As the cell stores them: two biases that are only ever added are one."""
        stored = [{"weight_ih": weight_ih, "weight_hh": weight_hh} for weight_ih, weight_hh, *_ in given]
        if self.bias:
            for own, (_, _, first, second) in zip(stored, given, strict=True):
                own["bias"] = joined_bias(self.mode.lower(), first, second)
        return stored


class RNN(_ByOurEngine):
    """Elman's network as ``torch.nn.RNN``: ``h = tanh(W_ih x + b_ih + W_hh h + b_hh)``, or relu.

    Arguments, parameters and shapes are torch's. ``forward(input, hx=None, lengths=None)`` also takes the length of
    each row, ``(B,)`` in any order, 0 allowed: the output is 0 after it, the final state is that of the last step.
    Errors are torch's, and UsageError for lengths that do not fit.

    It is a ``torch.nn.RNNBase``, but ``isinstance(module, torch.nn.RNN)`` is False: ``torch.compile`` refuses whatever
    is one.

    >>> output, h = RNN(3, 5, nonlinearity="relu")(torch.randn(7, 2, 3), lengths=torch.tensor([4, 7]))
    >>> output.shape, h.shape, bool(output[4:, 0].any())
    (torch.Size([7, 2, 5]), torch.Size([1, 2, 5]), False)
    """

    _theirs = nn.RNN

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse_projections(kwargs)
        if len(args) > 3:
            self.nonlinearity, args = args[3], args[:3] + args[4:]
        else:
            self.nonlinearity = kwargs.pop("nonlinearity", "tanh")
        if self.nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{self.nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(f"RNN_{self.nonlinearity.upper()}", *args, **kwargs)


class LSTM(_ByOurEngine):
    """Long short-term memory as ``torch.nn.LSTM``, without projections (``proj_size``).

    Arguments, parameters and shapes are torch's; for ``lengths``, and why ``isinstance(module, torch.nn.LSTM)`` is
    False, see :class:`RNN`.

    >>> output, (h, c) = LSTM(3, 5, num_layers=2, bidirectional=True)(torch.randn(7, 2, 3))
    >>> output.shape, h.shape, c.shape
    (torch.Size([7, 2, 10]), torch.Size([4, 2, 5]), torch.Size([4, 2, 5]))
    """

    _theirs = nn.LSTM
    # which torch's forward asks of the module
    check_forward_args = nn.LSTM.check_forward_args  # type: ignore[assignment]
    get_expected_cell_size = nn.LSTM.get_expected_cell_size
    permute_hidden = nn.LSTM.permute_hidden  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)


class GRU(_ByOurEngine):
    """Gated recurrent unit as ``torch.nn.GRU``: the reset gate acts after the product.

    Arguments, parameters and shapes are torch's; for ``lengths``, and why ``isinstance(module, torch.nn.GRU)`` is
    False, see :class:`RNN`.

    >>> theirs, ours = torch.nn.GRU(3, 5), GRU(3, 5)
    >>> ours.load_state_dict(theirs.state_dict())
    <All keys matched successfully>
    >>> x = torch.randn(7, 2, 3)
    >>> torch.allclose(ours(x)[0], theirs(x)[0], atol=1e-6)
    True
    """

    _theirs = nn.GRU

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse_projections(kwargs)
        super().__init__("GRU", *args, **kwargs)


def _refuse_projections(arguments: dict[str, Any]) -> None:
    if "proj_size" in arguments:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")


@lru_cache(maxsize=8)
def _graph(mode: str, bias: bool) -> Graph:
    name, _, activation = mode.lower().partition("_")
    return cells[name].graph(bias=bias, **({"activation": activation} if activation else {}))
