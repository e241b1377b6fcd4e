"""What the texts of an answer are made of, and so what is counted as an error in them."""

from __future__ import annotations

from throughtime.data.text_units import TextUnit

__all__ = ["TextUnit", "parts", "smallest"]


def parts(text: str, unit: TextUnit) -> list[str]:
    """A text in its units: words and symbols as they stand between spaces, or letters.

    >>> parts("A cat, asleep.", "words"), parts("K AE1 T", "symbols"), parts("cat", "letters")
    (['A', 'cat,', 'asleep.'], ['K', 'AE1', 'T'], ['c', 'a', 't'])
    """
    return list(text) if unit == "letters" else text.split()


def smallest(text: str, unit: TextUnit) -> list[str]:
    """A text in its smallest parts: symbols where it is written in symbols, else letters with the spaces.

    >>> smallest("a cat", "words"), smallest("K AE1 T", "symbols")
    (['a', ' ', 'c', 'a', 't'], ['K', 'AE1', 'T'])
    """
    return text.split() if unit == "symbols" else list(text)
