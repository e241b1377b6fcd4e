"""How a run's answers are written when it is asked otherwise than its settings say."""

from __future__ import annotations

from typing import Any

from throughtime.data.fields.tokens import Tokens
from throughtime.data.vocabulary import UNK
from throughtime.errors import Place, UsageError, unknown
from throughtime.models.decoding import Beam, Sampling, Way
from throughtime.models.heads.tokens import TextHead

BEAM = ("beam", "length_penalty", "coverage_penalty")
DRAWN = ("temperature", "top_k", "top_p", "seed")
OTHERS = ("n_best", "longest", "prefix")


def way_of(head: TextHead, **asked: Any) -> Way:
    """The head's own way with some of it changed; None stands for "as it is".

    A temperature, ``top_k`` or ``top_p`` asks for drawn answers. Raises UsageError for what is unknown, what cannot be,
    and what would change nothing.
    """
    known = (*BEAM, *DRAWN, *OTHERS)
    for name in asked:
        if name not in known:
            raise unknown("option of writing", name, known)
    given = {name: value for name, value in asked.items() if value is not None}
    prefix = _prefix(head.field, given.pop("prefix", ""))
    longest = given.pop("longest", head.way.longest)
    drawn = [name for name in DRAWN if name in given]
    if not drawn:
        return Way(_beam(head, given), longest, prefix)
    for name in BEAM:
        if name in given:
            raise UsageError(f"{name}: answers are drawn, token by token, as {drawn[0]} asks; leave one of them out")
    if drawn == ["seed"]:
        raise UsageError("seed: nothing is drawn; add a temperature, or leave it out")
    sampling = Sampling(given.get("temperature", 1.0), given.get("top_k"), given.get("top_p"))
    return Way(
        longest=longest, prefix=prefix, sampling=sampling, draws=given.get("n_best", 1), seed=given.get("seed", 0)
    )


def _beam(head: TextHead, given: dict[str, Any]) -> Beam:
    own = head.way.beam
    n_best = given.get("n_best", own.n_best)
    size = given.get("beam", max(own.size, n_best) if "n_best" in given else own.size)
    if size == 1:
        for name in ("length_penalty", "coverage_penalty"):
            if name in given:
                raise UsageError(f"{name}: a beam of 1 compares no hypotheses; leave it out")
    if given.get("coverage_penalty") and head.decoder.task.attention == "none":
        raise UsageError("coverage_penalty: the network looks at nothing (attention=none); leave it out")
    return Beam(
        size,
        given.get("length_penalty", own.length_penalty),
        given.get("coverage_penalty", own.coverage_penalty),
        n_best if "n_best" in given else min(n_best, size),
    )


def _prefix(field: Tokens, text: str) -> tuple[int, ...]:
    """The ids of what answers begin with."""
    tokens = field.tokens(text, Place())
    for token in tokens:
        if token == UNK or token not in field.vocabulary:
            raise UsageError(f'prefix "{text}": the run has never seen "{token}", and cannot write it')
    return tuple(field.vocabulary.encode(tokens).tolist())
