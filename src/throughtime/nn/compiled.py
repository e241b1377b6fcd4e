"""A call as ``torch.compile`` and ``torch.export`` trace it: the engine's operators, and torch's around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from throughtime.cells.engine.contract import State
from throughtime.cells.traced import Traced
from throughtime.nn.calling import Padded, as_autocast


def by_operators(
    traced: Traced, call: Padded, weights: Sequence[Mapping[str, Tensor]], dropout: float
) -> tuple[Any, State]:
    """What the call returns; ``weights`` are the stored tensors of each direction by name."""
    stored = [[own[name] for name in traced.stacks] for own in weights]

    def between(x: Tensor) -> Tensor:
        return call.dropout(x, dropout) if dropout else x

    return call.returned(*as_autocast(*traced.run(stored, call.x, call.lengths, call.state, False, between)))
