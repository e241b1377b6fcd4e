"""Texts to tokens and back: characters, words, or what stands between spaces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Literal

Unit = Literal["characters", "words", "spaces"]

# <unk> as corpora print it; a word with inner apostrophes, hyphens or (between digits) points; any other sign by itself
WORD = re.compile(r"<unk>|\d+(?:[.,]\d+)+|\w+(?:['’\-]\w+)*|[^\w\s]", re.IGNORECASE)
ATTACHED = re.compile(r"\w[.,!?;:](?=\s|$)")
APART = re.compile(r"(?<=\s)[.,!?;:](?=\s|$)")
CLOSING = re.compile(r" ([.,!?;:)\]}%…])")
SAMPLE = 1000
SAMPLE_CHARACTERS = 2000


def cut(text: str, unit: Unit, lower: bool = False) -> list[str]:
    """The tokens of a text.

    >>> cut("It's GREAT, isn't it?", "words", lower=True)
    ["it's", 'great', ',', "isn't", 'it', '?']
    >>> cut("Ab", "characters"), cut("do n't stop .", "spaces")
    (['A', 'b'], ['do', "n't", 'stop', '.'])
    """
    text = text.lower() if lower else text
    if unit == "characters":
        return list(text)
    return WORD.findall(text) if unit == "words" else text.split()


def joined(tokens: Sequence[str], unit: Unit) -> str:
    """Tokens back to text: exact for characters; words are parted by one space, and closing signs move to their word.

    >>> joined(["good", ",", "or", "not", "?"], "words"), joined(["so", "."], "spaces")
    ('good, or not?', 'so .')
    """
    if unit == "characters":
        return "".join(tokens)
    text = " ".join(tokens)
    return CLOSING.sub(r"\1", text) if unit == "words" else text


def proposed_unit(texts: Sequence[str], wanted: Literal["auto", "characters", "words"]) -> tuple[Unit, str]:
    """The unit for these texts and the reason, in words.

    Short texts with few spaces are cut into characters. Where punctuation already stands apart, words are taken as they
    stand between the spaces.

    >>> proposed_unit(["Khoury", "Nahas"], "auto")[0], proposed_unit(["A good film.", "Not a good film!"], "auto")[0]
    ('characters', 'words')
    """
    stripped = (text.strip() for text in texts)
    sample = [text[:SAMPLE_CHARACTERS] for text in islice(filter(None, stripped), SAMPLE)]
    if wanted == "characters":
        return "characters", "as set"
    if not sample:
        return "words", "there is no text to look at"
    words = sum(len(text.split()) for text in sample) / len(sample)
    characters = sum(map(len, sample)) / len(sample)
    if wanted == "auto" and (words < 3 or characters / words > 20):
        return "characters", f"the texts have {characters:.0f} characters and {words:.1f} spaced words on average"
    attached = sum(len(ATTACHED.findall(text)) for text in sample)
    apart = sum(len(APART.findall(text)) for text in sample)
    long = any(len(text) == SAMPLE_CHARACTERS for text in sample)  # cut short above, so their words are not all counted
    average = "the texts are long" if long else f"the texts have {words:.0f} words on average"
    reason = "as set" if wanted == "words" else average
    if apart >= 10 and apart > 9 * attached:
        return "spaces", f"{reason}; punctuation already stands apart, so words are taken as they stand between spaces"
    return "words", reason
