"""A number for every step, scaled: squared or absolute loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from throughtime.batch import Draw, Sequences
from throughtime.data.fields.numbers import Numbers
from throughtime.errors import UsageError
from throughtime.models.encoders import Encoder, Encoding
from throughtime.models.encoders.encoder import Surroundings
from throughtime.models.heads.head import Head, heads
from throughtime.models.heads.steps import Steps, mean_of_rows
from throughtime.models.losses import losses, over_steps, valid_steps
from throughtime.models.settings import TagSettings


@heads.named("numbers")
class NumbersHead(Head):
    """A number for each step (B, T, 1), in the scale of the field."""

    scored = "number, in deviations from the training mean"
    stepwise = True

    def __init__(
        self,
        field: Numbers,
        encoders: Sequence[Encoder],
        around: Surroundings,
        task: TagSettings,
        target: np.ndarray | None,
    ) -> None:
        super().__init__()
        if task.crf != "auto":
            raise UsageError(f'--set crf={task.crf}: column "{field.column}" holds numbers, no tags; leave it out')
        self.steps = Steps(encoders, 1, around.settings, around.generator)
        self.distance = losses[task.loss or "squared"]

    def forward(self, encodings: Sequence[Encoding], draw: Draw | None) -> Sequences:
        return self.steps(encodings, draw)

    def loss(self, output: Sequences, target: Sequences) -> Tensor:
        return over_steps(self.distance, output, target)

    def losses(self, output: Sequences, target: Sequences) -> Tensor:
        each = self.distance(valid_steps(output), valid_steps(target), reduction="none")
        return mean_of_rows(each[:, 0], output.lengths)

    def answers(self, output: Sequences) -> tuple[np.ndarray, None]:
        return valid_steps(output)[:, 0].double().cpu().numpy(), None

    def score(self, output: Sequences, answer: int, step: int) -> Tensor:
        return output.data[:, step, 0]

    def seen(self, encodings: Sequence[Encoding]) -> Tensor:
        return self.steps.mean(encodings)
