"""How answers are written: by which search, or drawn, how long, and how many of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from throughtime.batch import Draw
from throughtime.cells.dropout import Masks
from throughtime.errors import UsageError
from throughtime.models.decoding.beam import Beam, beam_search
from throughtime.models.decoding.paths import greedy, sampled
from throughtime.models.decoding.sampling import Sampling
from throughtime.models.decoding.search import Carried, Ends, Hypothesis, Step

GREEDY = Beam(1)


@dataclass(frozen=True)
class Way:
    """The best of a beam search, the likeliest token at every step (a beam of 1), or with ``sampling`` drawn tokens.

    For a row there are as many answers as the beam says, or so many ``draws``, in the order in which they are drawn.
    ``prefix`` are the tokens that every answer begins with. What is drawn is a function of ``seed`` and of the row's
    number alone.

    >>> Way(Beam(2), longest=5, sampling=Sampling())
    Traceback (most recent call last):
    throughtime.errors.UsageError: --beam 2: answers are drawn, token by token; leave --beam or the temperature out
    """

    beam: Beam = GREEDY
    longest: int = 200
    prefix: tuple[int, ...] = ()
    sampling: Sampling | None = None
    draws: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.sampling is not None and self.beam.size > 1:
            problem = f"--beam {self.beam.size}: answers are drawn, token by token"
            raise UsageError(f"{problem}; leave --beam or the temperature out")

    def write(self, step: Step, state: Carried, first: int, last: int, sample_ids: Tensor) -> list[list[Hypothesis]]:
        """Answers for each row of the state, ``sample_ids (B,)`` being the rows' numbers; the best first."""
        rows = len(sample_ids)
        ends = Ends(first, last, self.longest, [self.prefix] * rows if self.prefix else None)
        if self.sampling is not None:
            return self._drawn(self.sampling, step, state, ends, sample_ids)
        if self.beam.size == 1:
            return [[found] for found in greedy(step, state, rows, ends)]
        return beam_search(step, state, rows, ends, self.beam)

    def _drawn(
        self, sampling: Sampling, step: Step, state: Carried, ends: Ends, sample_ids: Tensor
    ) -> list[list[Hypothesis]]:
        found: list[Sequence[Hypothesis]] = []
        for number in range(self.draws):
            draw = Draw(self.seed, number, 0, sample_ids)
            uniform = Masks(draw, "answer").uniform(self.longest)
            found.append(sampled(step, state, len(sample_ids), ends, sampling, uniform))
        return [list(answers) for answers in zip(*found, strict=True)]
