"""One class of several: softmax and cross entropy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from throughtime.batch import Draw
from throughtime.data.fields.category import Category
from throughtime.models.encoders import Encoder, Encoding
from throughtime.models.encoders.encoder import Surroundings
from throughtime.models.heads.head import Head, heads
from throughtime.models.heads.looks import Looks
from throughtime.models.heads.summary import Summary
from throughtime.models.losses import class_weights, cross_entropy
from throughtime.models.settings import AnswerSettings, ClassifySettings


class CategoryHead(Head):
    """Scores ``(B, C)``, as ``summary`` finds them in the encodings.

    ``weights (C,)`` say how much a class counts; all alike if there are none.
    """

    scored = "log-probability"
    class_weights: Tensor | None

    def __init__(self, summary: Summary | Looks, label_smoothing: float = 0.0, weights: Tensor | None = None) -> None:
        super().__init__()
        self.summary, self.label_smoothing = summary, label_smoothing
        self.register_buffer("class_weights", weights, persistent=False)

    def forward(self, encodings: Sequence[Encoding], draw: Draw | None) -> Tensor:
        return self.summary(encodings, draw)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        return cross_entropy(output, target, self.class_weights, self.label_smoothing)

    def losses(self, output: Tensor, target: Tensor) -> Tensor:
        return cross_entropy(output, target, reduction="none")

    def answers(self, output: Tensor) -> tuple[np.ndarray, np.ndarray]:
        probabilities = torch.softmax(output.double(), 1).cpu().numpy()
        return probabilities.argmax(1), probabilities

    def score(self, output: Tensor, answer: int, step: int) -> Tensor:
        return torch.log_softmax(output, 1)[:, answer]

    def seen(self, encodings: Sequence[Encoding]) -> Tensor:
        return self.summary.pooled(encodings)

    def weight(self, target: Tensor) -> Tensor:
        return super().weight(target) if self.class_weights is None else self.class_weights[target].sum()


@heads.named("category")
def category(
    field: Category,
    encoders: Sequence[Encoder],
    around: Surroundings,
    task: ClassifySettings,
    target: np.ndarray | None,
) -> CategoryHead:
    """From all encodings pooled; with balanced class weights every class counts as much as any other."""
    weights = None
    if task.class_weights == "balanced" and target is not None:
        weights = class_weights(np.bincount(target, minlength=len(field.classes)))
    return CategoryHead(
        Summary(encoders, len(field.classes), around.settings, around.generator), task.label_smoothing, weights
    )


@heads.named("answer")
def answer(
    field: Category,
    encoders: Sequence[Encoder],
    around: Surroundings,
    task: AnswerSettings,
    target: np.ndarray | None,
) -> CategoryHead:
    """From what the question finds in the story."""
    looks = Looks(encoders, len(field.classes), around.settings, task.for_a_class(), around.generator)
    return CategoryHead(looks)
