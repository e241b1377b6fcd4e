"""Scores that are the dot products of query and memory."""

from __future__ import annotations

from torch import Generator, Tensor

from throughtime.errors import UsageError
from throughtime.models.attention.attention import Attention, Memory, attentions, looked


@attentions.named("dot")
class Dot(Attention):
    """score(q, m) = q · m (Luong, Pham and Manning 2015); it has no weights.

    Raises UsageError where query and memory differ in size.

    >>> import torch
    >>> memory = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]]) * 50
    >>> context, weights = Dot(2, 2)(torch.tensor([[[0.0, 1.0]]]), memory, torch.tensor([2]))
    >>> weights
    tensor([[[1.9287e-22, 1.0000e+00]]])
    """

    def __init__(self, query_size: int, memory_size: int, generator: Generator | None = None) -> None:
        super().__init__()
        if query_size != memory_size:
            raise UsageError(
                f"--set attention=dot: it multiplies {query_size} units of the decoder with {memory_size} features of "
                "what was read; make them equal (a reader in both directions has two hidden_size), "
                "or give --set attention=general"
            )
        self.context_size = memory_size

    def keys(self, values: Tensor) -> Tensor:
        return values

    def read(self, queries: Tensor, memory: Memory, earlier: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return looked(queries @ memory.keys.transpose(1, 2), memory)
