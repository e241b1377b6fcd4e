"""Any number of labels: a sigmoid and binary cross entropy for each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from throughtime.batch import Draw
from throughtime.data.fields.labels import Labels
from throughtime.models.encoders import Encoder, Encoding
from throughtime.models.encoders.encoder import Surroundings
from throughtime.models.heads.head import Head, heads
from throughtime.models.heads.summary import Summary
from throughtime.models.losses import binary_cross_entropy, positive_weights
from throughtime.models.settings import ClassifySettings


@heads.named("labels")
class LabelsHead(Head):
    """Scores ``(B, C)``; with balanced class weights the rows that have a label weigh as much as those without."""

    scored = "log-odds"
    positive_weights: Tensor | None

    def __init__(
        self,
        field: Labels,
        encoders: Sequence[Encoder],
        around: Surroundings,
        task: ClassifySettings,
        target: np.ndarray | None,
    ) -> None:
        super().__init__()
        self.summary = Summary(encoders, len(field.classes), around.settings, around.generator)
        self.label_smoothing = task.label_smoothing
        weights = positive_weights(target) if task.class_weights == "balanced" and target is not None else None
        self.register_buffer("positive_weights", weights, persistent=False)

    def forward(self, encodings: Sequence[Encoding], draw: Draw | None) -> Tensor:
        return self.summary(encodings, draw)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        return binary_cross_entropy(output, target, self.positive_weights, self.label_smoothing)

    def losses(self, output: Tensor, target: Tensor) -> Tensor:
        return binary_cross_entropy(output, target, reduction="none").mean(1)

    def answers(self, output: Tensor) -> tuple[np.ndarray, np.ndarray]:
        probabilities = torch.sigmoid(output.double()).cpu().numpy()
        return (probabilities > 0.5).astype(np.int64), probabilities

    def score(self, output: Tensor, answer: int, step: int) -> Tensor:
        return output[:, answer]

    def seen(self, encodings: Sequence[Encoding]) -> Tensor:
        return self.summary.pooled(encodings)
