"""One answer a sequence, token after token: always the likeliest, or drawn."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from throughtime.models.decoding.sampling import Sampling
from throughtime.models.decoding.search import Carried, Ends, Hypothesis, Step


def greedy(step: Step, state: Carried, rows: int, ends: Ends) -> list[Hypothesis]:
    """The likeliest token at every step, for each of so many ``rows`` of the state; ties go to the smaller id.

    >>> class Nothing:
    ...     def select(self, index):
    ...         return self
    >>> always = torch.tensor([[0.1, 0.2, 0.7]]).log()
    >>> greedy(lambda ids, state: (always.expand(len(ids), 3), state), Nothing(), 1, Ends(0, 1, longest=4))[0].ids
    (2, 2, 2, 2)
    """
    return _followed(step, state, rows, ends, lambda logs, _, __: logs.argmax(1))


def sampled(step: Step, state: Carried, rows: int, ends: Ends, sampling: Sampling, uniform: Tensor) -> list[Hypothesis]:
    """Drawn tokens; ``uniform (rows, longest)`` in [0, 1) says which, so that a row alone is the row in a batch.

    The log-probability is the model's, whatever the temperature.
    """
    return _followed(step, state, rows, ends, lambda logs, which, at: sampling.draw(logs, uniform[which, at]))


@torch.no_grad()
def _followed(
    step: Step, state: Carried, rows: int, ends: Ends, choose: Callable[[Tensor, Tensor, int], Tensor]
) -> list[Hypothesis]:
    """``choose(log-probabilities (N, V), rows (N,), step) -> (N,)``; rows that have ended are asked nothing more."""
    active, tokens = torch.arange(rows), torch.full((rows,), ends.first)
    written = torch.full((rows, ends.longest), ends.last)
    totals, finished = torch.zeros(rows, dtype=torch.float64), torch.zeros(rows, dtype=torch.bool)
    for at in range(ends.longest):
        if not len(active):
            break
        logs, state = step(tokens, state)
        tokens = choose(ends.forced(logs, at, active.tolist()), active, at)
        totals[active] += logs.gather(1, tokens[:, None])[:, 0].double()
        written[active, at] = tokens
        going = tokens != ends.last
        finished[active[~going]] = True
        if not going.all():
            kept = going.nonzero()[:, 0]
            active, tokens, state = active[kept], tokens[kept], state.select(kept)
    return [
        Hypothesis(tuple(ids[ids != ends.last].tolist()), total, total, done)
        for ids, total, done in zip(written, totals.tolist(), finished.tolist(), strict=True)
    ]
