"""The other direction, for engines that run forwards only: each row's valid steps in reverse order, and back again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps

import torch
from torch import Tensor

from throughtime.cells.engine.contract import Result, Work

Engine = Callable[[Work], Result]


def in_both_directions(run: Engine) -> Engine:
    """An engine that runs forwards made one that runs in the direction of its work."""

    @wraps(run)
    def either(work: Work) -> Result:
        if not work.backwards:
            return run(work)
        order = _reversed_order(work.x, work.lengths)
        noise = work.noise
        if noise.zoneout is not None:
            zoneout = tuple(mask if isinstance(mask, float) else _along(mask, order) for mask in noise.zoneout)
            noise = replace(noise, zoneout=zoneout)
        result = run(replace(work, x=_along(work.x, order), backwards=False, noise=noise))
        recorded = {name: _along(values, order) for name, values in result.recorded.items()}
        return Result(_along(result.output, order), result.state, recorded)

    return either


def _reversed_order(x: Tensor, lengths: Tensor | None) -> Tensor:
    """(B, T): for each row the order of its valid steps backwards; padding stays where it is. Its own inverse."""
    time = torch.arange(x.shape[1], device=x.device).expand(x.shape[0], -1)
    if lengths is None:
        return time.flip(1)
    return torch.where(time < lengths[:, None], lengths[:, None] - 1 - time, time)


def _along(values: Tensor, order: Tensor) -> Tensor:
    """Reorder the steps of ``values (B, T, ...)``."""
    return values[torch.arange(len(values), device=values.device)[:, None], order]
