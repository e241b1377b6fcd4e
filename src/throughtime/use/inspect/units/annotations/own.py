"""Annotations of the reader's own: a regular expression, or values made elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from throughtime.errors import UsageError
from throughtime.use.inspect.units.annotations.annotation import Annotation


def pattern(expression: str) -> Annotation:
    """Yes for every character inside a match of a regular expression; ``^`` and ``$`` are the ends of lines.

    >>> pattern(r"\\d+").of("in 1997, 2")
    array([False, False, False,  True,  True,  True,  True, False, False,
            True])

    Raises UsageError for what is no regular expression.
    """
    try:
        compiled = re.compile(expression, re.MULTILINE)
    except re.error as error:
        raise UsageError(f"pattern {expression!r} is no regular expression: {error}") from None

    def matched(text: str) -> np.ndarray:
        inside = np.zeros(len(text), dtype=bool)
        for match in compiled.finditer(text):
            inside[match.start() : match.end()] = True
        return inside

    return Annotation(f"pattern {expression}", "yes/no", matched, "inside a match of the regular expression")


def given(name: str, texts: Sequence[str], values: Sequence[ArrayLike]) -> Annotation:
    """Values made elsewhere: for each text an array with one a character; bool means yes or no.

    >>> given("stress", ["ab", "c"], [[0.5, 2], [1]]).of("ab")
    array([0.5, 2. ])

    Raises UsageError where the texts are not those, or where there is not one array for each.
    """
    if len(texts) != len(values):
        raise UsageError(f'annotation "{name}" has {len(values):,} arrays for {len(texts):,} texts; give one for each')
    arrays = [np.asarray(array) for array in values]
    found = dict(zip(texts, arrays, strict=True))

    def looked_up(text: str) -> np.ndarray:
        whole = text if text in found else next((whole for whole in found if whole.startswith(text)), None)
        if whole is None:
            raise UsageError(f'annotation "{name}" was made for other texts than those read; give it for the same ones')
        values = found[whole]
        return values[: len(text)] if len(values) == len(whole) else values  # of the wrong length: it is said elsewhere

    yes_no = all(array.dtype == bool for array in arrays)
    return Annotation(name, "yes/no" if yes_no else "number", looked_up, "as given")
