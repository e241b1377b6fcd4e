"""Spans in a sentence, true and predicted: where they agree, and how they differ where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from throughtime.data.schemes import Span, spans
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.tagged import Sentence, running

LONG = 40  # letters of a label
Layers = tuple[Span | None, Span | None]  # the true and the predicted span that a step belongs to


@dataclass(frozen=True)
class Region:
    """Steps ``start`` to ``end`` (exclusive), which true and predicted spans cover together, as far as they overlap."""

    start: int
    end: int
    truth: tuple[Span, ...]
    said: tuple[Span, ...]

    @property
    def verdict(self) -> str:
        """``right``, ``missed``, ``invented``, ``misnamed`` or ``misplaced``."""
        if not self.truth or not self.said:
            return "missed" if self.truth else "invented"
        if self.truth == self.said:
            return "right"
        same_ends = [span[:2] for span in self.truth] == [span[:2] for span in self.said]
        return "misnamed" if same_ends else "misplaced"

    @property
    def label(self) -> str:
        """The names, and what is wrong with them."""
        true, said = (" ".join(span.name for span in side) for side in (self.truth, self.said))
        other = f"{true}, other ends" if true == said else f"{said}, is {true}"
        return {"right": true, "missed": f"{true} missed", "invented": f"{said} invented"}.get(self.verdict, other)

    def layers(self, step: int) -> Layers:
        true, said = ([span for span in side if span.start <= step < span.end] for side in (self.truth, self.said))
        return next(iter(true), None), next(iter(said), None)


def regions(truth: Sequence[str], predicted: Sequence[str]) -> list[Region]:
    """All spans of both sides in order, those that overlap together.

    >>> [found] = regions(["B-ORG", "I-ORG", "I-ORG"], ["B-ORG", "O", "B-LOC"])
    >>> found.verdict, found.label
    ('misplaced', 'ORG LOC, is ORG')
    """
    found: list[Region] = []
    alone = [Region(span.start, span.end, (span,), ()) for span in spans(truth)]
    alone += [Region(span.start, span.end, (), (span,)) for span in spans(predicted)]
    for one in sorted(alone, key=lambda region: region.start):
        if found and one.start < (last := found[-1]).end:
            found[-1] = Region(last.start, max(last.end, one.end), last.truth + one.truth, last.said + one.said)
        else:
            found.append(one)
    return found


def with_spans(whole: Sentence) -> Markup:
    """Spans in place: shaded what the network marked, underlined what is true, the name behind."""
    shown = whole.shortened()
    parts: list[object] = []
    end = 0
    for region in regions(shown.truth, shown.predicted):
        parts += [shown.text(end, region.start), shown.space(region.start), _drawn(shown, region)]
        end = region.end
    return running(shown, [parts, shown.text(end, len(shown.tokens))])


def _drawn(shown: Sentence, region: Region) -> Markup:
    pieces: list[tuple[str, str]] = []  # style and text
    before: Layers = (None, None)
    for step in range(region.start, region.end):
        layers = region.layers(step)
        both = tuple(one if one == other else None for one, other in zip(layers, before, strict=True))
        pieces += [
            (_style(*both), shown.space(step) if step > region.start else ""),
            (_style(*layers), shown.tokens[step]),
        ]
        before = layers
    drawn = [
        tag("span", [text for _, text in group], class_=style or None)
        for style, group in groupby((piece for piece in pieces if piece[1]), key=itemgetter(0))
    ]
    long = " long" if len(region.label) > LONG else ""
    name = tag("span", region.label, class_=f"name{long}")  # if it is short, on one line with the last word
    return tag("bdi", drawn, join("\u00a0", name), class_=f"marked {region.verdict}")


def _style(true: Span | None, said: Span | None) -> str:
    return " ".join(name for name, span in (("is", true), ("said", said)) if span is not None)
