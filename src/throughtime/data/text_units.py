"""What whole texts are made of: sentences of words, or single words in symbols or letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

TextUnit = Literal["words", "symbols", "letters"]
"""``words``: sentences. ``symbols``: one word a text, written in symbols with spaces between (a pronunciation).
``letters``: one word a text, written in letters (a name in another script)."""

MOST_SYMBOLS = 200
LONG_SYMBOL = 4


def text_unit(texts: Sequence[str]) -> TextUnit:
    """What most of these texts are made of.

    >>> text_unit(["A cat sleeps in the sun.", "The dog barks."]), text_unit(["K AE T", "D AO G"]), text_unit(["Nahas"])
    ('words', 'symbols', 'letters')
    """
    spaced = [text.split() for text in texts if " " in text.strip()]
    if 2 * len(spaced) <= len(texts):
        return "letters"
    different = {symbol for parts in spaced for symbol in parts}
    few = len(different) <= MOST_SYMBOLS and max(map(len, different)) <= LONG_SYMBOL
    return "symbols" if few else "words"
