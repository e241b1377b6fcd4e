"""A metric: one number that says how good an outcome is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from throughtime.errors import UsageError
from throughtime.extra import Extra
from throughtime.models.metrics.outcome import Kind, Outcome
from throughtime.registry import Registry

Compute = Callable[[Outcome], float]
Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Metric:
    """``compute(outcome)`` is the figure; ``better`` says which way is up; ``kinds`` says of what it can be computed.

    ``better`` is None where neither way is up: the share of truths within an interval of 80 % should be 0.8. Such a
    figure stands in tables; it cannot be watched, and nothing is chosen by it.

    ``applies(outcome)`` says whether it can be computed of this one, where the kind alone does not tell.

    Computing it of another kind, or of no rows, is a :class:`UsageError`: a mean over nothing is no figure.
    """

    name: str
    better: Better | None
    compute: Compute
    help: str
    kinds: tuple[Kind, ...]
    when: Callable[[Outcome], bool] | None = None
    extra: Extra | None = None

    def applies(self, outcome: Outcome) -> bool:
        there = self.extra is None or self.extra.installed
        return there and outcome.kind in self.kinds and (self.when is None or self.when(outcome))

    def require(self) -> None:
        """Raise UsageError, with what to install, if this installation cannot compute it."""
        if self.extra is not None:
            self.extra.require(f'metric "{self.name}"')

    @property
    def direction(self) -> Better:
        """Which way is up. Raises UsageError where neither is: what is watched, or chosen by, must have a direction."""
        if self.better is None:
            raise UsageError(
                f'metric "{self.name}" cannot be watched: neither higher nor lower is better; choose another metric'
            )
        return self.better

    def score(self, outcome: Outcome) -> float:
        """The figure turned so that higher is better: what a choice maximises. Raises UsageError as ``direction``."""
        sign = 1 if self.direction == "higher" else -1
        return sign * self.compute(outcome)


metrics: Registry[Metric] = Registry("metric", "throughtime.models.metrics")


def measures(
    *kinds: Kind,
    better: Better | None,
    when: Callable[[Outcome], bool] | None = None,
    needs: str = "",
    extra: Extra | None = None,
) -> Callable[[Compute], Compute]:
    """Registers a function as the metric of its own name; its docstring's first line is the help.

    ``when(outcome)`` says of which outcomes of these kinds it can be computed, of all if it is not given, and ``needs``
    names in words what the others lack. ``extra`` is the package that computes it: without it the metric applies to
    nothing, and is refused where it is asked for.

    Example: ``@measures("numbers", better="lower")`` above ``def mae(outcome): ...``.
    """

    def register(compute: Compute) -> Compute:
        name = compute.__name__

        def checked(outcome: Outcome) -> float:
            if outcome.kind not in kinds:
                measured = " and ".join(kinds)
                raise UsageError(f'metric "{name}" measures {measured}, not {outcome.kind}; choose another metric')
            if when is not None and not when(outcome):
                lacking = f'metric "{name}" does not measure such answers: it needs {needs}'
                raise UsageError(f"{lacking}; choose another metric")
            if len(outcome) == 0:
                raise UsageError(f'metric "{name}": there are no rows to measure; give at least one')
            entry.require()
            return float(compute(outcome))

        help = (compute.__doc__ or "").split("\n")[0]
        entry = metrics.add(name, Metric(name, better, checked, help, kinds, when, extra))
        return compute

    return register


def metrics_of(outcome: Outcome) -> list[Metric]:
    """All metrics that can be computed of such an outcome, in order of name.

    >>> import numpy as np
    >>> [metric.name for metric in metrics_of(Outcome(np.array([1.0]), np.array([2.0])))]
    ['mae', 'mse', 'rmse']
    """
    return [entry for _, entry in metrics.items() if entry.applies(outcome)]
