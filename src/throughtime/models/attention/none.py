"""No attention: a decoder knows of the input what its first state tells it (Sutskever, Vinyals and Le 2014)."""

from __future__ import annotations

from torch import Generator, Tensor

from throughtime.models.attention.attention import Attention, Memory, attentions


@attentions.named("none")
class NoAttention(Attention):
    """A context without features, and weights of 0.

    >>> import torch
    >>> context, weights = NoAttention(3, 5)(torch.ones(2, 4, 3), torch.ones(2, 6, 5), torch.tensor([6, 1]))
    >>> context.shape, weights.shape, weights.any().item()
    (torch.Size([2, 4, 0]), torch.Size([2, 4, 6]), False)
    """

    context_size = 0

    def __init__(self, query_size: int, memory_size: int, generator: Generator | None = None) -> None:
        super().__init__()

    def keys(self, values: Tensor) -> Tensor:
        return values[..., :0]

    def read(self, queries: Tensor, memory: Memory, earlier: Tensor | None = None) -> tuple[Tensor, Tensor]:
        shape = queries.shape[:2]
        return queries.new_zeros(*shape, 0), queries.new_zeros(*shape, memory.values.shape[1])
