"""Each step ahead by weights of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from throughtime.data.series.backtest import Backtest
from throughtime.models.linear_autoregression.products import Products, in_parts


@dataclass(frozen=True)
class Direct:
    """``y_k = last + W_k (lags - last) + V_k known_k + b_k`` for step k; without ``last`` where it is not ``relative``.

    ``weights (H, L)``, oldest lag first; ``known (H, K)``, K = 0 where what is known ahead is not used; ``bias (H,)``.
    All in the units of the panel.

    >>> from throughtime.data.series.panel import Panel
    >>> rising = Backtest.over(Panel.of_values([np.arange(20.0) ** 2]), 0, 20, 2, context=3)
    >>> direct = fit_direct(rising, lags=3, l2=1e-9, relative=True, use_known=False)
    >>> direct.forecast(rising)[0].round(3).tolist(), rising.truth[0].tolist()
    ([9.0, 16.0], [9.0, 16.0])
    """

    weights: np.ndarray
    known: np.ndarray
    bias: np.ndarray
    relative: bool

    @classmethod
    def of(cls, products: Products, lags: int, l2: float, relative: bool, use_known: bool) -> Direct:
        """From products of as many lags or more."""
        weights, known, bias = products.using(lags, relative, use_known).solved(l2)
        if relative:  # the last lag less itself is nothing
            weights = np.concatenate([weights, np.zeros((len(weights), 1))], axis=1)
        return cls(weights, known, bias, relative)

    @property
    def lags(self) -> int:
        return self.weights.shape[1]

    @property
    def plain(self) -> np.ndarray:
        """The weights (H, L) of the lags themselves, what is taken off and added again included."""
        found = self.weights.copy()
        if self.relative:
            found[:, -1] += 1 - found.sum(1)
        return found

    def forecast(self, backtest: Backtest) -> np.ndarray:
        """(N, H) in the units of the panel, a part at a time."""
        assert backtest.horizon == len(self.weights), (backtest.horizon, self.weights.shape)
        found = [np.zeros((0, len(self.bias)))]
        for part in in_parts(backtest, self.lags + self.weights.shape[0] * (1 + self.known.shape[1])):
            found.append(self.answer(part.lags(self.lags), part.known if self.known.shape[1] else None))
        return np.concatenate(found)

    def answer(self, lags: np.ndarray, known: np.ndarray | None) -> np.ndarray:
        """(N, H) from the last values (N, L) and from what is known ahead (N, H, K)."""
        found = lags @ self.plain.T + self.bias
        if self.known.shape[1]:
            assert known is not None
            found += np.einsum("nhk,hk->nh", known, self.known)
        return found

    def to_json(self) -> dict[str, Any]:
        return {
            "weights": self.weights.tolist(),
            "known": self.known.tolist(),
            "bias": self.bias.tolist(),
            "relative": self.relative,
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Direct:
        bias = np.array(saved["bias"], dtype=np.float64)
        weights, known = (np.array(saved[name], dtype=np.float64) for name in ("weights", "known"))
        return cls(weights, known, bias, saved["relative"])


def fit_direct(backtest: Backtest, lags: int, l2: float, relative: bool, use_known: bool) -> Direct:
    """By ridge regression: the least mean squared error of each step plus ``l2`` times the squared weights.

    The values are best in deviations, so that one ``l2`` means the same everywhere; b is not penalised. Forecasts of
    which not all became known are left out (:meth:`Products.of`).
    """
    return Direct.of(Products.of(backtest, lags, use_known), lags, l2, relative, use_known)
