"""A sentence as running text, with its tags where they are wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from throughtime.use.report.html import Markup, join, tag

CLOSING = re.compile(r"[.,;:!?%)\]}»”’…、。，]+|['’]\w{1,2}|n['’]t")  # what stands close to the word before it
OPENING = re.compile(r"[(\[{«“¿¡‘]+")  # and to the word behind it
MOST_TOKENS = 160  # of one sentence in the page; the whole stands in predictions.jsonl
BEFORE = 20  # tokens before the first mistake, where a long sentence is cut


@dataclass(frozen=True)
class Sentence:
    """Tokens with a tag each: the true one, the network's, and how sure it was (nothing where that is not known).

    ``apart`` says whether tokens are words, with spaces between them; ``before`` and ``behind`` are how many tokens
    were left out there.
    """

    tokens: Sequence[str]
    truth: Sequence[str]
    predicted: Sequence[str]
    sure: Sequence[float] = ()
    apart: bool = True
    before: int = 0
    behind: int = 0

    @property
    def wrong(self) -> list[int]:
        """The steps whose tag is wrong."""
        return [i for i, (truth, said) in enumerate(zip(self.truth, self.predicted, strict=True)) if truth != said]

    def shortened(self) -> Sentence:
        """As much as the page has room for, from shortly before the first mistake."""
        size = len(self.tokens)
        start = max(0, min(next(iter(self.wrong), 0) - BEFORE, size - MOST_TOKENS))
        end = min(size, start + MOST_TOKENS)
        tokens, truth, said = self.tokens[start:end], self.truth[start:end], self.predicted[start:end]
        return Sentence(tokens, truth, said, self.sure[start:end], self.apart, start, size - end)

    def space(self, step: int) -> str:
        """What stands between a token and the one before it."""
        if step == 0 or not self.apart:
            return ""
        return space_between(self.tokens[step - 1], self.tokens[step])

    def text(self, start: int, end: int) -> str:
        """Steps as they are read, with the space before the first."""
        return "".join(self.space(step) + self.tokens[step] for step in range(start, end))


def space_between(before: str, token: str) -> str:
    """What stands between two words.

    >>> space_between("so", "it"), space_between("it", "."), space_between("(", "so")
    (' ', '', '')
    """
    return "" if CLOSING.fullmatch(token) or OPENING.fullmatch(before) else " "


def sentence(row: Mapping[str, Any], *, apart: bool) -> Sentence:
    """Of a line of ``predictions.jsonl``: the first input column with a token for each tag."""
    truth, predicted = list(map(str, row["truth"])), list(map(str, row["predicted"]))
    columns = [list(map(str, column)) for column in row["inputs"].values() if isinstance(column, list | str)]
    tokens = next((column for column in columns if len(column) == len(truth)), ["?"] * len(truth))
    return Sentence(tokens, truth, predicted, row.get("sure") or (), apart)


def with_tags(whole: Sentence, *, every: bool = False) -> Markup:
    """Under each wrong token what it is and, struck through, what it was taken for; with ``every``, all tags."""
    shown = whole.shortened()
    return running(shown, [_token(shown, start, end, every) for start, end in _runs(shown)])


def running(shown: Sentence, text: object) -> Markup:
    """The text in its own writing direction, and what was left out of it."""
    before = [tag("bdi", f"{shown.before:,} more", class_="more"), " … "] if shown.before else None
    behind = [" … ", tag("bdi", f"{shown.behind:,} more", class_="more")] if shown.behind else None
    return tag("div", before, text, behind, class_="running", dir="auto")


def _runs(shown: Sentence) -> Iterator[tuple[int, int]]:
    """Steps that share one mark: each word by itself, letters as long as their tags stay the same."""
    pairs, start = list(zip(shown.truth, shown.predicted, strict=True)), 0
    for end in range(1, len(pairs) + 1):
        if shown.apart or end == len(pairs) or pairs[end] != pairs[start]:
            yield start, end
            start = end


def _token(shown: Sentence, start: int, end: int, every: bool) -> Markup:
    space, truth, said = shown.space(start), shown.truth[start], shown.predicted[start]
    text = shown.text(start, end).removeprefix(space)
    if truth == said:
        return join(space, tag("span", text, tag("bdi", truth, class_="tag"), class_="token") if every else text)
    tip = f"{truth}, taken for {said}" + (f" ({100 * shown.sure[start]:.0f} % sure)" if shown.sure else "")
    tags = tag("bdi", tag("ins", truth), Markup("<br>"), tag("del", said), class_="tag")
    return join(space, tag("span", tag("b", text), tags, class_="token wrong", title=tip))
