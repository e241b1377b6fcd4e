"""How a run's answers are written when it is asked otherwise than its settings say."""

from __future__ import annotations

from typing import Any

from throughtime.data.fields.tokens import Tokens
from throughtime.data.vocabulary import SPECIALS
from throughtime.errors import Place, UsageError, unknown
from throughtime.models.decoding import Beam, Sampling, Way
from throughtime.models.heads.tokens import TextHead

BEAM = ("beam", "length_penalty", "coverage_penalty")
DRAWN = ("temperature", "top_k", "top_p", "seed")
OTHERS = ("n_best", "longest", "prefix")
WHOLE = ("beam", "n_best", "longest", "top_k", "seed")


def way_of(head: TextHead, **asked: Any) -> Way:
    """The head's own way with some of it changed; None stands for "as it is".

    A temperature, ``top_k`` or ``top_p`` asks for drawn answers. Raises UsageError for what is unknown, what cannot be,
    and what would change nothing.
    """
    known = (*BEAM, *DRAWN, *OTHERS)
    for name in asked:
        if name not in known:
            raise unknown("option of writing", name, known)
    given = {name: _checked(name, value) for name, value in asked.items() if value is not None}
    prefix = _prefix(head.field, given.pop("prefix")) if "prefix" in given else ()
    longest = given.pop("longest", head.way.longest)
    if not any(name in given for name in DRAWN):
        return Way(_beam(head, given), longest, prefix)
    draws, seed = given.get("n_best", 1), given.get("seed", 0)
    return Way(longest=longest, prefix=prefix, sampling=_sampling(given), draws=draws, seed=seed)


def _sampling(given: dict[str, Any]) -> Sampling:
    drawn = [name for name in DRAWN if name in given]
    for name in BEAM:
        if name in given:
            raise UsageError(f"{name}: answers are drawn, token by token, as {drawn[0]} asks; leave one of them out")
    if drawn == ["seed"]:
        raise UsageError("seed: nothing is drawn; add a temperature, or leave it out")
    if given.get("temperature") == 0:
        for name in ("top_k", "top_p", "seed", "n_best"):
            if name in given:
                raise UsageError(f"{name}: a temperature of 0 always takes the likeliest token; leave it out")
    return Sampling(given.get("temperature", 1.0), given.get("top_k"), given.get("top_p"))


def _checked(name: str, value: Any) -> Any:
    """The value, if it is of the right kind; bounds are for those who use it."""
    kinds: dict[str, tuple[Any, str]] = {"prefix": ((str,), "a text")}
    kinds |= dict.fromkeys(WHOLE, ((int,), "a whole number"))
    kind, words = kinds.get(name, ((int, float), "a number"))
    if not isinstance(value, kind) or isinstance(value, bool):
        raise UsageError(f"{name} {value}: it must be {words}")
    least = {"n_best": 1, "seed": 0}.get(name)
    if least is not None and value < least:
        raise UsageError(f"{name} {value}: it must be at least {least}")
    return value


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
    if not tokens:
        raise UsageError(f'prefix "{text}": there is nothing in it; leave it out')
    for token in tokens:
        if token in SPECIALS or token not in field.vocabulary:
            raise UsageError(f'prefix "{text}": the run has never seen "{token}", and cannot write it')
    return tuple(field.vocabulary.encode(tokens).tolist())
