"""Intervals that hold what they say: the quantiles of forecasts, set right by what came of earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np

LEVELS = (0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975)
ROUNDING = 1e-9  # of ranks: (n + 1) * 0.1 is a hair off a whole number


def levels_for(level: float) -> tuple[float, ...]:
    """The levels of quantiles that are said, the bounds of an interval of nominal ``level`` among them.

    >>> levels_for(0.8) == LEVELS, bounds(levels_for(0.5), 0.5)
    (True, (4, 10))
    """
    tail = round((1 - level) / 2, 9)
    return tuple(sorted({*LEVELS, tail, round(1 - tail, 9)}))


def bounds(levels: Sequence[float], level: float) -> tuple[int, int]:
    """Where among the levels the bounds of an interval of nominal ``level`` stand."""
    tail = (1 - level) / 2
    low, high = (min(range(len(levels)), key=lambda k: abs(levels[k] - at)) for at in (tail, 1 - tail))
    return low, high


@dataclass(frozen=True)
class Calibration:
    """What is added to forecasts to have their quantiles: ``offsets (H, Q)``, a step and a level each.

    They are added to the forecast itself, or, ``of_quantiles``, to the quantiles that came with it.

    Split conformal prediction: an offset is such a rank of what came less what was said, over n forecasts that were not
    learned from, that a further one lies below it with at least (at most, for levels under 0.5) the probability of
    the level. The rank is ``(n + 1) level``, rounded away from the middle (Vovk, Gammerman, Shafer 2005); with
    quantiles it is taken of their own residuals at each level (Romano, Patterson, Candes 2019, the form with two
    separate tails). The promise is exact for residuals in random order; those of a series are not, so that it holds as
    far as what is forecast stays like what it was calibrated by.

    >>> past = np.array([[1.0], [-2.0], [0.0], [4.0]])
    >>> calibration = Calibration.fit(past, np.zeros((4, 1)), None, (0.2, 0.5, 0.8))
    >>> calibration.apply(np.array([[10.0]]), None).tolist()
    [[[8.0, 10.5, 14.0]]]
    """

    levels: tuple[float, ...]
    offsets: np.ndarray
    of_quantiles: bool
    notes: tuple[str, ...] = ()

    @classmethod
    def fit(
        cls, truth: np.ndarray, predicted: np.ndarray, quantiles: np.ndarray | None, levels: Sequence[float] = LEVELS
    ) -> Calibration:
        """By forecasts ``predicted (N, H)``, their ``quantiles (N, H, Q)``, and ``truth (N, H)``, NaN where not known.

        The offset of step k is found among the residuals of step k; where these are too few for the outermost level,
        among those of the steps around it too, of as few as are needed. If all steps are too few, each residual counts
        on both sides of the forecast where there are no quantiles, and the outermost one stands for the levels beyond
        it, which ``notes`` say. Without any residual the offsets are 0.
        """
        levels = tuple(levels)
        horizon = truth.shape[1]
        said = predicted[:, :, None] if quantiles is None else quantiles
        needed = _needed(levels)
        counts = (~np.isnan(truth)).sum(0)
        offsets = np.zeros((horizon, len(levels)))
        for k in range(horizon):
            begin, end = _around(k, counts, needed)
            for each in range(said.shape[2]):
                chosen = slice(None) if quantiles is None else slice(each, each + 1)
                residuals = truth[:, begin:end] - said[:, begin:end, each]
                ranked = np.sort(residuals[~np.isnan(residuals)])
                if quantiles is None and len(ranked) < needed:
                    ranked = np.sort(np.concatenate([ranked, -ranked]))
                if len(ranked):
                    offsets[k, chosen] = _at_ranks(ranked, levels[chosen])
        count = int(counts.sum())
        ranked_in_all = 2 * count if quantiles is None and count < needed else count
        return cls(levels, offsets, quantiles is not None, _notes(count, ranked_in_all, levels))

    def apply(self, predicted: np.ndarray, quantiles: np.ndarray | None) -> np.ndarray:
        """The quantiles (N, H, Q) of forecasts (N, H), in order: sorted where they would cross."""
        assert (quantiles is not None) == self.of_quantiles
        said = predicted[:, :, None] if quantiles is None else quantiles
        found = said + self.offsets
        found.sort(axis=2)
        return found

    def to_json(self) -> dict[str, Any]:
        return {
            "levels": list(self.levels),
            "offsets": self.offsets.tolist(),
            "of_quantiles": self.of_quantiles,
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Calibration:
        offsets = np.array(saved["offsets"], dtype=np.float64)
        return cls(tuple(saved["levels"]), offsets, saved["of_quantiles"], tuple(saved["notes"]))


def in_two_halves(
    truth: np.ndarray,
    predicted: np.ndarray,
    quantiles: np.ndarray | None,
    times: np.ndarray,
    levels: Sequence[float] = LEVELS,
) -> np.ndarray:
    """Quantiles (N, H, Q) of forecasts that are themselves what there is to calibrate by: each half by the other.

    The halves are the earlier and the later ones by ``times (N,)``, the step of the axis each one begins at. Of what
    is calibrated by itself, the share within an interval says nothing. Forecasts of one time are in one half; where
    all are of one time, as with a single forecast of each series, the series make the halves, and a forecast that is
    all alone is calibrated by itself. What came of the last forecasts of one half overlaps with the first of the other.

    >>> both = in_two_halves(np.array([[1.0], [5.0]]), np.zeros((2, 1)), None, np.array([0, 1]), (0.5,))
    >>> both[:, 0, 0].tolist()
    [5.0, 1.0]
    """
    early = _early(times)
    found = np.empty((*truth.shape, len(levels)))
    for asked in (early, ~early):
        by = ~asked if not asked.all() else asked
        calibration = Calibration.fit(truth[by], predicted[by], None if quantiles is None else quantiles[by], levels)
        found[asked] = calibration.apply(predicted[asked], None if quantiles is None else quantiles[asked])
    return found


def _early(times: np.ndarray) -> np.ndarray:
    """Which forecasts are in the first half (N,); both halves have some, if there are two."""
    if (times == times[:1]).all():
        return np.arange(len(times)) < (len(times) + 1) // 2
    between = np.unique(times)
    at = np.searchsorted(between, np.sort(times)[len(times) // 2])
    return times < between[max(at, 1)]


def _needed(levels: tuple[float, ...]) -> int:
    """How many residuals it takes for each level to have a rank of its own."""
    return ceil(1 / min(min(levels), 1 - max(levels)) - 1 - ROUNDING)


def _around(step: int, counts: np.ndarray, needed: int) -> tuple[int, int]:
    """The steps about this one, as few as have so many residuals together; all of them if none have."""
    begin, end = step, step + 1
    while counts[begin:end].sum() < needed and (begin > 0 or end < len(counts)):
        begin, end = max(begin - 1, 0), min(end + 1, len(counts))
    return begin, end


def _at_ranks(ranked: np.ndarray, levels: Sequence[float]) -> list[float]:
    """Residuals in rising order, at rank ``(n + 1) level`` rounded away from the middle; in the middle between two."""
    found = []
    for level in levels:
        rank = (len(ranked) + 1) * level
        low, high = floor(rank + ROUNDING), ceil(rank - ROUNDING)
        pair = (low, low) if level < 0.5 - ROUNDING else (high, high) if level > 0.5 + ROUNDING else (low, high)
        found.append(float(np.mean([ranked[min(max(k, 1), len(ranked)) - 1] for k in pair])))
    return found


def _notes(count: int, ranked: int, levels: tuple[float, ...]) -> tuple[str, ...]:
    """Of ``count`` known values, of which ``ranked`` residuals were made."""
    if count == 0:
        return ("no forecast became known that could calibrate the quantiles",)
    beyond = [at for at in levels if (ranked + 1) * min(at, 1 - at) + ROUNDING < 1]
    if not beyond:
        return ()
    listed = ", ".join(f"{at:g}" for at in beyond)
    return (f"{count} known values are too few for the quantiles at {listed}: the outermost stand for them",)
