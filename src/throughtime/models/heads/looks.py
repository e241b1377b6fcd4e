"""What a question finds in a story: it looks several times, and asks anew with what it found."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn

from throughtime.batch import Draw, without_padding
from throughtime.cells.dropout import dropout
from throughtime.cells.pooling import Pooling
from throughtime.models.attention import attentions
from throughtime.models.attention.attention import Attention, Memory, uniform
from throughtime.models.attention.general import General
from throughtime.models.attention.latest import Latest
from throughtime.models.encoders import Encoder, Encoding
from throughtime.models.encoders.sentences import SentencesEncoder, Tokenwise
from throughtime.models.encoders.tokens import TokensEncoder
from throughtime.models.settings import AnswerSettings, NetworkSettings

MATCH = 8.0  # first score of a word that question and sentence share; embeddings begin with a length of about 1


class Looks(nn.Module):
    """Encodings of stories and, as the last with time, of a question, to ``(B, outputs)``.

    q_0 = W s + b, s the question's states pooled and the sum of its words; c_k = what q_k sees in the story, hidden
    states and the sums of words; q_k+1 = V_k [c_k, q_k] + d_k; and one linear map reads all c_k and the last q, as in
    memory networks of several hops (Sukhbaatar et al. 2015), but over recurrent states. A look knows where the one
    before went, as far as the attention uses it. Of several stories each is looked at by itself, and the c_k are
    joined; columns without time go to the last map alone.

    Where question and stories all have a bag of words, only these are compared, and the first weights make a look find
    what shares words with the question, or with what was found before: a word begins with the same vector in every
    text, a query with the sum of its words, the score with the product of both. From random weights, and where states
    are compared too, a look that must follow another one was found late or never.
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
        self.told = [k for k, encoder in enumerate(encoders) if encoder.stepwise and k != self.asking]
        self.beside = [k for k, encoder in enumerate(encoders) if not encoder.stepwise]
        told = [encoders[k] for k in self.told]
        self.alike = alike = _begin_alike([question, *told])
        size = question.bag_size if alike else settings.hidden_size
        found = sum(encoder.output_size + encoder.bag_size for encoder in told)
        widths = [encoder.bag_size if alike else encoder.output_size + encoder.bag_size for encoder in told]
        self.first = linear(self.pooling.output_size + question.bag_size, size, generator)
        self.attentions = nn.ModuleList(
            nn.ModuleList(attentions[task.attention](size, width, generator) for width in widths)
            for _ in range(task.looks)
        )
        self.next = nn.ModuleList(linear(found + size, size, generator) for _ in range(task.looks))
        beside = sum(encoders[k].output_size for k in self.beside)
        self.out = linear(task.looks * found + size + beside, outputs, generator)
        if alike:
            self._begin_with_words([encoder.output_size for encoder in told])

    def forward(self, encodings: Sequence[Encoding], draw: Draw | None) -> Tensor:
        return self.out(dropout(self.pooled(encodings), self.rate, draw, "head"))

    def pooled(self, encodings: Sequence[Encoding]) -> Tensor:
        """What the last linear map reads ``(B, F)``: what was found at each look, the last question, all else."""
        question = encodings[self.asking]
        parts = [self.pooling(question.hidden, question.lengths)]
        if question.bag is not None:
            parts.append(without_padding(question.bag, question.lengths).sum(1))
        query, found = self.first(torch.cat(parts, 1)), []
        told = [encodings[k] for k in self.told]
        earlier: list[Tensor | None] = [None] * len(told)
        for ways, after in zip(self.attentions, self.next, strict=True):
            assert isinstance(ways, nn.ModuleList)
            seen = []
            for k, attention in enumerate(ways):
                assert isinstance(attention, Attention)
                context, weights = attention.read(query[:, None], self._memory(told[k], attention), earlier[k])
                earlier[k] = attention.after(earlier[k], weights)
                seen.append(context[:, 0])
            found.append(torch.cat(seen, 1))
            query = after(torch.cat([found[-1], query], 1))
        return torch.cat([*found, query, *(encodings[k].hidden[:, 0] for k in self.beside)], 1)

    def _memory(self, encoding: Encoding, attention: Attention) -> Memory:
        """All that can be seen of a story, compared with a query by its words, where these are known."""
        values = without_padding(memory_of(encoding), encoding.lengths)
        compared = values[..., encoding.hidden.shape[2] :] if self.alike else values
        origin = torch.arange(len(values), device=values.device)
        return Memory(values, encoding.lengths, attention.keys(compared), origin)

    def _begin_with_words(self, hidden: Sequence[int]) -> None:
        """First weights with which a query is a sum of words, and a look finds where these are.

        ``hidden`` counts the features of each story before its bag.
        """
        same = torch.eye(self.first.out_features)
        states = torch.zeros(len(same), self.pooling.output_size)
        parts = [torch.cat([torch.zeros(len(same), count), same], 1) for count in hidden]
        with torch.no_grad():
            self.first.weight.copy_(torch.cat([states, same], 1))
            for ways, after in zip(self.attentions, self.next, strict=True):
                assert isinstance(ways, nn.ModuleList) and isinstance(after, nn.Linear)
                after.weight.copy_(torch.cat([*parts, same], 1))
                for attention in ways:
                    if isinstance(attention, (General, Latest)):  # the others hold no product of query and memory
                        attention.weight.copy_(MATCH * same)


def memory_of(encoding: Encoding) -> Tensor:
    """What can be seen of an encoding at each step ``(B, T, F)``."""
    return encoding.hidden if encoding.bag is None else torch.cat([encoding.hidden, encoding.bag], 2)


def linear(inputs: int, outputs: int, generator: Generator | None) -> nn.Linear:
    """A linear map with first weights from the generator, and a bias of 0."""
    made = nn.utils.skip_init(nn.Linear, inputs, outputs)
    made.weight = uniform(outputs, inputs, generator=generator)
    nn.init.zeros_(made.bias)
    return made


def _begin_alike(encoders: Sequence[Encoder]) -> bool:
    """Whether all texts have bags of learnt vectors of one size; a token then begins with the same one in each."""
    if len({encoder.bag_size for encoder in encoders}) > 1 or not encoders[0].bag_size:
        return False
    parts = [encoder.tokens if isinstance(encoder, SentencesEncoder) else encoder for encoder in encoders]
    known: dict[str, Tensor] = {}
    for part in parts:
        if not isinstance(part, (Tokenwise, TokensEncoder)) or part.embedding is None:
            return False
        for token, vector in zip(part.vocabulary.tokens, part.embedding.data, strict=True):
            vector.copy_(known.setdefault(token, vector))
    return True
