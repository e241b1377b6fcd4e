"""Strings and comments of Python source."""

from __future__ import annotations

import io
import re
import token
import tokenize
from collections.abc import Iterator
from itertools import accumulate

import numpy as np

from throughtime.use.inspect.units.annotations.annotation import annotates

Span = tuple[str, int, int]  # "string" or "comment", its first character, and the first one that is outside again

# What tokenize cannot read: strings may stand open at the end of a line, and those of several lines at the end.
SCANNED = re.compile(
    r"(?P<comment>\#[^\n]*)"
    r"""|(?P<three>\"{3}|'{3})(?:\\.|[^\\])*?(?:(?P<end>(?P=three))|\\?\Z)"""
    r"""|(?P<one>["'])(?:\\.|(?!(?P=one))[^\\\n])*(?:(?P<close>(?P=one))|\\?\Z|(?=\n))""",
    re.DOTALL,
)
MARK = re.compile("[\"']")
# From Python 3.12 on, strings with expressions in them come as several tokens
OPENING = {getattr(token, name, None) for name in ("FSTRING_START", "TSTRING_START")}
CLOSING = {getattr(token, name, None) for name in ("FSTRING_END", "TSTRING_END")}


@annotates("yes/no", "python")
def inside_string(text: str) -> np.ndarray:
    """Inside a string of Python source, from its quotation mark on, also over several lines.

    >>> inside_string('r"#" + x').astype(int)
    array([0, 1, 1, 0, 0, 0, 0, 0])
    """
    return _within(text, "string")


@annotates("yes/no", "python")
def inside_comment(text: str) -> np.ndarray:
    """Inside a comment of Python source, from its # to the end of the line.

    >>> inside_comment("x  # y").astype(int)
    array([0, 0, 0, 1, 1, 1])
    """
    return _within(text, "comment")


def _within(text: str, wanted: str) -> np.ndarray:
    try:
        spans = list(tokenised(text))
    except (tokenize.TokenError, SyntaxError):
        spans = list(scanned(text))
    inside = np.zeros(len(text), dtype=bool)
    for kind, begin, end in spans:
        if kind == wanted:
            inside[begin:end] = True
    return inside


def tokenised(text: str) -> Iterator[Span]:
    """Strings and comments as the tokenize module finds them; its errors where the text is not whole."""
    lines = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    depth, begin = 0, 0
    for found in tokenize.generate_tokens(io.StringIO(text, newline="\n").readline):
        start, end = (lines[row - 1] + column for row, column in (found.start, found.end))
        if found.type == token.ERRORTOKEN and found.string[:1] in ("'", '"'):
            raise tokenize.TokenError("a string without an end", found.start)
        if found.type in OPENING:
            begin = begin if depth else start
            depth += 1
        elif found.type in CLOSING:
            depth -= 1
        string = (found.type == token.STRING and depth == 0) or (found.type in CLOSING and depth == 0)
        if string:
            mark = MARK.search(text, begin if found.type in CLOSING else start)
            assert mark is not None
            yield "string", mark.start(), end - 1
        elif found.type == token.COMMENT and depth == 0:
            yield "comment", start, end


def scanned(text: str) -> Iterator[Span]:
    """Strings and comments of any text, by what begins and ends them.

    >>> list(scanned('a = "b # c'))
    [('string', 4, 10)]
    """
    for found in SCANNED.finditer(text):
        closed = found["end"] or found["close"]
        yield "comment" if found["comment"] else "string", found.start(), found.end() - (1 if closed else 0)
