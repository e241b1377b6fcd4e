"""A class for every step: softmax, or a conditional random field over the whole sequence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from throughtime.batch import Draw, Sequences
from throughtime.data.fields.tags import Tags
from throughtime.data.schemes import legal
from throughtime.models.decoding import crf
from throughtime.models.encoders import Encoder, Encoding
from throughtime.models.encoders.encoder import Surroundings
from throughtime.models.heads.head import Head, heads
from throughtime.models.heads.steps import Steps, mean_of_rows
from throughtime.models.losses import cross_entropy, over_steps, valid_steps
from throughtime.models.settings import TagSettings, refuse_loss


@heads.named("tags")
class TagsHead(Head):
    """Scores of every class at every step, and with a CRF of every pair of neighbours, of the first and of the last.

    Where tags mark spans, only sequences that the scheme allows are answered, with a CRF or without. Training counts
    all sequences, so that a row of the data which breaks the scheme costs much and not without end.
    """

    scored = "log-probability"
    stepwise = True
    transitions: Tensor
    start: Tensor
    end: Tensor

    def __init__(
        self,
        field: Tags,
        encoders: Sequence[Encoder],
        around: Surroundings,
        task: TagSettings,
        target: np.ndarray | None,
    ) -> None:
        super().__init__()
        refuse_loss(task, field.column)
        count = len(field.classes)
        self.steps = Steps(encoders, count, around.settings, around.generator)
        self.crf = task.crf == "yes" or (task.crf == "auto" and field.scheme is not None)
        for name, shape in (("start", (count,)), ("transitions", (count, count)), ("end", (count,))):
            zeros = torch.zeros(shape)
            self.register_parameter(name, nn.Parameter(zeros)) if self.crf else self.register_buffer(name, zeros, False)
        self.constrained = field.scheme is not None
        allowed = legal(field.scheme, field.classes) if field.scheme is not None else ()
        for name, mask in zip(("may_start", "may_follow", "may_end"), allowed, strict=False):
            self.register_buffer(name, torch.from_numpy(mask), persistent=False)

    def forward(self, encodings: Sequence[Encoding], draw: Draw | None) -> Sequences:
        return self.steps(encodings, draw)

    def loss(self, output: Sequences, target: Sequences) -> Tensor:
        if not self.crf:
            return over_steps(cross_entropy, output, target)
        return -self._likelihood(output, target).sum() / output.lengths.sum().clamp(min=1)

    def losses(self, output: Sequences, target: Sequences) -> Tensor:
        if self.crf:
            return -self._likelihood(output, target) / output.lengths.clamp(min=1)
        each = cross_entropy(valid_steps(output), valid_steps(target), reduction="none")
        return mean_of_rows(each, output.lengths)

    def answers(self, output: Sequences) -> tuple[np.ndarray, np.ndarray]:
        probabilities = valid_steps(Sequences(self.probabilities(output), output.lengths))
        if not self._joint:
            return probabilities.argmax(1).cpu().numpy(), probabilities.cpu().numpy()
        found = crf.viterbi(output.data.double(), output.lengths, *self._weights(), allowed=self._allowed())
        predicted = valid_steps(Sequences(found, output.lengths))
        return predicted.cpu().numpy(), probabilities.cpu().numpy()

    def probabilities(self, output: Sequences) -> Tensor:
        """Of every class at every step, ``(B, T, C)`` in float64; in the padding they mean nothing."""
        if not self._joint:
            return torch.softmax(output.data.double(), 2)
        return crf.marginals(output.data.double(), output.lengths, *self._weights(), allowed=self._allowed())

    def score(self, output: Sequences, answer: int, step: int) -> Tensor:
        if not self._joint:
            return torch.log_softmax(output.data[:, step], 1)[:, answer]
        return self.probabilities(output)[:, step, answer].log()

    def seen(self, encodings: Sequence[Encoding]) -> Tensor:
        return self.steps.mean(encodings)

    @property
    def _joint(self) -> bool:
        """Whether the tags of a sequence are decided together."""
        return self.crf or self.constrained

    def _weights(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.start.double(), self.transitions.double(), self.end.double()

    def _likelihood(self, output: Sequences, target: Sequences) -> Tensor:
        tags = target.data[:, : output.data.shape[1]]
        return crf.log_likelihood(output.data, tags, output.lengths, self.start, self.transitions, self.end)

    def _allowed(self) -> tuple[Tensor, Tensor, Tensor] | None:
        if not self.constrained:
            return None
        return self.get_buffer("may_start"), self.get_buffer("may_follow"), self.get_buffer("may_end")
