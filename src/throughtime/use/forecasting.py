"""A forecaster over a whole backtest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from throughtime.data.series.backtest import Backtest
from throughtime.data.series.windows import Windows, in_order
from throughtime.errors import NonFiniteError
from throughtime.models.forecasting.heads import ForecastHead
from throughtime.models.model import Model

BATCH = 256


@dataclass(frozen=True)
class Forecasts:
    """In deviations: ``point (N, H)``, ``quantiles (N, H, Q)`` where the network says any, and the mean loss of each
    forecast ``(N,)``."""

    point: np.ndarray
    quantiles: np.ndarray | None
    losses: np.ndarray


@torch.no_grad()
def forecasts(
    model: Model,
    windows: Windows,
    asked: Backtest,
    *,
    device: torch.device | str = "cpu",
    done: Callable[[int], None] | None = None,
) -> Forecasts:
    """All forecasts that are asked for. Raises NonFiniteError where one is not finite."""
    model.eval()
    assert isinstance(model.head, ForecastHead)
    points, quantiles, losses = [], [], []
    for batch in in_order(windows, asked, batch_size=BATCH):
        batch = batch.to(device)
        begun = model(batch)
        point, said = model.head.forecast(begun)
        if not bool(torch.isfinite(point).all()):
            bad = int((~torch.isfinite(point).all(1)).nonzero()[0])
            raise NonFiniteError(
                f"the forecast of sample {int(batch.sample_ids[bad])} is not finite; the network's weights have gone "
                "wrong"
            )
        points.append(point.float().cpu().numpy())
        losses.append(model.head.losses(begun, model.target(batch)).double().cpu().numpy())  # type: ignore[arg-type]
        if said is not None:
            quantiles.append(said.float().cpu().numpy())
        if done is not None:
            done(len(batch))
    return Forecasts(np.concatenate(points), np.concatenate(quantiles) if quantiles else None, np.concatenate(losses))
