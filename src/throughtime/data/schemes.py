"""Tags that mark spans: reading the spans from them, recognising the scheme, and what the scheme allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

import numpy as np

Scheme = Literal["IOB2", "IOB1", "BIOES"]
Parts = tuple[str, str]  # prefix and name

OUTSIDE = "O"
BORDER = (OUTSIDE, "")  # in every scheme a sequence begins and ends as if there were an O beyond
# BILOU's last and unit are the end and the single of BIOES by other names
PREFIXES = {"B": "B", "I": "I", "E": "E", "S": "S", "L": "E", "U": "S"}


class Span(NamedTuple):
    """Steps ``start`` to ``end`` (exclusive) are one ``name``."""

    start: int
    end: int
    name: str


def spans(tags: Sequence[str]) -> list[Span]:
    """The spans that a sequence of tags marks, well-formed or not, in order.

    Two neighbouring tags decide, as in the evaluation script of the CoNLL shared tasks (conlleval). A span starts at
    a tag other than O if the tag is B- or S-, or the one before is O, E- or S-, has another name or does not exist;
    it ends before the next start or O. So IOB1, IOB2 and BIOES (also spelt BILOU) are read alike, and a model's
    malformed answers have spans too. Of the script's versions, one follows those that know S- and let B- start a span
    after E-; on tags of O, B- and I- all agree.

    >>> spans(["B-PER", "I-PER", "O", "I-LOC", "B-LOC"])
    [Span(start=0, end=2, name='PER'), Span(start=3, end=4, name='LOC'), Span(start=4, end=5, name='LOC')]
    >>> [tuple(span) for span in spans(["S-PER", "B-LOC", "E-LOC", "E-LOC"])]
    [(0, 1, 'PER'), (1, 3, 'LOC'), (3, 4, 'LOC')]
    """
    found: list[Span] = []
    start, before = 0, BORDER
    for step, tag in enumerate(map(_parts, tags)):
        starts = _starts(before, tag)
        if before[0] != OUTSIDE and (starts or tag[0] == OUTSIDE):
            found.append(Span(start, step, before[1]))
        if starts:
            start = step
        before = tag
    if before[0] != OUTSIDE:
        found.append(Span(start, len(tags), before[1]))
    return found


def prefixed(tag: str) -> bool:
    """Whether a tag has the form of one in a span: B, I, E, S, L or U, a hyphen and a name.

    >>> prefixed("B-NP"), prefixed("O"), prefixed("B-"), prefixed("X-NP")
    (True, False, False, False)
    """
    return _parts(tag)[0] != OUTSIDE


def is_spans(classes: Iterable[str]) -> bool:
    """Whether these are the tags of a span scheme: all but O have a prefix and a name, and there is a B- or an I-.

    >>> is_spans(["O", "B-NP", "I-NP"]), is_spans(["NOUN", "VERB", "O"]), is_spans(["O"])
    (True, False, False)
    """
    marks = {name for name in classes if name != OUTSIDE}
    return all(map(prefixed, marks)) and any(tag[0] in "BI" for tag in marks)


def recognise(sequences: Iterable[Sequence[str]]) -> Scheme | None:
    """The scheme in which sequences of tags mark their spans; None if they are no such tags or keep to none.

    A span starts with B- in IOB2 (Ratnaparkhi 1998), with I- in IOB1 (Ramshaw and Marcus 1995) unless it follows
    another of its name, and BIOES has tags E- and S-. The scheme is the one that is broken least often, so a few wrong
    tags do not change it (:func:`illegal` finds them); None if that is still more often than once in two spans.

    >>> recognise([["I-PER", "O", "I-PER", "B-PER"]]), recognise([["B-PER", "I-PER", "O"]]), recognise([["NOUN"]])
    ('IOB1', 'IOB2', None)
    """
    pairs = Counter(pair for tags in sequences for pair in pairwise([OUTSIDE, *tags, OUTSIDE]))
    if not is_spans({tag for _, tag in pairs}):
        return None
    counted = [(_parts(before), _parts(tag), count) for (before, tag), count in pairs.items()]
    marked = sum(count for before, tag, count in counted if _starts(before, tag))
    broken = {
        scheme: sum(count for before, tag, count in counted if not _may_follow(scheme, before, tag))
        for scheme in get_args(Scheme)
    }
    least: Scheme = min(broken, key=broken.__getitem__)
    return least if broken[least] <= marked / 2 else None


def whole(scheme: Scheme, classes: Iterable[str]) -> tuple[str, ...]:
    """All tags that a scheme has for the names in these: O, then by name each prefix, whether or not all occur.

    >>> whole("IOB2", ["B-PER", "B-LOC", "O"]), whole("BIOES", ["U-X"])
    (('O', 'B-LOC', 'I-LOC', 'B-PER', 'I-PER'), ('O', 'B-X', 'I-X', 'L-X', 'U-X'))
    """
    marks = [tag for tag in classes if prefixed(tag)]
    spelt = {tag[0] for tag in marks}
    letters = "BI"
    if scheme == "BIOES":
        letters += "LU" if spelt & {"L", "U"} else "ES"
        letters += "ES" if spelt & {"E", "S"} and "L" in letters else ""  # both spellings in one file
    return (OUTSIDE, *(f"{letter}-{name}" for name in sorted({tag[2:] for tag in marks}) for letter in letters))


def legal(scheme: Scheme, classes: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a scheme allows: which tags may stand first ``(C,)``, which after which ``(C, C)``, which last ``(C,)``.

    Row i of the second holds what may follow ``classes[i]``. IOB1 has B- only after a tag of its name; IOB2 has I- only
    there; in BIOES, I- and E- stand after B- and I- of their name, and nothing else does.

    >>> start, after, end = legal("IOB2", ["O", "B-X", "I-X"])
    >>> start.tolist(), after.tolist(), end.tolist()
    ([True, True, False], [[True, True, False], [True, True, True], [True, True, True]], [True, True, True])
    """
    tags = [_parts(name) for name in classes]
    start = np.array([_may_follow(scheme, BORDER, tag) for tag in tags], bool)
    after = np.array([[_may_follow(scheme, before, tag) for tag in tags] for before in tags], bool)
    end = np.array([_may_follow(scheme, tag, BORDER) for tag in tags], bool)
    return start, after.reshape(len(tags), len(tags)), end


def illegal(tags: Sequence[str], scheme: Scheme) -> int | None:
    """The first step (from 0) whose tag may not stand there; the last step if a span is left open; None if all may.

    >>> illegal(["O", "I-X", "I-X"], "IOB2"), illegal(["B-X", "I-X"], "BIOES"), illegal(["O", "I-X"], "IOB1")
    (1, 1, None)
    """
    before = BORDER
    for step, tag in enumerate(map(_parts, tags)):
        if not _may_follow(scheme, before, tag):
            return step
        before = tag
    return None if _may_follow(scheme, before, BORDER) else len(tags) - 1


def _parts(tag: str) -> Parts:
    """Prefix (in the letters of BIOES) and name; what is no tag of a span is outside."""
    if tag[1:2] == "-" and len(tag) > 2 and tag[0] in PREFIXES:
        return PREFIXES[tag[0]], tag[2:]
    return BORDER


def _starts(before: Parts, tag: Parts) -> bool:
    """Whether a span starts at a tag."""
    return tag[0] != OUTSIDE and (tag[0] in "BS" or before[0] in "OES" or before[1] != tag[1])


def _may_follow(scheme: Scheme, before: Parts, tag: Parts) -> bool:
    continues = tag[0] != OUTSIDE and before[1] == tag[1]
    if scheme == "BIOES":
        if before[0] in "BI":
            return continues and tag[0] in "IE"
        return tag[0] not in "IE"
    if tag[0] in "ES":
        return False
    return continues or tag[0] != ("B" if scheme == "IOB1" else "I")
