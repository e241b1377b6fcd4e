"""One number, scaled: squared or absolute loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from throughtime.batch import Draw
from throughtime.data.fields.number import Number
from throughtime.models.encoders import Encoder, Encoding
from throughtime.models.encoders.encoder import Surroundings
from throughtime.models.heads.head import Head, heads
from throughtime.models.heads.summary import Summary
from throughtime.models.losses import losses
from throughtime.models.settings import RegressSettings


@heads.named("number")
class NumberHead(Head):
    """A number for each sample (B,), in the scale of the field."""

    scored = "number, in deviations from the training mean"

    def __init__(
        self,
        field: Number,
        encoders: Sequence[Encoder],
        around: Surroundings,
        task: RegressSettings,
        target: np.ndarray | None,
    ) -> None:
        super().__init__()
        self.summary = Summary(encoders, 1, around.settings, around.generator)
        self.distance = losses[task.loss]

    def forward(self, encodings: Sequence[Encoding], draw: Draw | None) -> Tensor:
        return self.summary(encodings, draw)[:, 0]

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        return self.losses(output, target).mean()

    def losses(self, output: Tensor, target: Tensor) -> Tensor:
        return self.distance(output, target, reduction="none")

    def answers(self, output: Tensor) -> tuple[np.ndarray, None]:
        return output.double().cpu().numpy(), None

    def score(self, output: Tensor, answer: int, step: int) -> Tensor:
        return output

    def seen(self, encodings: Sequence[Encoding]) -> Tensor:
        return self.summary.pooled(encodings)
