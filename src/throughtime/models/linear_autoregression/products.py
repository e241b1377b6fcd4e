"""What a ridge regression needs of many forecasts: sums of products, taken a few forecasts at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from throughtime.data.series.backtest import Backtest

NUMBERS_AT_ONCE = 1 << 22
COMPLETE_ENOUGH = 0.5


@dataclass(frozen=True)
class Products:
    """Means, and mean products about them, over N forecasts of lags x (L,), known z_k (K,) and truths y_k, k = 1 ... H.

    Each step has its own z_k, all share x: ``xx (L, L)``, ``xy (L, H)``, ``xz (H, L, K)``, ``zz (H, K, K)``,
    ``zy (H, K)``; ``x (L,)``, ``y (H,)`` and ``z (H, K)`` are the means. Of them follow the regressions on any of the
    last lags, with z or without, relative to the last value or not, with any penalty: the data is read once.
    """

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    xx: np.ndarray
    xy: np.ndarray
    xz: np.ndarray
    zz: np.ndarray
    zy: np.ndarray

    @classmethod
    def of(cls, backtest: Backtest, lags: int, use_known: bool) -> Products:
        """Over the forecasts of which every step became known.

        Where that is less than half of them, the others count from which half of the steps became known: what is
        missing is taken from the line between its neighbours.
        """
        horizon, width = backtest.horizon, backtest.panel.known[0].shape[1] if use_known else 0
        moments = [np.zeros(shape) for shape in ((lags,), (horizon,), (horizon, width))]
        xx, xy, xz = np.zeros((lags, lags)), np.zeros((lags, horizon)), np.zeros((lags, horizon * width))
        zz, zy = np.zeros((horizon, width, width)), np.zeros((horizon, width))
        count = 0
        for part in in_parts(_complete(backtest), lags + horizon * (1 + width)):
            x, y = part.lags(lags), _joined(part.truth)
            z = part.known if use_known else np.zeros((len(part), horizon, 0))
            moments = [total + each.sum(0) for total, each in zip(moments, (x, y, z), strict=True)]
            xx, xy, xz = xx + x.T @ x, xy + x.T @ y, xz + x.T @ z.reshape(len(part), -1)
            zz, zy = zz + np.matmul(z.transpose(1, 2, 0), z.transpose(1, 0, 2)), zy + np.einsum("nhk,nh->hk", z, y)
            count += len(part)
        x, y, z = (total / max(count, 1) for total in moments)
        count = max(count, 1)
        return cls(
            x,
            y,
            z,
            xx / count - np.outer(x, x),
            xy / count - np.outer(x, y),
            xz.reshape(lags, horizon, width).transpose(1, 0, 2) / count - x[:, None] * z[:, None, :],
            zz / count - z[:, :, None] * z[:, None, :],
            zy / count - z * y[:, None],
        )

    def using(self, lags: int, relative: bool, use_known: bool) -> Products:
        """Those of the last lags only, with z or without; of ``relative`` ones the last value is taken off x and y."""
        kept = slice(len(self.x) - lags, None)
        width = self.z.shape[1] if use_known else 0
        x, xx, xy = self.x[kept], self.xx[kept, kept], self.xy[kept]
        z, xz, zz, zy = self.z[:, :width], self.xz[:, kept, :width], self.zz[:, :width, :width], self.zy[:, :width]
        if not relative:
            return Products(x, self.y, z, xx, xy, xz, zz, zy)
        last = xx[:, -1:]
        return Products(
            (x - x[-1])[:-1],
            self.y - x[-1],
            z,
            (xx - last - last.T + last[-1])[:-1, :-1],
            (xy - last - xy[-1:] + last[-1])[:-1],
            (xz - xz[:, -1:])[:, :-1],
            zz,
            zy - xz[:, -1],
        )

    def solved(self, l2: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """W (H, L), V (H, K) and b (H,) with the least mean of ``(y - W x - V z - b)^2 + l2 (|W|^2 + |V|^2)`` a step.

        All steps share the matrix of x, which is solved once; what remains a step has the size of z (Schur complement).
        """
        assert l2 > 0, l2
        (horizon, width), lags = self.z.shape, len(self.x)
        both = np.concatenate([self.xy, self.xz.transpose(1, 0, 2).reshape(lags, horizon * width)], axis=1)
        over = np.linalg.solve(self.xx + l2 * np.eye(lags), both)
        over_y, over_z = over[:, :horizon], over[:, horizon:].reshape(lags, horizon, width).transpose(1, 0, 2)
        zx = self.xz.transpose(0, 2, 1)  # (H, K, L)
        left = self.zz + l2 * np.eye(width) - zx @ over_z
        right = self.zy - (zx @ over_y.T[:, :, None])[:, :, 0]
        known = np.linalg.solve(left, right[:, :, None])[:, :, 0]
        weights = over_y.T - (over_z @ known[:, :, None])[:, :, 0]
        return weights, known, self.y - weights @ self.x - (known * self.z).sum(1)


def in_parts(backtest: Backtest, width: int) -> Iterator[Backtest]:
    """A backtest a part at a time, each of so many forecasts as have a bounded number of numbers, ``width`` each."""
    size = max(1, NUMBERS_AT_ONCE // max(width, 1))
    for begin in range(0, len(backtest), size):
        yield backtest.select(np.arange(begin, min(begin + size, len(backtest))))


def _complete(backtest: Backtest) -> Backtest:
    """The forecasts that are learned from."""
    known = [1 - np.isnan(part.truth).mean(1) for part in in_parts(backtest, backtest.horizon)]
    shares = np.concatenate([np.zeros(0), *known])
    whole = shares == 1
    enough = whole.sum() >= COMPLETE_ENOUGH * len(whole)
    return backtest.select(np.flatnonzero(whole if enough else shares >= COMPLETE_ENOUGH))


def _joined(truth: np.ndarray) -> np.ndarray:
    """Truths (N, H) without gaps, lines drawn between neighbours."""
    truth = truth.copy()
    steps = np.arange(truth.shape[1])
    for row in np.flatnonzero(np.isnan(truth).any(1)):
        there = ~np.isnan(truth[row])
        truth[row] = np.interp(steps, steps[there], truth[row][there])
    return truth
