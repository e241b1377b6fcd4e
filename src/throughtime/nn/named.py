"""For each registered cell a class of its own, named as torch names its modules."""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import Any

from throughtime.cells import Cell
from throughtime.nn.generic import Layer

_WORD = re.compile(r"lstm|gru|rnn|mgu|layer|norm|[^_]+?(?=lstm|gru|rnn|mgu|layer|norm|_|$)")
_IN_CAPITALS = ("lstm", "gru", "rnn", "mgu")


def class_name(cell: str) -> str:
    """The class of a registered name.

    >>> [class_name(name) for name in ("lstm_peephole", "gru_layernorm", "lstm_1997", "indrnn", "leaky")]
    ['LSTMPeephole', 'GRULayerNorm', 'LSTM1997', 'IndRNN', 'Leaky']
    """
    words = _WORD.findall(cell)
    return "".join(word.upper() if word in _IN_CAPITALS else word[0].upper() + word[1:] for word in words)


@cache
def class_of(cell: Cell) -> type[Layer]:
    """:class:`Layer` with its cell fixed.

    >>> from throughtime import nn
    >>> nn.GRUResetBefore(3, 5, batch_first=True, activation="relu")
    GRUResetBefore(3, 5, batch_first=True, activation=relu)
    """

    class Named(Layer):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(cell, *args, **options)

    options = ", ".join(f"{name}={value}" for name, value in cell.options.items() if name != "bias")
    Named.__module__ = "throughtime.nn"  # where a pickle finds it
    Named.__name__ = Named.__qualname__ = class_name(cell.name)
    Named.__doc__ = f"{cell.title}\n\n{cell.source}\n\nOptions of its form: {options or 'none'}. See :class:`Layer`."
    Named.__signature__ = _signature(cell)  # type: ignore[attr-defined]
    return Named


def _signature(cell: Cell) -> inspect.Signature:
    """Layer's arguments without the cell, with the options of its form written out."""
    arguments = list(inspect.signature(Layer).parameters.values())
    kept = [argument for argument in arguments if argument.name not in ("cell", "form")]
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=value)
        for name, value in cell.options.items()
        if name != "bias"
    ]
    return inspect.Signature([*kept, *options])
