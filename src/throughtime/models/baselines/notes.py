"""Music without a network: how often each note sounds, and how often it sounds on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from throughtime.models.baselines.baseline import Answer, Material, Score, baselines

T = TypeVar("T")
SMOOTHED = (0.01, 0.1, 0.5, 1.0, 3.0, 10.0)  # frames that are added, in which a note sounds, and in which it does not
POOLED = (
    1.0,
    3.0,
    10.0,
    30.0,
    100.0,
    300.0,
    1000.0,
)  # frames of the mean over all notes that are added to a note's own


@baselines.named("independent_notes")
def independent_notes(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """Each note as often as in training, whatever sounded before."""
    if train.kind != "notes":
        return None
    count, frames = train.target.sum(axis=0), len(train)

    def shares(added: float, part: Material) -> np.ndarray:
        return np.tile((count + added) / (frames + 2 * added), (len(part), 1))

    return _best("independent_notes", SMOOTHED, shares, lambda added: f"{added:g} added", valid, test, better)


@baselines.named("repeat_frame")
def repeat_frame(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """The frame before once more: how often a note that sounds goes on, and one that does not begins.

    Both shares are a note's own, drawn towards those of all notes together as much as serves best on valid; or those of
    all notes alone.
    """
    if train.kind != "notes" or train.before is None:
        return None
    now, before = train.target > 0, train.before > 0
    states = [(now & was).sum(axis=0) for was in (before, ~before)]
    chances = [was.sum(axis=0) for was in (before, ~before)]
    together = [(count.sum() + 0.5) / (chance.sum() + 1.0) for count, chance in zip(states, chances, strict=True)]

    def shares(added: float | None, part: Material) -> np.ndarray:
        own = [
            np.full(count.shape, mean) if added is None else (count + added * mean) / (chance + added)
            for count, chance, mean in zip(states, chances, together, strict=True)
        ]
        assert part.before is not None
        return np.where(part.before > 0, own[0], own[1])

    def words(added: float | None) -> str:
        return "one for all notes" if added is None else f"a note's own, {added:g} frames of all notes added"

    return _best("repeat_frame", (*POOLED, None), shares, words, valid, test, better)


def _best(
    name: str,
    choices: Sequence[T],
    shares: Callable[[T, Material], np.ndarray],
    words: Callable[[T], str],
    valid: Material,
    test: Material,
    better: Score,
) -> Answer:
    """The choice that does best on valid, the first among equals."""
    chosen = max(choices, key=lambda choice: better(valid.believed(shares(choice, valid))))
    return Answer(name, words(chosen), *(part.believed(shares(chosen, part)) for part in (valid, test)))
