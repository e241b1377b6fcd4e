"""The rows that a network holds for most alike: by the vectors that its head sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.data.batches import batches
from throughtime.data.dataset import Dataset
from throughtime.data.records import Records
from throughtime.models.model import Model


@dataclass(frozen=True)
class Neighbour:
    """A row near to another: its inputs and label as in the data, where it stands, and the distance.

    ``distance`` is 1 - the cosine between the vectors that the head sees: 0 for the same direction, 2 for the opposite.
    """

    inputs: Mapping[str, Any]
    label: Any
    file: str | None
    row: int | None
    distance: float


@dataclass(frozen=True)
class Among:
    """Rows to look among, with the vector ``(N, F)`` of each, of length 1."""

    records: Records
    vectors: Tensor
    inputs: tuple[str, ...]
    output: str

    def nearest(self, vector: Tensor, count: int) -> list[Neighbour]:
        """The rows nearest to a vector ``(F,)``, nearest first; of equal distance the earlier row first."""
        cosines = self.vectors @ _directions(vector[None])[0]
        order = torch.argsort(cosines, descending=True, stable=True)[:count].tolist()
        return [self._row(i, max(0.0, 1.0 - float(cosines[i]))) for i in order]

    def _row(self, i: int, distance: float) -> Neighbour:
        columns, place = self.records.columns, self.records.where(i)
        label = columns[self.output][i] if self.output in columns else None
        return Neighbour({name: columns[name][i] for name in self.inputs}, label, place.file, place.row, distance)


@torch.no_grad()
def among(
    model: Model, records: Records, dataset: Dataset, output: str, *, done: Callable[[int], None] | None = None
) -> Among:
    """Read all rows once.

    ``dataset`` holds the inputs of ``records``, encoded; ``done(rows)`` is told how many rows each batch had.
    """
    where, order, found = next(model.parameters()).device, [], []
    for batch in batches(dataset, batch_size=64, seed=0, epoch=0, shuffle=False):
        found.append(_directions(model.head.seen(model.encode(batch.to(where)))))
        order.append(batch.sample_ids)
        if done is not None:
            done(len(batch))
    back = torch.argsort(torch.cat(order))
    return Among(records, torch.cat(found)[back], model.inputs, output)


def _directions(vectors: Tensor) -> Tensor:
    """(N, F) in float64, each of length 1; a vector of zeros stays one, at the distance 1 from all."""
    return F.normalize(vectors.double().cpu(), dim=1)
