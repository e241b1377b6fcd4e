"""A decoder: writes a sequence token by token, looking at what was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from throughtime.batch import Draw, Sequences, valid_mask
from throughtime.cells.dropout import Masks, dropout
from throughtime.cells.engine import ORDINARY, Execution
from throughtime.cells.engine.contract import State
from throughtime.cells.equations import Graph
from throughtime.data.vocabulary import Vocabulary
from throughtime.errors import UsageError
from throughtime.models.attention import Memory, attentions
from throughtime.models.attention.attention import uniform
from throughtime.models.bridge import Bridge
from throughtime.models.copying import Copying
from throughtime.models.decoding.sampling import Sampling
from throughtime.models.encoders import Shape
from throughtime.models.encoders.encoder import Surroundings
from throughtime.models.encoders.layers import embedding, recurrent
from throughtime.models.losses import negative_log_likelihood
from throughtime.models.next_token import NextToken
from throughtime.models.settings import NetworkSettings, TransduceSettings
from throughtime.settings import changed

PLACE = "decoder"


@dataclass(frozen=True)
class Source:
    """What was read: hidden states ``(B, T, F)`` with ``lengths (B,)``.

    ``states`` are the last ones of each reader, for the bridge. ``ids (B, T)`` are the tokens read, as the vocabulary
    of the output numbers them, for copying; ``<unk>`` where it has none.
    """

    hidden: Tensor
    lengths: Tensor
    states: Sequence[State] | None = None
    ids: Tensor | None = None


@dataclass(frozen=True)
class Written:
    """The state of a decoder, a value: all that the next step must know of those before it.

    Layers' states ``(num_layers, B, H)``; with input feeding ``fed (B, A)``, the attentional vector of the step before;
    ``earlier (B, T)``, what a stepwise attention remembers; ``covered (B, T)``, the sum of all attention weights.
    """

    recurrent: State
    memory: Memory
    covered: Tensor
    earlier: Tensor | None = None
    fed: Tensor | None = None
    ids: Tensor | None = None

    def select(self, index: Tensor) -> Written:
        """These rows ``(N,)`` in this order; a row may be taken several times, or not at all."""
        return Written(
            tuple(part[:, index] for part in self.recurrent),
            self.memory.select(index),
            self.covered[index],
            *(None if part is None else part[index] for part in (self.earlier, self.fed, self.ids)),
        )

    def coverage(self) -> Tensor:
        """How much of the input was left out ``(B,)``: Σ log min(1, sum of weights) over its steps, at most 0."""
        smallest = torch.finfo(self.covered.dtype).tiny
        logs = self.covered.clamp(smallest, 1).log()
        return logs.masked_fill(~valid_mask(self.memory.lengths, logs.shape[1]), 0).sum(1)


@dataclass(frozen=True)
class Seen:
    """What the distribution of the next token is made of: the attentional vectors ``(..., A)``, the weights
    ``(..., T)``, and with copying the gate before its sigmoid ``(...)`` and the tokens of the input ``(..., T)``.
    """

    vectors: Tensor
    weights: Tensor
    gate: Tensor | None = None
    ids: Tensor | None = None

    def at(self, steps: Tensor) -> Seen:
        """These steps, ``steps (B, S)`` of bool, one after the other."""
        gate = None if self.gate is None else self.gate[steps]
        return Seen(self.vectors[steps], self.weights[steps], gate, None if self.ids is None else self.ids[steps])


class Decoder(nn.Module):
    """Embedding, recurrent layers, attention over what was read, and a distribution over the vocabulary at every step.

        h, state = layers(embedding(token), state)        with input feeding: layers([embedding(token); v])
        context  = attention(h, what was read)
        v        = tanh(W [h; context] + b)               the attentional vector (Luong, Pham and Manning 2015)
        P        = softmax(E v + b)                       with copying mixed with where it looks

    ``tied``: E are the vectors that read the tokens (Press and Wolf 2017). The first state comes over a
    :class:`Bridge`, or is that of the layers.

    Without input feeding a given target goes through the layers in one call, and through an attention that is not
    stepwise at once; :meth:`step` gives the same numbers token by token. With ``scheduled_sampling`` a share of the
    tokens that are read in training is drawn from what the model said a step before (Bengio et al. 2015).

    Arguments:
        vocabulary: of the output.
        memory_size: features of what was read.
        readers: how the last states of each reader lie, for the bridge.
        settings: the network; a decoder runs forwards whatever they say, and a learned first state yields to a bridge.
        usual_size: of embeddings, where the settings name none.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        memory_size: int,
        readers: Sequence[Shape],
        settings: NetworkSettings,
        task: TransduceSettings,
        *,
        cell: Graph,
        execution: Execution = ORDINARY,
        generator: Generator | None = None,
        vectors: np.ndarray | None = None,
        usual_size: int = 128,
        place: str = PLACE,
    ) -> None:
        super().__init__()
        learned = settings.learned_state and task.bridge == "none"
        self.settings, self.task = changed(settings, bidirectional=False, learned_state=learned), task
        self.size, self.place = len(vocabulary), place
        around = Surroundings(self.settings, cell, execution, place, generator, vectors)
        self.embedding = embedding(vocabulary, usual_size, around)
        if task.tied and self.embedding is None:
            raise UsageError("--set tied=yes: one-hot vectors cannot be shared with the output; give tied=no")
        width = self.size if self.embedding is None else self.embedding.shape[1]
        self.vector_size = settings.hidden_size
        self.recurrent = recurrent(width + (self.vector_size if task.input_feeding else 0), around)
        queries = self.recurrent.output_size
        self.attention = attentions[task.attention](queries, memory_size, generator)
        seen = queries + self.attention.context_size
        self.weight = uniform(self.vector_size, seen, generator=generator)
        self.bias = nn.Parameter(torch.zeros(self.vector_size))
        self.following = NextToken(self.vector_size, self.size, False, task.tied, width, generator)
        self.bridge: Bridge | None = None
        if task.bridge == "linear":
            self.bridge = Bridge(readers, Shape.of(self.recurrent), generator)
        self.copying = Copying(seen + width, generator) if task.copying else None

    def begin(self, source: Source) -> Written:
        """The state before the first token."""
        memory = self.attention.remember(source.hidden, source.lengths)
        rows, ids = len(source.lengths), None
        if self.copying is not None:
            assert source.ids is not None, "copying needs the tokens that were read"
            ids = source.ids.masked_fill(~valid_mask(source.lengths, source.ids.shape[1]), 0)
        first = self.recurrent.zero_state(source.hidden.new_zeros(rows, 1, self.recurrent.input_size))
        if self.bridge is not None:
            assert source.states is not None, "a bridge needs the last states of what was read"
            first = self.bridge(source.states)
        fed = source.hidden.new_zeros(rows, self.vector_size) if self.task.input_feeding else None
        return Written(first, memory, source.hidden.new_zeros(source.hidden.shape[:2]), None, fed, ids)

    def forward(self, read: Sequences, source: Source, draw: Draw | None = None) -> Tensor:
        """Log-probabilities ``(B, S, V)`` of the token after each of ``read (B, S)``; in the padding they mean nothing.

        ``read`` begins with ``<sos>``; ``draw`` is None outside training.
        """
        seen, every = self.look(read, source, draw), torch.ones_like(read.data, dtype=torch.bool)
        return self._logs(seen.at(every)).view(*read.data.shape, self.size)

    def loss(self, read: Sequences, following: Tensor, source: Source, draw: Draw | None = None) -> Tensor:
        """The mean over all valid steps of the cross entropy with the tokens that follow ``(B, S)``, smoothed."""
        logs, target = self._valid(read, following, source, draw)
        return negative_log_likelihood(logs, target, self.task.label_smoothing) if len(logs) else logs.sum()

    def surprises(self, read: Sequences, following: Tensor, source: Source) -> Tensor:
        """-log P of each valid token that follows ``(N,)``, row by row: no smoothing, no sampling."""
        return negative_log_likelihood(*self._valid(read, following, source, None), reduction="none")

    @torch.no_grad()
    def step(self, tokens: Tensor, state: Written) -> tuple[Tensor, Written]:
        """Read one token a row ``(B,)``: log-probabilities of the next ``(B, V)``, and the state after it."""
        seen, state = self._advance(self.vectors(tokens[:, None]), state, None, stream=True)
        return self._logs(seen), state

    def over(self, vectors: Tensor, source: Source) -> Tensor:
        """Log-probabilities ``(B, V)`` of what follows vectors ``(B, S, E)`` in the place of tokens'; S at least 1."""
        state = self.begin(source)
        if self.task.input_feeding:
            for x in vectors.split(1, 1):
                seen, state = self._advance(x, state, None)
            return self._logs(seen)
        hidden, _ = self.recurrent(vectors, None, state.recurrent)
        last = torch.arange(vectors.shape[1], device=vectors.device) == vectors.shape[1] - 1
        return self._logs(self._seen(vectors, hidden, state, None).at(last.expand(len(vectors), -1)))

    def given(self, tokens: Tensor, source: Source) -> tuple[Tensor, State]:
        """What the recurrent layers read of tokens ``(B, S)``, with input feeding the steps before too ``(B, S, I)``;
        and their first state.
        """
        state, x = self.begin(source), self.vectors(tokens)
        if state.fed is not None:
            seen = self._one_by_one(tokens, state, None).vectors
            x = torch.cat([x, torch.cat([state.fed[:, None], seen[:, :-1]], 1)], 2)
        return x, state.recurrent

    def look(self, read: Sequences, source: Source, draw: Draw | None = None) -> Seen:
        """What every step sees of the input and of the tokens before it; ``weights (B, S, T)`` say where it looks."""
        state = self.begin(source)
        if self.task.input_feeding or (draw is not None and self.task.scheduled_sampling):
            return self._one_by_one(read.data, state, draw)
        x = self.vectors(read.data, draw)
        hidden, _ = self.recurrent(x, read.lengths, state.recurrent, draw)
        return self._seen(x, hidden, state, draw)

    def _one_by_one(self, tokens: Tensor, state: Written, draw: Draw | None) -> Seen:
        found: list[Seen] = []
        for step, token in enumerate(tokens.unbind(1)):
            now = None if draw is None else replace(draw, offset=draw.offset + step)
            if now is not None and found and self.task.scheduled_sampling:
                token = self._scheduled(token, found[-1], now)
            seen, state = self._advance(self.vectors(token[:, None], now), state, now)
            found.append(seen)
        return Seen(
            torch.stack([seen.vectors for seen in found], 1),
            torch.stack([seen.weights for seen in found], 1),
            None if state.ids is None else torch.stack([seen.gate for seen in found if seen.gate is not None], 1),
            None if state.ids is None else state.ids[:, None].expand(-1, len(found), -1),
        )

    @torch.no_grad()
    def _scheduled(self, truth: Tensor, before: Seen, draw: Draw) -> Tensor:
        """The tokens ``(B,)`` to read: the true ones, or in their share what the step before makes likely."""
        place = f"{self.place}.scheduled_sampling"
        kept = Masks(draw, place).each_step(1, 1, self.task.scheduled_sampling)[:, 0, 0]
        drawn = Sampling().draw(self._logs(before), Masks(draw, f"{place}.token").uniform(1)[:, 0])
        return torch.where(kept, truth, drawn)

    def _advance(self, x: Tensor, state: Written, draw: Draw | None, stream: bool = False) -> tuple[Seen, Written]:
        """One token's vector a row ``(B, 1, E)``: what is seen then, without an axis of time, and the state."""
        given = x if state.fed is None else torch.cat([x, state.fed[:, None]], 2)
        if stream:
            output, layers = self.recurrent.step(given[:, 0], state.recurrent)
            hidden = output[:, None]
        else:
            hidden, layers = self.recurrent(given, None, state.recurrent, draw)
        seen = self._seen(x, hidden, state, draw)
        written = replace(
            state,
            recurrent=layers,
            covered=state.covered + seen.weights[:, 0],
            earlier=self.attention.after(state.earlier, seen.weights),
            fed=None if state.fed is None else seen.vectors[:, 0],
        )
        return seen.at(torch.ones_like(x[..., 0], dtype=torch.bool)), written

    def _seen(self, x: Tensor, hidden: Tensor, state: Written, draw: Draw | None) -> Seen:
        """Of the vectors of tokens ``(B, S, E)`` and the layers' output ``(B, S, H)``."""
        context, weights = self.attention.read(hidden, state.memory, state.earlier)
        both = torch.cat([hidden, context], 2)
        vectors = torch.tanh(F.linear(both, self.weight, self.bias))
        rate, locked = self.settings.dropout, self.settings.locked_dropout
        vectors = dropout(vectors, rate, draw, f"{self.place}.output", locked=locked)
        if self.copying is None or state.ids is None:
            return Seen(vectors, weights)
        return Seen(vectors, weights, self.copying(torch.cat([both, x], 2)), state.ids[:, None].expand_as(weights))

    def _logs(self, seen: Seen) -> Tensor:
        """(N, V) of N steps."""
        logs = self.following.log_probabilities(seen.vectors, self.embedding if self.task.tied else None)
        if self.copying is None or seen.ids is None or seen.gate is None:
            return logs
        return self.copying.mixed(logs, seen.weights, seen.ids, seen.gate)

    def _valid(self, read: Sequences, following: Tensor, source: Source, draw: Draw | None) -> tuple[Tensor, Tensor]:
        """Log-probabilities ``(N, V)`` and truth ``(N,)`` of the valid steps of all rows."""
        steps = valid_mask(read.lengths, read.data.shape[1])
        return self._logs(self.look(read, source, draw).at(steps)), following[steps]

    def vectors(self, tokens: Tensor, draw: Draw | None = None) -> Tensor:
        """A vector for each token, ``(B, S)`` to ``(B, S, E)``, with the dropout of training."""
        settings = self.settings
        if self.embedding is None:
            x = F.one_hot(tokens, self.size).to(self.weight.dtype)
        else:
            x = F.embedding(tokens, self.embedding)
        if draw is not None and settings.token_dropout:
            kept = Masks(draw, f"{self.place}.token").each_step(x.shape[1], 1, settings.token_dropout)
            x = x * kept.to(x.dtype)
        return dropout(x, settings.dropout, draw, f"{self.place}.embedding", locked=settings.locked_dropout)
