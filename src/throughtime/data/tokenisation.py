"""Texts to tokens and back: characters, bytes, k-mers, words, what stands between spaces, words that join again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Literal

from throughtime.data.subwords import subwords_joined

Unit = Literal["characters", "bytes", "words", "spaces", "joints", "subwords", "kmers"]
Wanted = Literal["auto", "characters", "bytes", "words", "subwords", "kmers"]
LETTERS = ("characters", "bytes")
JOINT = "￭"  # stands before a word that follows the one before it without a space

# <unk> as corpora print it; a word with inner apostrophes, hyphens or (between digits) points; any other sign by itself
WORD = re.compile(r"<unk>|\d+(?:[.,]\d+)+|\w+(?:['’\-]\w+)*|[^\w\s]", re.IGNORECASE)
ATTACHED = re.compile(r"\w[.,!?;:](?=\s|$)")
APART = re.compile(r"(?<=\s)[.,!?;:](?=\s|$)")
CLOSING = re.compile(r" ([.,!?;:)\]}%…])")
SAMPLE = 1000
SAMPLE_CHARACTERS = 2000


def unit_name(unit: Unit) -> str:
    """What the tokens of a unit are called.

    >>> unit_name("spaces"), unit_name("bytes")
    ('words', 'bytes')
    """
    return {"spaces": "words", "joints": "words", "kmers": "k-mers"}.get(unit, unit)


def cut(text: str, unit: Unit, lower: bool = False) -> list[str]:
    """The tokens of a text.

    >>> cut("It's GREAT, isn't it?", "words", lower=True)
    ["it's", 'great', ',', "isn't", 'it', '?']
    >>> cut("Ab", "characters"), cut("do n't stop .", "spaces")
    (['A', 'b'], ['do', "n't", 'stop', '.'])

    A byte (of UTF-8) is written as the character of its number:

    >>> cut("é", "bytes"), joined(cut("é", "bytes"), "bytes")
    (['Ã', '©'], 'é')

    ``joints`` are words that say where no space stands before them, so that a text is written back as it was:

    >>> cut('He said "no".', "joints"), joined(['a', '￭-', '￭b'], "joints")
    (['He', 'said', '"', '￭no', '￭"', '￭.'], 'a-b')
    """
    assert unit not in ("subwords", "kmers"), "these are cut by what was learnt, or said, of the training texts"
    text = text.lower() if lower else text
    if unit == "characters":
        return list(text)
    if unit == "bytes":
        return list(text.encode("utf-8", "surrogatepass").decode("latin-1"))
    if unit == "joints":
        return [word if k == 0 else JOINT + word for part in text.split() for k, word in enumerate(WORD.findall(part))]
    return WORD.findall(text) if unit == "words" else text.split()


def joined(tokens: Sequence[str], unit: Unit) -> str:
    """Tokens back to text: exact for characters, bytes and subwords; between words stands one space.

    Exact but for the number of spaces: ``spaces`` and ``joints``. Of ``words`` closing signs move to their word.

    >>> joined(["good", ",", "or", "not", "?"], "words"), joined(["so", "."], "spaces")
    ('good, or not?', 'so .')
    """
    if unit == "characters":
        return "".join(tokens)
    if unit == "bytes":
        return bytes(ord(token) for token in tokens if len(token) == 1).decode("utf-8", "replace")
    if unit == "subwords":
        return subwords_joined(tokens)
    if unit == "kmers":  # of runs that do not follow from one another nothing shows that they do not
        return "".join([*tokens[:1], *(token[-1] for token in tokens[1:])])
    if unit == "joints":
        return "".join(_after_its_space(token) for token in tokens).removeprefix(" ")
    text = " ".join(tokens)
    return CLOSING.sub(r"\1", text) if unit == "words" else text


def kmers(letters: str, k: int) -> list[str]:
    """Every run of ``k`` letters, one beginning at each; none where there are fewer.

    >>> kmers("ACGTA", 3), kmers("AC", 3), joined(kmers("ACGTA", 3), "kmers")
    (['ACG', 'CGT', 'GTA'], [], 'ACGTA')
    """
    return [letters[i : i + k] for i in range(len(letters) - k + 1)]


def _after_its_space(token: str) -> str:
    """A joint by itself is a sign of the text."""
    return token[1:] if token.startswith(JOINT) and len(token) > 1 else f" {token}"


def proposed_unit(texts: Sequence[str], wanted: Wanted) -> tuple[Unit, str]:
    """The unit for these texts and the reason, in words.

    Short texts with few spaces are cut into characters. Where punctuation already stands apart, words are taken as they
    stand between the spaces.

    >>> proposed_unit(["Khoury", "Nahas"], "auto")[0], proposed_unit(["A good film.", "Not a good film!"], "auto")[0]
    ('characters', 'words')
    """
    stripped = (text.strip() for text in texts)
    sample = [text[:SAMPLE_CHARACTERS] for text in islice(filter(None, stripped), SAMPLE)]
    if wanted in ("characters", "bytes", "subwords", "kmers"):
        return wanted, "as set"
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
