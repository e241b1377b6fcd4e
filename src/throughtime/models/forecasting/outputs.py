"""What a forecaster says of each step: one number, quantiles, or a distribution."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.models.forecasting.student import student_t_quantile
from throughtime.models.losses import losses
from throughtime.models.settings import ForecastSettings
from throughtime.registry import Registry

LEAST_SPREAD = 1e-4  # in deviations: what is sure of itself may still be wrong


class Output(ABC):
    """From raw numbers ``(..., size)`` of the network to what is said of each step, ``(..., P)``.

    A forecast is ``centre + spread * (base + raw)``: ``base (...)`` is the linear forecast, ``centre`` and ``spread``
    are what was taken off the window. All that is said is in the deviations of the series.
    """

    size: int
    location = 0  # which of the raw numbers moves the forecast

    @abstractmethod
    def said(self, raw: Tensor, base: Tensor, centre: Tensor, spread: Tensor) -> Tensor:
        """What is said of each step."""

    @abstractmethod
    def losses(self, said: Tensor, truth: Tensor) -> Tensor:
        """The loss of each step, ``(...)``."""

    @abstractmethod
    def point(self, said: Tensor) -> Tensor:
        """The forecast as one number."""

    def quantiles(self, said: Tensor, levels: Sequence[float]) -> Tensor | None:
        """``(..., Q)`` at these levels, in order; None where nothing is said of how sure it is."""
        return None


class Distribution(Output):
    """An output that futures can be drawn from."""

    @abstractmethod
    def drawn(self, said: Tensor, uniform: Tensor) -> Tensor:
        """A number of the distribution for each uniform one between 0 and 1."""


Make = type[Output]
outputs: Registry[Make] = Registry("output of a forecast")


@outputs.named("point")
class Point(Output):
    """One number a step."""

    size = 1

    def __init__(self, settings: ForecastSettings, levels: Sequence[float]) -> None:
        self.distance = losses[settings.loss or "squared"]

    def said(self, raw: Tensor, base: Tensor, centre: Tensor, spread: Tensor) -> Tensor:
        return (centre + spread * (base + raw[..., 0]))[..., None]

    def losses(self, said: Tensor, truth: Tensor) -> Tensor:
        return self.distance(said[..., 0], truth, reduction="none")

    def point(self, said: Tensor) -> Tensor:
        return said[..., 0]


@outputs.named("quantiles")
class Quantiles(Output):
    """A number for each level, in order: the median, and steps up and down from it that are never negative."""

    def __init__(self, settings: ForecastSettings, levels: Sequence[float]) -> None:
        self.levels = tuple(levels)
        self.size, self.location = len(levels), self.levels.index(0.5)

    def said(self, raw: Tensor, base: Tensor, centre: Tensor, spread: Tensor) -> Tensor:
        median = (base + raw[..., self.location])[..., None]
        up = median + F.softplus(raw[..., self.location + 1 :] - 1).cumsum(-1)
        down = median - F.softplus(raw[..., : self.location].flip(-1) - 1).cumsum(-1).flip(-1)
        return centre[..., None] + spread[..., None] * torch.cat([down, median, up], -1)

    def losses(self, said: Tensor, truth: Tensor) -> Tensor:
        """Twice the pinball loss, the mean over all levels: at the median it is the absolute error."""
        above = truth[..., None] - said
        levels = said.new_tensor(self.levels)
        return 2 * torch.maximum(levels * above, (levels - 1) * above).mean(-1)

    def point(self, said: Tensor) -> Tensor:
        return said[..., self.location]

    def quantiles(self, said: Tensor, levels: Sequence[float]) -> Tensor:
        return said[..., [self.levels.index(level) for level in levels]]


@outputs.named("gaussian")
class Gaussian(Distribution):
    """Mean and deviation of a normal distribution."""

    size = 2

    def __init__(self, settings: ForecastSettings, levels: Sequence[float]) -> None:
        pass

    def said(self, raw: Tensor, base: Tensor, centre: Tensor, spread: Tensor) -> Tensor:
        deviation = F.softplus(raw[..., 1]) + LEAST_SPREAD
        return torch.stack([centre + spread * (base + raw[..., 0]), spread * deviation], -1)

    def losses(self, said: Tensor, truth: Tensor) -> Tensor:
        mean, deviation = said.unbind(-1)
        return ((truth - mean) / deviation).square() / 2 + deviation.log() + math.log(2 * math.pi) / 2

    def point(self, said: Tensor) -> Tensor:
        return said[..., 0]

    def quantiles(self, said: Tensor, levels: Sequence[float]) -> Tensor:
        normal = torch.distributions.Normal(said.new_zeros(()), said.new_ones(()))
        far = normal.icdf(said.new_tensor(list(levels)))
        return said[..., :1] + said[..., 1:] * far

    def drawn(self, said: Tensor, uniform: Tensor) -> Tensor:
        normal = torch.distributions.Normal(said.new_zeros(()), said.new_ones(()))
        return said[..., 0] + said[..., 1] * normal.icdf(uniform)


@outputs.named("student_t")
class StudentT(Distribution):
    """Centre, spread and degrees of freedom of Student's t: of outliers it thinks less than a normal distribution."""

    size = 3

    def __init__(self, settings: ForecastSettings, levels: Sequence[float]) -> None:
        pass

    def said(self, raw: Tensor, base: Tensor, centre: Tensor, spread: Tensor) -> Tensor:
        wide = F.softplus(raw[..., 1]) + LEAST_SPREAD
        degrees = 2.1 + F.softplus(raw[..., 2] + 3)
        return torch.stack([centre + spread * (base + raw[..., 0]), spread * wide, degrees], -1)

    def losses(self, said: Tensor, truth: Tensor) -> Tensor:
        return -torch.distributions.StudentT(said[..., 2], said[..., 0], said[..., 1]).log_prob(truth)

    def point(self, said: Tensor) -> Tensor:
        return said[..., 0]

    def quantiles(self, said: Tensor, levels: Sequence[float]) -> Tensor:
        far = torch.stack([student_t_quantile(level, said[..., 2]) for level in levels], -1)
        return said[..., :1] + said[..., 1:2] * far

    def drawn(self, said: Tensor, uniform: Tensor) -> Tensor:
        """Between the quantiles of a fine row of levels."""
        levels = torch.linspace(0.005, 0.995, 100)
        quantiles = self.quantiles(said, levels.tolist())
        at = ((uniform - 0.005) / 0.99 * 99).clamp(0, 98.999)
        low = at.long()
        pair = quantiles.gather(-1, torch.stack([low, low + 1], -1))
        return pair[..., 0] + (at - low) * (pair[..., 1] - pair[..., 0])
