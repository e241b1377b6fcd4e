"""What goes into an engine and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from throughtime.cells.equations.graph import Graph
from throughtime.cells.equations.parameters import Sizes

State = tuple[Tensor, ...]


@dataclass(frozen=True)
class Execution:
    """How layers are run, which changes no result but in rounding: by which engine, and what is kept for the way back.

    ``checkpoint_time``: of all steps, only the states before every so many. ``bf16``: products take numbers rounded to
    bfloat16, see :mod:`throughtime.cells.engine.rounding`; weights, sums and states stay float32.
    """

    engine: str = "auto"
    checkpoint_time: int | None = None
    bf16: bool = False


ORDINARY = Execution()


@dataclass(frozen=True)
class Noise:
    """Masks inside the time loop, drawn beforehand; None where there is none.

    ``recurrent`` (B, H), scaled, multiplies whatever enters a recurrent product. ``zoneout`` holds for each state
    the share of the old value that stays: (B, T, H) of zeros and ones in training, a number in evaluation.
    """

    recurrent: Tensor | None = None
    zoneout: tuple[Tensor | float, ...] | None = None

    def __bool__(self) -> bool:
        return self.recurrent is not None or self.zoneout is not None


@dataclass(frozen=True)
class Work:
    """One layer in one direction: run ``graph`` over ``x (B, T, *F)``.

    ``weights`` holds the cell's stacks by name, ``lengths (B,)`` the valid steps of each row (None: all),
    ``state`` one ``(B, H, *space)`` for each of the cell's states. A row's state stands still after its length,
    and its output is 0 there; what stands in the padding of x is never read. ``backwards`` goes from each row's last
    valid step to its first. ``clip`` bounds every state after each step, before zoneout: to ``-clip .. clip``.
    ``checkpoint_time``: for the way back only the states before every so many steps are kept; the rest is run again.
    ``bf16``: products take numbers rounded to bfloat16. ``record`` names quantities to keep;
    ``watch(step, state's name, values (B, H))`` is handed every state in the graph of autograd, so that its gradient
    can be seen: that of c without what goes through h of the same step, as in the product of Jacobians.
    ``look(step, values)`` is handed what every node of the graph was at the step, in the order of the nodes: tensors
    (B, *) in the graph of autograd, parameters, numbers.
    """

    graph: Graph
    sizes: Sizes
    weights: Mapping[str, Tensor]
    x: Tensor
    lengths: Tensor | None
    state: State
    backwards: bool = False
    noise: Noise = field(default_factory=Noise)
    clip: float | None = None
    checkpoint_time: int | None = None
    record: tuple[str, ...] = ()
    watch: Callable[[int, str, Tensor], None] | None = None
    bf16: bool = False
    look: Callable[[int, Sequence[Any]], None] | None = None

    @property
    def looked_into(self) -> bool:
        """Whether more is wanted than the output and the state, which only the reference knows."""
        return bool(self.record) or self.watch is not None or self.look is not None


@dataclass(frozen=True)
class Result:
    """``output (B, T, O, *space)``, the state after each row's last step, and the recorded quantities (B, T, *)."""

    output: Tensor
    state: State
    recorded: Mapping[str, Tensor] = field(default_factory=dict)
