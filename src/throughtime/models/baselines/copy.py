"""The source itself as the answer: where texts come out of texts, what changing nothing is worth."""

from __future__ import annotations

from throughtime.models.baselines.baseline import Answer, Material, Score, baselines
from throughtime.models.baselines.pairs import sources_of


@baselines.named("copy")
def copy(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """Every text as it is: names, numbers and punctuation are mostly the same in both languages."""
    if train.kind != "texts":
        return None
    return Answer("copy", "the source as it is", *(part.written(sources_of(part)) for part in (valid, test)))
