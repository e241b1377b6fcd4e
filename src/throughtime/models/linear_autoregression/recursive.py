"""One step ahead by weights, and from there on the next one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from throughtime.data.series.backtest import Backtest
from throughtime.models.linear_autoregression.direct import Direct
from throughtime.models.linear_autoregression.products import Products, in_parts


@dataclass(frozen=True)
class Recursive:
    """A :class:`Direct` of one step, ``step``, that reads its own forecasts as if they had come: an AR(L) model.

    >>> halving = Direct(np.array([[0.5]]), np.zeros((1, 0)), np.zeros(1), relative=False)
    >>> from throughtime.data.series.panel import Panel
    >>> asked = Backtest.over(Panel.of_values([np.array([8.0, 0.0, 0.0])]), 1, 3, 2)
    >>> Recursive(halving).forecast(asked).tolist()
    [[4.0, 2.0]]
    """

    step: Direct

    @property
    def lags(self) -> int:
        return self.step.lags

    def forecast(self, backtest: Backtest) -> np.ndarray:
        """(N, H) in the units of the panel, over the horizon of the backtest, a part at a time."""
        found, width = [np.zeros((0, backtest.horizon))], self.step.known.shape[1]
        for part in in_parts(backtest, self.lags + backtest.horizon * (1 + width)):
            found.append(self.answer(part.lags(self.lags), part.known if width else None, backtest.horizon))
        return np.concatenate(found)

    def answer(self, lags: np.ndarray, known: np.ndarray | None, horizon: int) -> np.ndarray:
        """(N, H) from the last values (N, L) and from what is known ahead (N, H, K).

        The forecasts are linear in the lags and in what each step adds by itself, so that the steps are gone through
        once, for the weights, and not for every forecast: ``y = A lags + R (V known + b)``.
        """
        weights, response = self.iterated(horizon)
        adds = np.full((len(lags), horizon), self.step.bias[0])
        if self.step.known.shape[1]:
            assert known is not None
            adds += known @ self.step.known[0]
        return lags @ weights.T + adds @ response.T

    def iterated(self, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """A (H, L), the weights of the lags in each step; R (H, H), those of what the steps before add."""
        plain, lags = self.step.plain[0], self.lags
        rows = np.zeros((lags + horizon, lags))  # each value of the window and after it, as weights of the lags
        rows[:lags] = np.eye(lags)
        impulse = np.zeros(lags + horizon)  # and as an answer to a 1 that is added at the first step
        for k in range(lags, lags + horizon):
            rows[k] = plain @ rows[k - lags : k]
            impulse[k] = plain @ impulse[k - lags : k] + (k == lags)
        since = np.arange(horizon)[:, None] - np.arange(horizon)
        return rows[lags:], np.where(since >= 0, impulse[lags:][np.maximum(since, 0)], 0.0)

    def to_json(self) -> dict[str, Any]:
        return {"step": self.step.to_json()}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Recursive:
        return cls(Direct.from_json(saved["step"]))


def fit_recursive(backtest: Backtest, lags: int, l2: float, relative: bool, use_known: bool) -> Recursive:
    """By ridge regression of one step ahead, over all steps that the forecasts of the backtest cover."""
    return Recursive(Direct.of(Products.of(one_step(backtest), lags, use_known), lags, l2, relative, use_known))


def one_step(backtest: Backtest) -> Backtest:
    """All forecasts of one step, of a known value, from the first to the last step that this backtest forecasts."""
    series, firsts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for s, rows in backtest.by_series():
        own = backtest.first[rows]
        steps = np.arange(own.min(), own.max() + backtest.horizon)
        firsts.append(steps[~np.isnan(backtest.panel.values[s][steps])])
        series.append(np.full(len(firsts[-1]), s, dtype=np.int64))
    return Backtest(backtest.panel, np.concatenate(series), np.concatenate(firsts), 1)
