"""Beam search: at every step the likeliest hypotheses of each sequence are kept, all sequences at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from throughtime.errors import UsageError
from throughtime.models.decoding.likeliest import likeliest
from throughtime.models.decoding.penalties import length_penalty
from throughtime.models.decoding.search import Carried, Ends, Hypothesis, Step


@dataclass(frozen=True)
class Beam:
    """How many hypotheses are kept, and how those that have ended are ranked (Wu et al. 2016).

        score = log-probability / ((5 + length) / 6) ** length_penalty + coverage_penalty * coverage

    Coverage is what the state gives (``Covering``). ``n_best`` answers are given, or fewer where there are not so many.
    Finished ones come before those that were cut.

    >>> Beam(2, n_best=3)
    Traceback (most recent call last):
    throughtime.errors.UsageError: n_best 3: there are only 2 hypotheses; give a larger beam
    """

    size: int = 5
    length_penalty: float = 0.0
    coverage_penalty: float = 0.0
    n_best: int = 1

    def __post_init__(self) -> None:
        if self.size < 1:
            raise UsageError(f"beam {self.size}: it must be at least 1")
        if not 1 <= self.n_best <= self.size:
            raise UsageError(f"n_best {self.n_best}: there are only {self.size} hypotheses; give a larger beam")
        if not 0 <= self.length_penalty <= 10:
            raise UsageError(f"length_penalty {self.length_penalty:g}: it must be between 0 and 10")
        if not 0 <= self.coverage_penalty < float("inf"):
            raise UsageError(f"coverage_penalty {self.coverage_penalty:g}: it must be a number of at least 0")

    def score(self, log_probability: float, length: int, coverage: float) -> float:
        """What a hypothesis of so many tokens, the last included, is ranked by."""
        return log_probability / length_penalty(length, self.length_penalty) + self.coverage_penalty * coverage


@torch.no_grad()
def beam_search(step: Step, state: Carried, rows: int, ends: Ends, beam: Beam) -> list[list[Hypothesis]]:
    """The best answers for each of so many ``rows`` of the state, the best first.

    A hypothesis ends where its last token is among the ``beam.size`` likeliest continuations. A sequence is done when
    so many have ended and the likeliest that goes on would be no better, if its end came next and for certain; or when
    none that goes on could still be among the ``n_best``. Nothing is computed for it then. Without a length penalty
    a beam of 1 is greedy. While they go on, hypotheses are of one length and are compared by log-probability alone.

    >>> class Nothing:
    ...     def select(self, index):
    ...         return self
    >>> always = torch.tensor([[0.1, 0.2, 0.7]]).log()
    >>> found = beam_search(lambda i, s: (always.expand(len(i), 3), s), Nothing(), 1, Ends(0, 1, 4), Beam(3, n_best=2))
    >>> [(each.ids, round(each.log_probability, 3)) for each in found[0]]
    [((), -1.609), ((2,), -1.966)]
    """
    if not rows:
        return []
    ended: list[list[Hypothesis]] = [[] for _ in range(rows)]
    start = torch.full((rows, 1, 1), ends.first)
    live = Live(torch.arange(rows), torch.zeros(rows, 1, dtype=torch.float64), start, torch.arange(rows)[:, None])
    for length in range(1, ends.longest + 1):
        logs, state = step(live.written[..., -1].flatten(), state)
        coverage = _coverage(state, beam, len(logs))
        found = _continued(live, logs, ends, beam)
        _collect(found.finished(ends.last, beam.size), coverage, beam, True, ended)
        live = found.going(ends.last, min(beam.size, live.totals.shape[1] * (logs.shape[1] - 1)))
        if length == ends.longest:
            _collect(live, coverage, beam, False, ended)
            break
        done = [_done(ended[row], best, length, ends, beam) for row, best in zip(*live.likeliest(), strict=True)]
        kept = [place for place, over in enumerate(done) if not over]
        if not kept:
            break
        live = live.only(torch.tensor(kept))
        state = state.select(live.parents.flatten())
    return [_ranked(hypotheses)[: beam.n_best] for hypotheses in ended]


@dataclass(frozen=True)
class Live:
    """So many (W) hypotheses of each sequence that is not done (A), the likeliest first.

    ``sequences (A,)`` are the sequences' numbers, ``totals (A, W)`` the log-probabilities, -∞ where there are fewer
    hypotheses, ``written (A, W, n)`` the tokens with the first one, ``parents (A, W)`` the rows of the state they go
    on from.
    """

    sequences: Tensor
    totals: Tensor
    written: Tensor
    parents: Tensor

    def only(self, places: Tensor) -> Live:
        """These of the sequences."""
        return Live(self.sequences[places], self.totals[places], self.written[places], self.parents[places])

    def likeliest(self) -> tuple[list[int], list[float]]:
        """The sequences' numbers, and the log-probability of the best of each, -∞ where there is none."""
        none = self.totals.new_full((len(self.totals), 1), -torch.inf)
        return self.sequences.tolist(), torch.cat([self.totals[:, :1], none], 1)[:, 0].tolist()

    def finished(self, last: int, size: int) -> Live:
        """Those among the first ``size`` that have ended; the others keep their place, at -∞."""
        written = self.written[:, :size]
        totals = self.totals[:, :size].masked_fill(written[..., -1] != last, -torch.inf)
        return Live(self.sequences, totals, written, self.parents[:, :size])

    def going(self, last: int, size: int) -> Live:
        """The first ``size`` that have not ended."""
        order = (self.written[..., -1] == last).int().argsort(dim=1, stable=True)[:, :size]
        place = torch.arange(len(order))[:, None]
        return Live(self.sequences, self.totals[place, order], self.written[place, order], self.parents[place, order])


def _continued(live: Live, logs: Tensor, ends: Ends, beam: Beam) -> Live:
    """The likeliest continuations: twice the beam, so that enough are left when some of them have ended."""
    count, width = live.totals.shape
    logs = ends.forced(logs.view(count, width, -1), live.written.shape[2] - 1, live.sequences.tolist())
    each = min(2 * beam.size, logs.shape[2])
    best, tokens = (part.view(count, width, each) for part in likeliest(logs.flatten(0, 1), each))
    totals, index = (live.totals[..., None] + best.double()).flatten(1).topk(min(2 * beam.size, width * each), 1)
    place, hypothesis = torch.arange(count)[:, None], index // each
    written = torch.cat([live.written[place, hypothesis], tokens.flatten(1).gather(1, index)[..., None]], 2)
    return Live(live.sequences, totals, written, place * width + hypothesis)


def _collect(found: Live, coverage: Tensor, beam: Beam, finished: bool, ended: list[list[Hypothesis]]) -> None:
    """Put what is not at -∞ among those that have ended; ``coverage`` by parent."""
    for place, which in (found.totals > -torch.inf).nonzero().tolist():
        total, tokens = float(found.totals[place, which]), found.written[place, which, 1:].tolist()
        score = beam.score(total, len(tokens), float(coverage[found.parents[place, which]]))
        ids = tuple(tokens[:-1] if finished else tokens)
        ended[int(found.sequences[place])].append(Hypothesis(ids, total, score, finished))


def _coverage(state: Any, beam: Beam, rows: int) -> Tensor:
    """Of each row of the state ``(rows,)``; 0 where it does not count, so that any state will do."""
    return state.coverage() if beam.coverage_penalty else torch.zeros(rows)


def _done(ended: list[Hypothesis], best: float, length: int, ends: Ends, beam: Beam) -> bool:
    """Whether nothing that goes on can be among the best: a log-probability only falls, and coverage is at most 0.

    With a length penalty a long answer could nearly always still be; so where enough have ended, only what may end next
    is waited for. Not to wait at all would be wrong: while one answer is all but certain, its early ends, however
    unlikely, are often second, and would fill the places.
    """
    if best == -torch.inf:
        return True
    if len(ended) < beam.n_best:
        return False
    scores = sorted((each.score for each in ended), reverse=True)
    if len(ended) >= beam.size and scores[0] >= beam.score(best, length + 1, 0.0):
        return True
    return scores[beam.n_best - 1] >= beam.score(best, ends.longest, 0.0)


def _ranked(hypotheses: list[Hypothesis]) -> list[Hypothesis]:
    return sorted(hypotheses, key=lambda each: (not each.finished, -each.score))
