"""What training asks of a model: the loss of a batch, and what that is the mean over."""

from __future__ import annotations

from torch import Tensor, nn

from throughtime.batch import Batch


def loss_of(model: nn.Module, batch: Batch) -> tuple[Tensor, tuple[Tensor, ...] | None]:
    """The mean loss of a batch, and the state after it, as values, where the next batch goes on from there."""
    found = model.loss(batch)  # type: ignore[operator]
    if not isinstance(found, tuple):
        return found, None
    loss, carried = found
    return loss, tuple(part.detach() for part in carried)


def weight_of(model: nn.Module, batch: Batch) -> float:
    """What the loss of a batch is the mean over: what ``model.weight`` says, or its samples."""
    weight = getattr(model, "weight", None)
    return float(weight(batch)) if callable(weight) else len(batch)
