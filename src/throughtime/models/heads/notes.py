"""The notes of the next frame: for each of the 88 keys whether it sounds, independent of the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from throughtime.batch import Draw, Sequences
from throughtime.data.fields.notes import Notes
from throughtime.errors import UsageError
from throughtime.models.encoders import Encoder, Encoding
from throughtime.models.encoders.encoder import Surroundings
from throughtime.models.heads.head import Head, heads
from throughtime.models.heads.steps import Steps, mean_of_rows
from throughtime.models.losses import over_steps, set_surprise, valid_steps
from throughtime.models.settings import LanguageSettings, refuse_idle

OF_TEXTS = ("bptt", "tied", "adaptive", "activation_penalty", "change_penalty", "dynamic_rate", "sample_lines")


@heads.named("notes")
class NotesHead(Head):
    """A score for each note of each frame ``(B, T, 88)``, whose sigmoid is the probability that it sounds.

    What sounds together is learnt only through the frames before: given these, notes are taken as independent, as in
    the first benchmarks of polyphonic music (Boulanger-Lewandowski, Bengio and Vincent 2012, "RNN"). With ``target``
    it begins by predicting how often each note sounds.
    """

    scored = "log-probability"
    stepwise = True

    def __init__(
        self,
        field: Notes,
        encoders: Sequence[Encoder],
        around: Surroundings,
        task: LanguageSettings,
        target: np.ndarray | None,
    ) -> None:
        super().__init__()
        if around.settings.bidirectional:
            raise UsageError("--bidirectional: the next frame must not be seen before it is predicted; leave it out")
        assert len(encoders) == 1, "notes are predicted from notes alone, which is said where columns are chosen"
        refuse_idle(
            task, OF_TEXTS, "it is for texts, and pieces of notes are rows (--set crop=N reads windows of them)"
        )
        self.steps = Steps(encoders, field.size, around.settings, around.generator)
        if target is not None:
            self._expect(target)

    @torch.no_grad()
    def _expect(self, target: np.ndarray) -> None:
        """Begin with the frequencies of the notes in frames ``(N, 88)``."""
        shares = torch.from_numpy((target.sum(0) + 1.0) / (len(target) + 2.0))
        self.steps.bias.copy_(torch.logit(shares))

    def forward(self, encodings: Sequence[Encoding], draw: Draw | None) -> Sequences:
        return self.steps(encodings, draw)

    def loss(self, output: Sequences, target: Sequences) -> Tensor:
        return over_steps(set_surprise, output, target)

    def losses(self, output: Sequences, target: Sequences) -> Tensor:
        each = set_surprise(valid_steps(output), valid_steps(target), reduction="none")
        return mean_of_rows(each, output.lengths)

    def answers(self, output: Sequences) -> tuple[np.ndarray, np.ndarray]:
        probabilities = valid_steps(output).double().sigmoid().cpu().numpy()
        return (probabilities > 0.5).astype(np.uint8), probabilities

    def score(self, output: Sequences, answer: int, step: int) -> Tensor:
        return torch.nn.functional.logsigmoid(output.data[:, step, answer])

    def seen(self, encodings: Sequence[Encoding]) -> Tensor:
        return self.steps.mean(encodings)
