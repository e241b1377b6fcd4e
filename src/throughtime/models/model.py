"""A model: an encoder for each input column and one head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from throughtime.batch import Batch, Draw, Sequences
from throughtime.cells.recurrent import Recurrent
from throughtime.models.encoders import Encoder, Encoding
from throughtime.models.heads import Head


class Model(nn.Module):
    """Joins encoders and a head; ``encoders`` are by input column, ``output`` is the column to learn.

    Batches hold a tensor or sequences for each column; ``batch.draw`` is None outside training, and no random
    number is drawn in any other way.
    """

    def __init__(self, encoders: Mapping[str, Encoder], output: str, head: Head) -> None:
        super().__init__()
        self.inputs, self.output = tuple(encoders), output
        self.encoders = nn.ModuleList(encoders.values())
        self.head = head

    def forward(self, batch: Batch) -> Any:
        """The head's output (B, ...), sequences of outputs where every step is answered, or what a decoder reads."""
        return self.head(self.encode(batch), batch.draw)

    def encode(self, batch: Batch) -> list[Encoding]:
        """The encoding of each input column."""
        return [encoder(batch[column], batch.draw) for column, encoder in zip(self.inputs, self.encoders, strict=True)]

    def vectors(self, batch: Batch) -> list[Tensor]:
        """What each encoder reads, a vector a step ``(B, T, F)``; a column without time has one step."""
        return [
            encoder.vectors(batch[column], batch.draw)  # type: ignore[operator]
            for column, encoder in zip(self.inputs, self.encoders, strict=True)
        ]

    def over(self, vectors: Sequence[Tensor], lengths: Sequence[Tensor], draw: Draw | None = None) -> Any:
        """The head's output over other vectors: those of each column ``(B, T, F)`` with their lengths ``(B,)``.

        Over the vectors of a batch it is what the model gives for the batch.
        """
        parts = zip(self.encoders, vectors, lengths, strict=True)
        return self.head([encoder.over(given, steps, draw) for encoder, given, steps in parts], draw)  # type: ignore[operator]

    def called(self, module: str) -> str:
        """A recurrent layer's name as a module in a person's words: the column that it reads.

        ``encoders.0.recurrent`` is ``text``, ``encoders.0.letters.recurrent`` is ``text letters``, and
        ``head.decoder.recurrent`` is ``decoder``.
        """
        part, number, *rest = module.split(".")
        if part == "head":
            return number
        return " ".join([self.inputs[int(number)], *rest[:-1]])

    def loss(self, batch: Batch) -> Tensor:
        """The mean loss of the batch: what training makes small."""
        return self.head.loss(self(batch), self.target(batch))

    def weight(self, batch: Batch) -> Tensor:
        """What :meth:`loss` is the mean over: of how many samples or steps, or their weights together."""
        return self.head.weight(self.target(batch))

    def losses(self, batch: Batch) -> tuple[Any, Tensor]:
        """The output and the plain loss of each sample (B,)."""
        output = self(batch)
        return output, self.head.losses(output, self.target(batch))

    def target(self, batch: Batch) -> Tensor | Sequences:
        """What the batch holds of the output column, numbers in the model's type."""
        target, dtype = batch[self.output], next(self.parameters()).dtype
        if isinstance(target, Sequences):
            return Sequences(_as(target.data, dtype), target.lengths)
        return _as(target, dtype)


def _as(values: Tensor, dtype: torch.dtype) -> Tensor:
    """Numbers in the model's type; ids as they are."""
    return values.to(dtype) if values.is_floating_point() else values


def used_engine(model: nn.Module) -> str:
    """Which engines run the recurrent layers in evaluation, by name; "none" without such layers."""
    any_weight = next(model.parameters())
    names = set()
    for layer in model.modules():
        if isinstance(layer, Recurrent):
            sizes = layer.directions[0].sizes
            names.add(layer.used_engine(any_weight.new_zeros(1, 1, sizes.input_size, *sizes.space)))
    return "+".join(sorted(names)) or "none"


def parameters_by_part(model: nn.Module) -> dict[str, int]:
    """How many numbers each part of the model learns, by the part's place in it."""
    counts: dict[str, int] = {}
    for name, parameter in model.named_parameters():
        part = name.rpartition(".")[0] or name
        counts[part] = counts.get(part, 0) + parameter.numel() * parameter.requires_grad
    return counts


def float_type(precision: str) -> torch.dtype:
    """The type of all weights for ``--precision``."""
    return {"float32": torch.float32, "float64": torch.float64, "bf16": torch.float32}[precision]
