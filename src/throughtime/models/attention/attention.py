"""The contract of attention, the memory it reads, and the registry by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from throughtime.batch import valid_mask, without_padding
from throughtime.registry import Registry


@dataclass(frozen=True)
class Memory:
    """What is looked at, made ready once: ``values (B, T, F)``, 0 in the padding, with ``lengths (B,)``.

    ``keys (B, T, K)`` are what queries are compared with. ``origin (B,)`` numbers the sequences: rows of one number
    hold the same, so that an order among them need not be copied.
    """

    values: Tensor
    lengths: Tensor
    keys: Tensor
    origin: Tensor

    def select(self, index: Tensor) -> Memory:
        """These rows ``(N,)``; a row may be taken several times."""
        origin = self.origin[index]
        if torch.equal(origin, self.origin):
            return self
        return Memory(self.values[index], self.lengths[index], self.keys[index], origin)


class Attention(nn.Module, ABC):
    """Weights of the steps of a memory for each query, and the mean of the memory under these weights.

    ``attention(queries (B, S, H), memory (B, T, F), lengths (B,))`` gives the context ``(B, S, context_size)`` and the
    weights ``(B, S, T)``, which are at least 0 and sum to 1 over the valid steps of the memory. In its padding they are
    0 exactly, whatever stands there; of a memory without steps the context is 0. Queries know nothing of each other.

    Where weights depend on earlier ones (``stepwise``), they are found query by query, and ``earlier (B, T)`` is what
    is known of those before the first query: None at the beginning, then what :meth:`after` gives.
    """

    stepwise = False
    context_size: int

    @abstractmethod
    def keys(self, values: Tensor) -> Tensor:
        """What queries are compared with ``(B, T, K)``, of the memory ``(B, T, F)``; the same for all queries."""

    @abstractmethod
    def read(self, queries: Tensor, memory: Memory, earlier: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Context and weights, of a memory made ready."""

    def after(self, earlier: Tensor | None, weights: Tensor) -> Tensor | None:
        """What later queries must know, from what these knew and their ``weights (B, S, T)``."""
        return None

    def remember(self, memory: Tensor, lengths: Tensor) -> Memory:
        """The memory ``(B, T, F)`` made ready for any number of queries."""
        values = without_padding(memory, lengths)
        return Memory(values, lengths, self.keys(values), torch.arange(len(values), device=values.device))

    def forward(
        self, queries: Tensor, memory: Tensor, lengths: Tensor, earlier: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        return self.read(queries, self.remember(memory, lengths), earlier)


def looked(scores: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
    """The context ``(B, S, F)``, and the weights: the softmax of the scores ``(B, S, T)`` over the valid steps."""
    valid = valid_mask(memory.lengths, scores.shape[2])[:, None]
    weights = torch.softmax(scores.masked_fill(~valid, torch.finfo(scores.dtype).min), 2)
    weights = weights.masked_fill(~valid, 0)  # a row without steps had the same weight everywhere
    return weights @ memory.values, weights


def step_by_step(
    attention: Attention,
    scores: Callable[[Tensor, Tensor, Tensor], Tensor],
    queries: Tensor,
    memory: Memory,
    earlier: Tensor | None,
    weigh: Callable[[Tensor, Memory], tuple[Tensor, Tensor]] = looked,
) -> tuple[Tensor, Tensor]:
    """Context and weights of one query after the other, by ``scores(query (B, 1, H), keys, earlier (B, T))``.

    ``weigh`` makes context and weights of scores ``(B, 1, T)``.
    """
    seen = memory.values.new_zeros(memory.values.shape[:2]) if earlier is None else earlier
    contexts, found = [], []
    for query in queries.split(1, dim=1):
        context, weights = weigh(scores(query, memory.keys, seen), memory)
        known = attention.after(seen, weights)
        assert known is not None, "a stepwise attention remembers something"
        seen = known
        contexts.append(context)
        found.append(weights)
    return torch.cat(contexts, 1), torch.cat(found, 1)


def uniform(*shape: int, generator: Generator | None) -> nn.Parameter:
    """First weights, uniform in ±√(6 / (fan in + fan out)) (Glorot and Bengio 2010); a vector is a map to 1."""
    bound = (6 / (sum(shape) if len(shape) > 1 else shape[0] + 1)) ** 0.5
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound, generator=generator))


Make = Callable[[int, int, Generator | None], Attention]
"""``make(size of a query, size of the memory, generator of first weights)``"""

attentions: Registry[Make] = Registry("attention", "throughtime.models.attention")
