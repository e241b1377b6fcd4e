"""95 % intervals by drawing rows again: for figures that are no mean over rows, as BLEU is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from throughtime.data.order import words
from throughtime.use.verdict.intervals import FEWEST_FOR_A_MEAN, Interval

DRAWS = 1000
Figure = Callable[[np.ndarray], float]  # of the split in which row i stands weights[i] times


def paired_bootstrap(first: Figure, second: Figure, rows: int) -> Interval | None:
    """Of ``first - second`` on the same rows (Koehn 2004): what 95 % of as many rows, drawn anew, give.

    Both are measured on the same draws, so that rows which are hard for both tell nothing. The draws are the same each
    time. None with too few rows to tell.

    >>> paired_bootstrap(lambda weights: 0.0, lambda weights: 1.0, rows=7) is None
    True
    """
    if rows < FEWEST_FOR_A_MEAN:
        return None
    found = np.array([first(weights) - second(weights) for weights in draws(rows)])
    low, high = np.quantile(found, (0.025, 0.975))
    return float(low), float(high)


def draws(rows: int) -> Iterator[np.ndarray]:
    """``DRAWS`` times ``(rows,)``: how often each row is drawn, of as many draws as there are rows.

    >>> {int(weights.sum()) for weights in draws(9)}
    {9}
    """
    for draw in range(DRAWS):
        yield np.bincount((words(rows, rows, draw) % np.uint64(rows)).astype(np.int64), minlength=rows)
