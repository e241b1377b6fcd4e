"""The answers of training learnt by heart: what looking up is worth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from throughtime.models.baselines.baseline import Answer, Material, Score, baselines
from throughtime.models.baselines.pairs import pairs_of, sources_of
from throughtime.models.metrics import Outcome


@baselines.named("known_answers")
def known_answers(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """What training most often answered to the same source; to one it never saw, what it answered most often at all."""
    if train.kind != "texts":
        return None
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for source, answer in pairs_of(train):
        counts[source][answer] += 1
    usual = _first(Counter(answer for _, answer in pairs_of(train)))
    known = {source: _first(answers) for source, answers in counts.items()}
    again = sum(source in known for source in sources_of(valid))
    settings = f"of {len(valid):,} sources of valid training knew {again:,}"
    return Answer("known_answers", settings, *(_looked_up(part, known, usual) for part in (valid, test)))


def _looked_up(part: Material, known: Mapping[str, str], usual: str) -> Outcome:
    return part.written([known.get(source, usual) for source in sources_of(part)])


def _first(counts: Counter[str]) -> str:
    """The most frequent, among equally frequent ones the first by alphabet."""
    return min(counts, key=lambda text: (-counts[text], text))
