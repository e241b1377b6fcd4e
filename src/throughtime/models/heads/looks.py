"""What a question finds in a story: it looks several times, and asks anew with what it found."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn

from throughtime.batch import Draw
from throughtime.cells.dropout import dropout
from throughtime.cells.pooling import Pooling
from throughtime.models.attention import attentions
from throughtime.models.attention.attention import uniform
from throughtime.models.encoders import Encoder, Encoding
from throughtime.models.settings import AnswerSettings, NetworkSettings


class Looks(nn.Module):
    """Encodings of stories and, as the last with time, of a question, to ``(B, outputs)``.

    q_0 = tanh(W s + b), s the question pooled; c_k = what q_k sees in the story; q_k+1 = tanh(V [c_k, q_k] + d); and
    one linear map reads all c_k and the last q, as in memory networks of several hops (Sukhbaatar et al. 2015), but
    over recurrent states. What is looked at are hidden states beside the embeddings, where the encoding has a bag of
    these. Of several stories each is looked at by itself, and the c_k are joined; columns without time go to the last
    map alone.
    """

    def __init__(
        self,
        encoders: Sequence[Encoder],
        outputs: int,
        settings: NetworkSettings,
        task: AnswerSettings,
        generator: Generator | None,
    ) -> None:
        super().__init__()
        self.rate = settings.dropout
        self.asking = max(k for k, encoder in enumerate(encoders) if encoder.stepwise)
        question = encoders[self.asking]
        self.pooling = Pooling(
            question.pooling, question.output_size, bidirectional=question.bidirectional, generator=generator
        )
        self.mean = Pooling("mean", 0)
        self.told = [k for k, encoder in enumerate(encoders) if encoder.stepwise and k != self.asking]
        self.beside = [k for k, encoder in enumerate(encoders) if not encoder.stepwise]
        sizes = [encoders[k].output_size + encoders[k].bag_size for k in self.told]
        size, found = settings.hidden_size, sum(sizes)
        self.first = linear(self.pooling.output_size + question.bag_size, size, generator)
        self.attentions = nn.ModuleList(
            nn.ModuleList(attentions[task.attention](size, width, generator) for width in sizes)
            for _ in range(task.looks)
        )
        self.next = nn.ModuleList(linear(found + size, size, generator) for _ in range(task.looks))
        beside = sum(encoders[k].output_size for k in self.beside)
        self.out = linear(task.looks * found + size + beside, outputs, generator)

    def forward(self, encodings: Sequence[Encoding], draw: Draw | None) -> Tensor:
        return self.out(dropout(self.pooled(encodings), self.rate, draw, "head"))

    def pooled(self, encodings: Sequence[Encoding]) -> Tensor:
        """What the last linear map reads ``(B, F)``: what was found at each look, the last question, all else."""
        question = encodings[self.asking]
        parts = [self.pooling(question.hidden, question.lengths)]
        if question.bag is not None:
            parts.append(self.mean(question.bag, question.lengths))
        told = [encodings[k] for k in self.told]
        query, found = torch.tanh(self.first(torch.cat(parts, 1))), []
        for attention, after in zip(self.attentions, self.next, strict=True):
            assert isinstance(attention, nn.ModuleList)
            seen = [
                look(query[:, None], memory_of(encoding), encoding.lengths)[0][:, 0]
                for look, encoding in zip(attention, told, strict=True)
            ]
            found.append(torch.cat(seen, 1))
            query = torch.tanh(after(torch.cat([found[-1], query], 1)))
        return torch.cat([*found, query, *(encodings[k].hidden[:, 0] for k in self.beside)], 1)


def memory_of(encoding: Encoding) -> Tensor:
    """What can be seen of an encoding at each step ``(B, T, F)``."""
    return encoding.hidden if encoding.bag is None else torch.cat([encoding.hidden, encoding.bag], 2)


def linear(inputs: int, outputs: int, generator: Generator | None) -> nn.Linear:
    """A linear map with first weights from the generator, and a bias of 0."""
    made = nn.utils.skip_init(nn.Linear, inputs, outputs)
    made.weight = uniform(outputs, inputs, generator=generator)
    nn.init.zeros_(made.bias)
    return made
