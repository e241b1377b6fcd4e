"""Forecasts of all steps of a horizon: directly, or each from the forecast of the step before."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from throughtime.batch import Draw
from throughtime.cells.dropout import dropout
from throughtime.cells.engine.contract import State
from throughtime.data.order import words
from throughtime.models.bridge import Bridge
from throughtime.models.encoders import Encoder, Encoding, Shape
from throughtime.models.encoders.encoder import Surroundings
from throughtime.models.encoders.layers import recurrent
from throughtime.models.forecasting.linear import LinearPath, last_values
from throughtime.models.forecasting.outputs import Distribution, outputs
from throughtime.models.heads.head import Head
from throughtime.models.settings import ForecastSettings, NetworkSettings
from throughtime.settings import changed

PATHS = 100  # futures that are drawn, if the settings name no number


@dataclass(frozen=True)
class Begun:
    """All that a forecast is made of: the last values ``(B, L)`` as the network reads them, what is ``known`` of the
    steps ahead ``(B, H, K)``, what was taken off and divided by ``(B,)``, the decoder's first ``state``, what it reads
    at every step beside that ``(B, H, E)``, and who draws its masks."""

    lags: Tensor
    known: Tensor
    centre: Tensor
    spread: Tensor
    state: State
    along: Tensor
    draw: Draw | None


class ForecastHead(Head):
    """Recurrent layers over the horizon, begun from the last states of those that read the past.

        y_k = centre + spread * (linear_k + output(h_k))

    with ``h_k`` the decoder's state at step k. The last map begins at 0, so an untrained network forecasts as the
    linear path does. In evaluation only the ``share`` of what the output adds to the linear forecast counts that is
    best on the validation split, if it is surely better there: 0 is the linear forecast, 1 the network as it was
    trained. The encodings come in the
    order past, ahead, place, and which series if that is read.
    """

    share: Tensor
    scored = "forecast of the step, in deviations of the series' training part"

    def __init__(
        self,
        encoders: Sequence[Encoder],
        around: Surroundings,
        task: ForecastSettings,
        sizes: tuple[int, int, int],
        levels: Sequence[float],
    ) -> None:
        """``sizes``: context length, horizon, and what is known of each step ahead."""
        super().__init__()
        settings = around.settings
        self.lags, self.horizon, known = sizes
        self.levels, self.rate, self.locked = tuple(levels), settings.dropout, settings.locked_dropout
        self.paths, self.output = task.paths or PATHS, outputs[task.outputs](task, levels)  # type: ignore[call-arg]
        past, ahead, _, *which = encoders
        size = ahead.output_size + sum(one.output_size for one in which) + self.fed
        forwards = changed(settings, bidirectional=False, learned_state=False)
        self.ahead = recurrent(size, _in_place(around, forwards))
        self.bridge = Bridge([past.shape], Shape.of(self.ahead), around.generator)
        self.linear = LinearPath(self.steps_at_once, self.lags, known)
        self.last = nn.Linear(self.ahead.output_size, self.output.size)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)
        self.register_buffer("share", torch.ones(()))

    fed = 0  # values that the decoder reads at a step

    @property
    @abstractmethod
    def steps_at_once(self) -> int:
        """Of how many steps the linear path speaks."""

    @abstractmethod
    def said(self, begun: Begun, target: Tensor | None = None) -> Tensor:
        """What is said of all steps (B, H, P); where ``target (B, H, 2)`` is given, of each from what was before it."""

    def forward(self, encodings: Sequence[Encoding], draw: Draw | None) -> Begun:
        past, ahead, place, *which = encodings
        assert past.bag is not None
        lags = last_values(past.bag[..., 0], past.lengths, self.lags)
        horizon = ahead.hidden.shape[1]
        along = [ahead.hidden, *(one.hidden.expand(-1, horizon, -1) for one in which)]
        return Begun(
            lags,
            ahead.hidden[..., 1:],
            place.hidden[:, 0, 0],
            place.hidden[:, 0, 1],
            self.bridge([past.states]),
            torch.cat(along, 2),
            draw,
        )

    @property
    def linear_alone(self) -> bool:
        """Whether the linear forecast answers, and nothing is added to it."""
        return float(self.share) == 0.0

    @property
    def draws(self) -> bool:
        """Whether futures are drawn, and their mean is the forecast."""
        return False

    def loss(self, output: Begun, target: Tensor) -> Tensor:
        losses, known = self._losses(output, target)
        return losses.sum() / known.sum().clamp(min=1)

    def losses(self, output: Begun, target: Tensor) -> Tensor:
        losses, known = self._losses(output, target)
        return losses.sum(1) / known.sum(1).clamp(min=1)

    def _losses(self, begun: Begun, target: Tensor) -> tuple[Tensor, Tensor]:
        truth, known = target.unbind(-1)
        each = self.output.losses(self.said(begun, target), truth)
        return torch.where(known > 0, each, 0.0), known

    def weight(self, target: Tensor) -> Tensor:
        return target[..., 1].sum()

    def forecast(self, begun: Begun) -> tuple[Tensor, Tensor | None]:
        """The forecasts (B, H), and their quantiles (B, H, Q) at the head's levels where the output has any."""
        said = self.said(begun)
        return self.output.point(said), self.output.quantiles(said, self.levels)

    def answers(self, output: Begun) -> tuple[np.ndarray, None]:
        return self.forecast(output)[0].double().cpu().numpy(), None

    def score(self, output: Begun, answer: int, step: int) -> Tensor:
        return self.output.point(self.said(output))[:, step]

    def seen(self, encodings: Sequence[Encoding]) -> Tensor:
        return encodings[0].states[0][-1]

    def _raw(self, hidden: Tensor, draw: Draw | None) -> Tensor:
        raw = self.last(dropout(hidden, self.rate, draw, "head", locked=self.locked))
        if draw is not None:
            return raw
        weights = torch.ones(self.output.size, dtype=raw.dtype, device=raw.device)
        weights[self.output.location] = self.share
        return raw * weights


class DirectHead(ForecastHead):
    """All steps at once: the decoder reads how far ahead a step is and what is known of it."""

    @property
    def steps_at_once(self) -> int:
        return self.horizon

    def said(self, begun: Begun, target: Tensor | None = None) -> Tensor:
        hidden, _ = self.ahead(begun.along, state=begun.state, draw=begun.draw)
        base = self.linear(begun.lags, begun.known)
        centre, spread = begun.centre[:, None].expand_as(base), begun.spread[:, None].expand_as(base)
        return self.output.said(self._raw(hidden, begun.draw), base, centre, spread)


class RecursiveHead(ForecastHead):
    """Step by step: the decoder also reads the value of the step before, in training the true one (teacher forcing).

    A forecast goes on from its own forecasts; of a distribution, ``paths`` futures are drawn, and its quantiles are
    those of the futures. The numbers they are drawn by are the same for every row, so that a row is forecast as it is
    alone, whatever else is in the batch.
    """

    fed = 1

    @property
    def draws(self) -> bool:
        return isinstance(self.output, Distribution)

    @property
    def steps_at_once(self) -> int:
        return 1

    def said(self, begun: Begun, target: Tensor | None = None) -> Tensor:
        if target is None:
            return self._alone(begun)[1]
        before = self._before(begun, target)
        read = torch.cat([begun.along, before[..., None]], 2)
        hidden, _ = self.ahead(read, state=begun.state, draw=begun.draw)
        base = self.linear.rolling(torch.cat([begun.lags, before[:, 1:]], 1), begun.known)
        return self._at(begun, self._raw(hidden, begun.draw), base)

    def forecast(self, begun: Begun) -> tuple[Tensor, Tensor | None]:
        if not isinstance(self.output, Distribution):
            values, said = self._alone(begun)
            return values, self.output.quantiles(said, self.levels)
        rows, paths = len(begun.lags), self.paths
        many = _repeated(begun, paths)
        uniform = torch.from_numpy(words(paths * self.horizon, 17).astype(np.float64) / 2.0**64)
        drawn, _ = self._alone(many, uniform.reshape(paths, self.horizon).to(begun.lags).repeat(rows, 1))
        found = drawn.reshape(rows, paths, self.horizon)
        levels = found.new_tensor(self.levels)
        return found.mean(1), found.quantile(levels, dim=1).permute(1, 2, 0)

    def _alone(self, begun: Begun, uniform: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The values (B, H) that the forecast went on with, and what was said of each step."""
        lags, state, found, said = begun.lags, begun.state, [], []
        for k in range(self.horizon):
            read = torch.cat([begun.along[:, k], lags[:, -1:]], 1)[:, None]
            hidden, state = self.ahead(read, state=state)
            base = self.linear.rolling(lags, begun.known[:, k : k + 1])
            raw = self._raw(hidden, None)
            here = self._at(begun, raw, base)
            if uniform is None:
                value, read_next = self.output.point(here)[:, 0], (base + raw[..., self.output.location])[:, 0]
            else:
                assert isinstance(self.output, Distribution)
                value = self.output.drawn(here[:, 0], uniform[:, k])
                read_next = (value - begun.centre) / begun.spread
            said.append(here)
            found.append(value)
            lags = torch.cat([lags[:, 1:], read_next[:, None]], 1)
        return torch.stack(found, 1), torch.cat(said, 1)

    def _before(self, begun: Begun, target: Tensor) -> Tensor:
        """The value before each step (B, H) as the network reads it; where it is missing, the last one there was."""
        truth, known = target.unbind(-1)
        values = (truth - begun.centre[:, None]) / begun.spread[:, None]
        values = torch.cat([begun.lags[:, -1:], values[:, :-1]], 1)
        there = torch.cat([torch.ones_like(known[:, :1]), known[:, :-1]], 1) > 0
        steps = torch.arange(values.shape[1], device=values.device).expand_as(values)
        last = torch.where(there, steps, 0).cummax(1).values
        return values.gather(1, last)

    def _at(self, begun: Begun, raw: Tensor, base: Tensor) -> Tensor:
        centre, spread = begun.centre[:, None].expand_as(base), begun.spread[:, None].expand_as(base)
        return self.output.said(raw, base, centre, spread)


def _repeated(begun: Begun, times: int) -> Begun:
    def rows(part: Tensor) -> Tensor:
        return part.repeat_interleave(times, 0)

    state = tuple(part.repeat_interleave(times, 1) for part in begun.state)
    return Begun(
        rows(begun.lags), rows(begun.known), rows(begun.centre), rows(begun.spread), state, rows(begun.along), None
    )


def _in_place(around: Surroundings, settings: NetworkSettings) -> Surroundings:
    return Surroundings(settings, around.cell, around.execution, "decoder", around.generator)
