"""A metric: one number that says how good an outcome is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from throughtime.errors import UsageError
from throughtime.models.metrics.outcome import Kind, Outcome
from throughtime.registry import Registry

Compute = Callable[[Outcome], float]


@dataclass(frozen=True)
class Metric:
    """``compute(outcome)`` is the figure; ``better`` says which way is up; ``kinds`` says of what it can be computed.

    Computing it of another kind, or of no rows, is a :class:`UsageError`: a mean over nothing is no figure.
    """

    name: str
    better: Literal["higher", "lower"]
    compute: Compute
    help: str
    kinds: tuple[Kind, ...]

    def score(self, outcome: Outcome) -> float:
        """The figure turned so that higher is better: what a choice maximises."""
        figure = self.compute(outcome)
        return figure if self.better == "higher" else -figure


metrics: Registry[Metric] = Registry("metric", "throughtime.models.metrics")


def measures(*kinds: Kind, better: Literal["higher", "lower"]) -> Callable[[Compute], Compute]:
    """Registers a function as the metric of its own name; its docstring's first line is the help.

    Example: ``@measures("numbers", better="lower")`` above ``def mae(outcome): ...``.
    """

    def register(compute: Compute) -> Compute:
        name = compute.__name__

        def checked(outcome: Outcome) -> float:
            if outcome.kind not in kinds:
                measured = " and ".join(kinds)
                raise UsageError(f'metric "{name}" measures {measured}, not {outcome.kind}; choose another metric')
            if len(outcome) == 0:
                raise UsageError(f'metric "{name}": there are no rows to measure; give at least one')
            return float(compute(outcome))

        help = (compute.__doc__ or "").split("\n")[0]
        metrics.add(name, Metric(name, better, checked, help, kinds))
        return compute

    return register


def metrics_of(kind: Kind) -> list[Metric]:
    """All metrics that can be computed of outcomes of this kind, in order of name.

    >>> [metric.name for metric in metrics_of("numbers")]
    ['mae', 'mse', 'rmse']
    """
    return [entry for _, entry in metrics.items() if kind in entry.kinds]
