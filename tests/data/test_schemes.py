"""Spans of tags: by hand, against the table of the CoNLL rules, and the schemes against writing spans down in them."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from throughtime.data.schemes import Scheme, Span, illegal, is_spans, legal, prefixed, recognise, spans, whole

SCHEMES: tuple[Scheme, ...] = ("IOB1", "IOB2", "BIOES")

# Spans as start:end:name, worked out by hand from the rules.
CASES = [
    # well-formed IOB2
    ("", ""),
    ("O O O", ""),
    ("B-X", "0:1:X"),
    ("B-X I-X O", "0:2:X"),
    ("O B-X I-X I-X", "1:4:X"),
    ("B-X B-X", "0:1:X 1:2:X"),
    ("B-X I-X B-Y O B-X", "0:2:X 2:3:Y 4:5:X"),
    # well-formed IOB1
    ("I-X", "0:1:X"),
    ("I-X I-X O I-X", "0:2:X 3:4:X"),
    ("I-X B-X I-X", "0:1:X 1:3:X"),
    ("I-X I-Y I-Y", "0:1:X 1:3:Y"),
    ("O I-X B-X B-X O", "1:2:X 2:3:X 3:4:X"),
    # well-formed BIOES
    ("S-X", "0:1:X"),
    ("S-X S-X S-Y", "0:1:X 1:2:X 2:3:Y"),
    ("B-X E-X", "0:2:X"),
    ("B-X I-X E-X B-X E-X", "0:3:X 3:5:X"),
    ("O S-X B-Y I-Y I-Y E-Y O", "1:2:X 2:6:Y"),
    # the same in the letters of BILOU, and with hyphens in the name
    ("O U-X B-Y I-Y I-Y L-Y O", "1:2:X 2:6:Y"),
    ("B-NP-SBJ I-NP-SBJ B-X-1", "0:2:NP-SBJ 2:3:X-1"),
    # malformed
    ("B-X I-Y", "0:1:X 1:2:Y"),
    ("O I-X I-Y B-Y", "1:2:X 2:3:Y 3:4:Y"),
    ("E-X", "0:1:X"),
    ("O E-X E-X", "1:2:X 2:3:X"),
    ("E-X I-X", "0:1:X 1:2:X"),
    ("I-X E-X I-X E-X", "0:2:X 2:4:X"),
    ("B-X S-X", "0:1:X 1:2:X"),
    ("S-X I-X E-X", "0:1:X 1:3:X"),
    ("S-X E-X", "0:1:X 1:2:X"),
    ("B-X E-Y", "0:1:X 1:2:Y"),
    ("B-X I-X", "0:2:X"),
    ("B-X O E-X", "0:1:X 2:3:X"),
    ("E-X B-X", "0:1:X 1:2:X"),
    # outside is what has no prefix, no name or neither
    ("B-X NOUN I-X", "0:1:X 2:3:X"),
    ("B- I-X X-Y -X b-X", "1:2:X"),
]


def shown(found: list[Span]) -> str:
    return " ".join(f"{start}:{end}:{name}" for start, end, name in found)


def written(found: list[Span], length: int, scheme: Scheme) -> list[str]:
    """The tags of spans: what a scheme is."""
    tags = ["O"] * length
    for number, (start, end, name) in enumerate(found):
        follows = number > 0 and found[number - 1][1:] == (start, name)
        letters = ["I"] * (end - start)
        if scheme != "IOB1" or follows:
            letters[0] = "B"
        if scheme == "BIOES":
            letters[-1] = "E" if len(letters) > 1 else "S"
        tags[start:end] = [f"{letter}-{name}" for letter in letters]
    return tags


def some_spans(chance: random.Random, length: int) -> list[Span]:
    found, step = [], 0
    while step < length:
        end = min(length, step + chance.randint(1, 3))
        if chance.random() < 0.6:
            found.append(Span(step, end, chance.choice("XY")))
        step = end
    return found


def all_sequences(classes: tuple[str, ...], longest: int) -> list[tuple[str, ...]]:
    return [tags for length in range(longest + 1) for tags in itertools.product(classes, repeat=length)]


@pytest.mark.parametrize(("tags", "expected"), CASES)
def test_spans_by_hand(tags: str, expected: str) -> None:
    assert shown(spans(tags.split())) == expected


def test_spans_against_the_table_of_the_conll_rules() -> None:
    # For equal names; a change of name starts and ends in any case. On O, B, I and E these are the pairs of
    # conlleval.pl, but for E before B; that one and those with S are of the versions that read BIOES.
    starts_after = {"B": "OBIES", "S": "OBIES", "I": "OES", "E": "OES"}
    ends_before = {"B": "OBS", "I": "OBS", "E": "OBIES", "S": "OBIES"}
    for tags in all_sequences(whole("BIOES", ["B-X", "B-Y"]), 4):
        cut = [("O", "")] + [tuple(tag.split("-")) if tag != "O" else ("O", "") for tag in tags] + [("O", "")]
        pairs = list(enumerate(itertools.pairwise(cut)))
        starts = [k for k, (a, b) in pairs if b[0] != "O" and (a[0] in starts_after[b[0]] or a[1] != b[1])]
        ends = [k for k, (a, b) in pairs if a[0] != "O" and (b[0] in ends_before[a[0]] or a[1] != b[1])]
        expected = [Span(k, m, cut[k + 1][1]) for k, m in zip(starts, ends, strict=True)]
        assert spans(tags) == expected, tags


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_sequence_is_legal_if_its_spans_are_written_so(scheme: Scheme) -> None:
    classes = whole(scheme, ["B-X", "B-Y"])
    first, after, last = legal(scheme, classes)
    for tags in all_sequences(classes, 4):
        right = written(spans(tags), len(tags), scheme) == list(tags)
        assert (illegal(tags, scheme) is None) == right, tags
        ids = [classes.index(tag) for tag in tags]
        if ids:
            steps = all(after[a, b] for a, b in itertools.pairwise(ids))
            assert (first[ids[0]] and steps and last[ids[-1]]) == right, tags


@pytest.mark.parametrize("scheme", SCHEMES)
def test_spans_written_in_a_scheme_are_read_and_recognised(scheme: Scheme) -> None:
    chance = random.Random(1)
    corpus = []
    for length in range(1, 40):
        found = some_spans(chance, length)
        corpus.append(written(found, length, scheme))
        assert spans(corpus[-1]) == found and illegal(corpus[-1], scheme) is None
    assert recognise(corpus) == scheme == recognise(iter(corpus[::-1]))
    if scheme == "BIOES":
        spelt = [[tag.replace("E-", "L-").replace("S-", "U-") for tag in tags] for tags in corpus]
        assert recognise(spelt) == "BIOES" and list(map(spans, spelt)) == list(map(spans, corpus))
        assert whole("BIOES", set().union(*spelt)) == ("O", *(f"{p}-{name}" for name in "XY" for p in "BILU"))


@pytest.mark.parametrize(
    ("tags", "scheme", "step"),
    [
        ("O I-X", "IOB2", 1),
        ("B-X I-Y", "IOB2", 1),
        ("I-X", "IOB2", 0),
        ("O B-X", "IOB1", 1),
        ("I-X B-Y", "IOB1", 1),
        ("I-X B-X B-X I-X", "IOB1", None),
        ("O B-X O", "BIOES", 2),
        ("S-X O B-X", "BIOES", 2),
        ("B-X I-X E-Y", "BIOES", 2),
        ("S-X E-X", "BIOES", 1),
        ("B-X E-X S-X", "IOB2", 1),
        ("U-X B-X I-X L-X", "BIOES", None),
        ("", "BIOES", None),
    ],
)
def test_where_a_scheme_is_broken(tags: str, scheme: Scheme, step: int | None) -> None:
    assert illegal(tags.split(), scheme) == step


@pytest.mark.parametrize(
    ("corpus", "scheme"),
    [
        ([], None),
        (["", "O O"], None),
        (["NOUN VERB", "NOUN"], None),
        (["B-X I-X", "NOUN"], None),
        (["S-X O S-X"], None),  # neither B- nor I- anywhere
        (["I-X O", "O I-Y I-Y"], "IOB1"),
        (["B-X O"], "IOB2"),
        (["B-X B-X O"], "IOB2"),
        (["S-X O", "B-X E-X"], "BIOES"),
        (["U-X O", "B-X I-X L-X"], "BIOES"),
        (["I-X E-X O", "O E-X O I-X I-X E-X"], None),  # only ends are marked
        (["B-X I-X O B-X O B-X", "B-Y", "O I-X"], "IOB2"),  # one tag is wrong
        (["B-X I-X O B-X O B-X", "B-Y I-Y", "B-X E-X"], "IOB2"),
        (["I-X I-X O I-X O I-X", "I-Y", "O B-X"], "IOB1"),
        (["B-X E-X S-X B-X I-X E-X", "S-X O S-X", "B-X O"], "BIOES"),
    ],
)
def test_recognition_by_hand(corpus: list[str], scheme: Scheme | None) -> None:
    assert recognise([tags.split() for tags in corpus]) == scheme


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        ("", False),
        ("O", False),
        ("B-X", True),
        ("I-X O", True),
        ("O B-X I-X E-Y S-Z", True),
        ("O S-X E-X", False),
        ("NOUN VERB", False),
        ("O B-X NOUN", False),
        ("O B- I-", False),
        ("X-A B-A", False),
        ("b-x i-x o", False),
    ],
)
def test_names_of_span_schemes(classes: str, expected: bool) -> None:
    assert is_spans(classes.split()) is expected


def test_prefixes() -> None:
    assert [tag for tag in ("B-X", "L-X", "U-a-b", "O", "", "B-", "B", "BX", "-X", "BB-X") if prefixed(tag)] == [
        "B-X",
        "L-X",
        "U-a-b",
    ]


def test_the_whole_of_a_scheme() -> None:
    assert whole("IOB1", ["I-Y", "O", "I-X"]) == ("O", "B-X", "I-X", "B-Y", "I-Y")
    assert whole("BIOES", {"B-X", "E-X"}) == ("O", "B-X", "I-X", "E-X", "S-X")
    assert whole("BIOES", ["L-X", "S-X"]) == ("O", "B-X", "I-X", "L-X", "U-X", "E-X", "S-X")  # a mixture keeps both


def test_what_is_no_tag_of_a_span_is_legal_as_an_o_is() -> None:
    for scheme in SCHEMES:
        start, after, end = legal(scheme, ("O", "B-X", "I-X", "odd"))
        assert start[3] == start[0] and end[3] == end[0]
        assert (after[3] == after[0]).all() and (after[:, 3] == after[:, 0]).all()
    empty = legal("IOB2", ())
    assert [part.shape for part in empty] == [(0,), (0, 0), (0,)] and all(part.dtype == np.bool_ for part in empty)
