"""A text of any length: a decoder that looks at everything that was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from throughtime.batch import Draw, Sequences, valid_mask
from throughtime.cells.pooling import Pooling
from throughtime.data.fields.tokens import Tokens
from throughtime.data.tokenisation import LETTERS
from throughtime.data.vocabulary import EOS, PAD, SOS, SPECIALS, UNK, Vocabulary
from throughtime.errors import UsageError
from throughtime.models.decoder import PLACE, Decoder, Source
from throughtime.models.decoding import Beam, Hypothesis, Way
from throughtime.models.encoders import Encoder, Encoding
from throughtime.models.encoders.encoder import Surroundings
from throughtime.models.heads.head import Head, heads
from throughtime.models.heads.steps import mean_of_rows
from throughtime.models.settings import TransduceSettings, refuse_idle
from throughtime.settings import changed


@dataclass(frozen=True)
class Read:
    """What there is to write from, and who draws the masks of training.

    ``written (S,)`` are the tokens of an answer, where its steps are asked about (:meth:`TextHead.score`).
    """

    source: Source
    draw: Draw | None
    written: tuple[int, ...] | None = None


@heads.named("tokens")
class TextHead(Head):
    """A decoder over all encodings: it looks at the hidden states of every input with steps, one after the other.

    It begins from the last states of all inputs, those without time among them. The target is sequences of ids between
    ``<sos>`` and ``<eos>``; each of them but the first is predicted.
    """

    scored = "log-probability"

    def __init__(
        self,
        field: Tokens,
        encoders: Sequence[Encoder],
        around: Surroundings,
        task: TransduceSettings,
        target: np.ndarray | None,
    ) -> None:
        super().__init__()
        refuse_idle(around.settings, ("pooling", "bag"), "an answer is written from all steps, and none is pooled")
        self.field, self.stepwise_inputs = field, [encoder.stepwise for encoder in encoders]
        if not any(self.stepwise_inputs):
            refuse_idle(around.settings, ("bidirectional", "learned_state"), "the inputs have no steps to be read")
        task = _looking(task.for_a_text(), any(self.stepwise_inputs))
        self.way = Way(
            Beam(task.beam, task.length_penalty if task.beam > 1 else 0.0, task.coverage_penalty, task.n_best),
            task.longest,
        )
        self.decoder = Decoder(
            field.vocabulary,
            next((encoder.output_size for encoder in encoders if encoder.stepwise), encoders[0].output_size),
            [encoder.shape for encoder in encoders],
            around.settings,
            task,
            cell=around.cell,
            execution=around.execution,
            generator=around.generator,
            vectors=around.vectors,
            usual_size=64 if field.unit in LETTERS else 256,
            place=PLACE,
        )
        self.first, self.last, *never = (field.vocabulary.ids[token] for token in (SOS, EOS, PAD, UNK))
        self.register_buffer("never", torch.tensor([self.first, *never]), persistent=False)
        if target is not None:
            counts = np.bincount(target, minlength=len(field.vocabulary))
            counts[self.first] = 0
            self.decoder.following.expect(counts)
        self.copied = _Copied(encoders, field) if task.copying else None
        self.mean = Pooling("mean", 0)

    def forward(self, encodings: Sequence[Encoding], draw: Draw | None) -> Read:
        looked_at = [one for one, stepwise in zip(encodings, self.stepwise_inputs, strict=True) if stepwise]
        parts = looked_at or encodings[:1]  # without steps nothing is looked at
        hidden, lengths = in_a_row([one.hidden for one in parts], [one.lengths for one in parts])
        ids = None if self.copied is None else self.copied(parts)
        return Read(Source(hidden, lengths, [one.states for one in encodings], ids), draw)

    def loss(self, output: Read, target: Sequences) -> Tensor:
        return self.decoder.loss(*_shifted(target), output.source, output.draw)

    def losses(self, output: Read, target: Sequences) -> Tensor:
        read, following = _shifted(target)
        return mean_of_rows(self.decoder.surprises(read, following, output.source), read.lengths)

    def surprises(self, output: Read, target: Sequences) -> tuple[Tensor, Tensor]:
        """-log P of every token of the truth, ``<eos>`` among them, row by row ``(N,)``; how many each row has."""
        read, following = _shifted(target)
        return self.decoder.surprises(read, following, output.source), read.lengths

    def weight(self, target: Sequences) -> Tensor:
        return (target.lengths - 1).clamp(min=0).sum()

    def answers(self, output: Read) -> tuple[np.ndarray, None]:
        return np.array([self.field.decode(found.ids) for found in self.best(output)], dtype=object), None

    def best(self, output: Read) -> list[Hypothesis]:
        """The best answer to each row, written in the head's own way."""
        found = self.write(output, self.way, torch.arange(len(output.source.lengths)))
        return [answers[0] for answers in found]

    @torch.no_grad()
    def write(self, output: Read, way: Way, sample_ids: Tensor) -> list[list[Hypothesis]]:
        """The answers to each row, the best first; ``sample_ids (B,)`` are the rows' numbers.

        ``<pad>``, ``<sos>`` and ``<unk>`` are never written; log-probabilities are the model's own nevertheless.
        """
        where = output.source.hidden.device

        def step(tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
            logs, state = self.decoder.step(tokens.to(where), state)
            return logs.index_fill_(1, self.get_buffer("never"), -torch.inf).cpu(), state

        return way.write(step, self.decoder.begin(output.source), self.first, self.last, sample_ids.cpu())

    def score(self, output: Read, answer: int, step: int) -> Tensor:
        assert output.written is not None, "which answer is asked about must be known"
        rows, where = len(output.source.lengths), output.source.hidden.device
        ids = torch.tensor([self.first, *output.written[:step]], device=where).expand(rows, -1)
        return self.decoder.over(self.decoder.vectors(ids), output.source)[:, answer]

    def ids(self, answer: Hypothesis) -> tuple[int, ...]:
        """The tokens of an answer, and the one that ends it where it came to its end."""
        return (*answer.ids, self.last) if answer.finished else answer.ids

    def weights(self, output: Read, ids: Sequence[int]) -> Tensor:
        """Where the decoder looks in a row alone when it writes each of these tokens ``(S, T)``."""
        before = torch.tensor([[self.first, *ids[:-1]]], device=output.source.hidden.device)
        read = Sequences(before, output.source.lengths.new_tensor([before.shape[1]]))
        return self.decoder.look(read, output.source).weights[0]

    def seen(self, encodings: Sequence[Encoding]) -> Tensor:
        return torch.cat([self.mean(one.hidden, one.lengths) for one in encodings], 1)


def in_a_row(parts: Sequence[Tensor], lengths: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Padded sequences ``(B, T_k, F)`` with their lengths, row by row one after the other: ``(B, T, F)``, ``(B,)``.

    >>> first, second = torch.ones(2, 2, 1), 2 * torch.ones(2, 1, 1)
    >>> joined, lengths = in_a_row([first, second], [torch.tensor([2, 1]), torch.tensor([1, 1])])
    >>> joined[..., 0].tolist(), lengths.tolist()
    ([[1.0, 1.0, 2.0], [1.0, 2.0, 0.0]], [3, 2])
    """
    if len(parts) == 1:
        return parts[0], lengths[0]
    total = torch.stack(list(lengths)).sum(0)
    end = max(1, int(total.max())) if len(total) else 1
    rows, _, features = parts[0].shape
    joined = parts[0].new_zeros(rows, end + 1, features)  # the last place takes the padding
    begin = torch.zeros_like(total)
    for part, count in zip(parts, lengths, strict=True):
        places = begin[:, None] + torch.arange(part.shape[1], device=total.device)
        places = places.masked_fill(~valid_mask(count, part.shape[1]), end)
        joined = joined.scatter(1, places[..., None].expand_as(part), part)
        begin = begin + count
    return joined[:, :end], total


def _shifted(target: Sequences) -> tuple[Sequences, Tensor]:
    """What the decoder reads, and what follows each of it."""
    return Sequences(target.data[:, :-1], (target.lengths - 1).clamp(min=0)), target.data[:, 1:]


def _looking(task: TransduceSettings, steps: bool) -> TransduceSettings:
    """With ``attention=auto`` resolved: general, or none where there are no steps to look at."""
    if not steps and task.attention not in ("auto", "none"):
        raise UsageError(f"--set attention={task.attention}: the inputs have no steps to look at; leave it out")
    if task.attention == "auto":
        return changed(task, attention="general" if steps else "none")
    return task


class _Copied(nn.Module):
    """The tokens of the inputs as the vocabulary of the output numbers them ``(B, T)``: what may be copied."""

    def __init__(self, encoders: Sequence[Encoder], field: Tokens) -> None:
        super().__init__()
        specials = set(field.vocabulary.encode(SPECIALS).tolist())
        found: set[int] = set()
        for encoder in encoders:
            if encoder.stepwise:
                tokens = getattr(encoder, "vocabulary", Vocabulary((PAD,))).tokens
                table = torch.from_numpy(field.vocabulary.encode(tokens))
                found |= set(table.tolist())
                self.register_buffer(f"table{len(self._buffers)}", table, persistent=False)
        if not found - specials:
            raise UsageError(
                "--set copying=yes: no token of the inputs is a token of the output; "
                "add --set shared_vocabulary=yes, or leave it out"
            )

    def forward(self, parts: Sequence[Encoding]) -> Tensor:
        ids = [
            table[part.hidden.new_zeros(part.hidden.shape[:2], dtype=torch.int64) if part.ids is None else part.ids]
            for part, table in zip(parts, self.buffers(), strict=True)
        ]
        return in_a_row([part[..., None] for part in ids], [part.lengths for part in parts])[0][..., 0]
