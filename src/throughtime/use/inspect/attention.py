"""Where a decoder looked while it wrote its answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from throughtime.data.batches import collated
from throughtime.data.dataset import Dataset
from throughtime.models.decoding import Hypothesis
from throughtime.models.heads.tokens import TextHead
from throughtime.models.model import Model
from throughtime.use.inspect.explain.tokens import tokens_of

MAPS = 8  # rows whose attention is kept


def attention_maps(
    model: Model, dataset: Dataset, answers: Sequence[Sequence[Hypothesis]], most: int = MAPS
) -> dict[str, Any] | None:
    """What attention.json keeps: of some rows, spread evenly, the tokens read and written, and the weights.

    ``weights[i][j]``: how much the decoder looked at ``read[j]`` when it wrote ``written[i]``; with its end, a row sums
    to 1. None where nothing is looked at.
    """
    head = model.head
    assert isinstance(head, TextHead)
    if head.decoder.task.attention == "none" or not answers:
        return None
    rows = np.unique(np.linspace(0, len(answers) - 1, most).round().astype(np.int64))
    return {"rows": [_map(model, head, dataset, int(row), answers[row][0]) for row in rows]}


@torch.no_grad()
def _map(model: Model, head: TextHead, dataset: Dataset, row: int, answer: Hypothesis) -> dict[str, Any]:
    records = dataset.records
    read = [
        token
        for column in model.inputs
        if dataset.fields[column].stepwise
        for token in tokens_of(dataset.fields[column], records.columns[column][row], records.where(row, column))
    ]
    batch = collated(dataset, np.array([row])).to(next(model.parameters()).device)
    ids = head.ids(answer)
    kept = head.weights(model(batch), ids)[:, : len(read)].cpu().double()
    return {
        "id": row,
        "read": read,
        "written": head.field.vocabulary.decode(ids),
        "weights": [[round(w, 4) for w in one] for one in kept.tolist()],
    }
