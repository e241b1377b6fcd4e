"""How many lags, how strong a penalty, relative or not, with what is known ahead or without: tried on valid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import numpy as np

from throughtime.data.series.backtest import Backtest
from throughtime.models.linear_autoregression.direct import Direct
from throughtime.models.linear_autoregression.products import Products
from throughtime.models.linear_autoregression.recursive import Recursive, one_step

Way = Literal["direct", "recursive"]
Score = Callable[[np.ndarray], float]
"""``score(predicted (N, H))``: how good forecasts of valid are, higher is better."""

LAGS = (1, 2, 3, 7, 12, 14, 24, 48, 96, 168, 336, 512)
MOST_LAGS = 1024
MIDDLE = 0.01  # the penalty at which all else is compared
PENALTIES = (0.0001, 0.001, 0.01, 0.1, 1.0, 10.0)
FINALISTS = 3
MOST = 50_000
COMPARED = 2_000


@dataclass(frozen=True)
class Choice:
    """What is chosen of a linear autoregression.

    >>> print(Choice("recursive", 24, 0.1, True, False))
    recursive, 24 lags, relative to the last value, l2 0.1
    """

    way: Way
    lags: int
    l2: float
    relative: bool
    use_known: bool

    def __str__(self) -> str:
        parts = [self.way, f"{self.lags} lag{'s' * (self.lags > 1)}"]
        parts += ["relative to the last value"] * self.relative + [f"l2 {self.l2:g}"]
        return ", ".join(parts + ["with what is known ahead"] * self.use_known)


def choose(
    train: Backtest,
    valid: Backtest,
    score: Score | None = None,
    seasons: Sequence[int] = (),
    ways: Sequence[Way] = ("direct", "recursive"),
    *,
    longest: int | None = None,
    relative: Sequence[bool] = (True, False),
) -> tuple[Choice, Direct | Recursive]:
    """The one of all candidates, fitted on ``train``, whose forecasts of ``valid`` score best.

    Everything is compared at one penalty, then the best three at every penalty. Lags are tried as far as at least half
    of the training forecasts have so many values before them, and no further than ``longest``; whole ``seasons`` are
    among them. ``relative`` says whether the last value is taken off, or both to be tried. At most 50,000
    forecasts are learned from, evenly spread. A ``score`` looks at all forecasts of ``valid``, which are held at once;
    without one it is the squared error, in the units of the panel, of at most 2,000 of them.
    """
    if score is None:
        valid = valid.at_most(COMPARED)
        score = _squared_error(valid)
    known = bool(train.panel.known[0].shape[1])
    lags = [count for count in sensible_lags(train, seasons) if longest is None or count <= longest]
    products = {
        way: Products.of((train if way == "direct" else one_step(train)).at_most(MOST), lags[-1], known) for way in ways
    }

    asked, ahead = valid.lags(lags[-1]), valid.known if known else None  # read once for all candidates

    def tried(choices: Iterator[Choice]) -> list[tuple[float, Choice]]:
        found = []
        for choice in choices:
            model, last = _fitted(choice, products[choice.way]), asked[:, -choice.lags :]
            if isinstance(model, Direct):
                predicted = model.answer(last, ahead)
            else:
                predicted = model.answer(last, ahead, valid.horizon)
            found.append((_finite(score(predicted)), choice))
        return found

    every = product(ways, lags, (MIDDLE,), relative, (False, True) if known else (False,))
    found = sorted(tried(Choice(*settings) for settings in every), key=lambda pair: -pair[0])
    finalists = [choice for _, choice in found[:FINALISTS]]
    others = tried(replace(choice, l2=l2) for choice in finalists for l2 in PENALTIES if l2 != MIDDLE)
    best = max([*found, *others], key=lambda pair: pair[0])[1]
    return best, _fitted(best, products[best.way])


def sensible_lags(train: Backtest, seasons: Sequence[int] = ()) -> list[int]:
    """How many lags are tried, in rising order.

    >>> from throughtime.data.series.panel import Panel
    >>> sensible_lags(Backtest.over(Panel.of_values([np.arange(40.0)]), 0, 40, 3), [5])
    [1, 2, 3, 5, 7, 10, 12, 14, 15]
    """
    reach = max(1, min(MOST_LAGS, int(np.median(train.first))))
    return sorted({lags for lags in (*LAGS, *(k * season for season in seasons for k in (1, 2, 3))) if lags <= reach})


def _fitted(choice: Choice, products: Products) -> Direct | Recursive:
    step = Direct.of(products, choice.lags, choice.l2, choice.relative, choice.use_known)
    return step if choice.way == "direct" else Recursive(step)


def _squared_error(valid: Backtest) -> Score:
    truth = valid.truth
    return lambda predicted: -float(np.nanmean((predicted - truth) ** 2))


def _finite(score: float) -> float:
    """An autoregression that grows beyond all bounds is the worst."""
    return score if np.isfinite(score) else -np.inf
