"""Words that the network holds for alike, as its embedding tells."""

from __future__ import annotations

from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.parts import note, section, table

SAID = (
    "Frequent words, and those whose embedding points most nearly in the same direction, nearest first; "
    "the number is the cosine, 1 for the same direction."
)


def neighbours(material: ReportMaterial) -> Markup | None:
    """A word a row with its nearest; None where no embedding of words is known."""
    if not material.neighbours:
        return None
    rows = [[tag("bdi", word), [_near(*pair) for pair in found]] for word, found in material.neighbours.items()]
    listed = table(["word", "nearest words"], [[word, join(near)] for word, near in rows])
    return section("neighbours", "Words it holds for alike", note(SAID), tag("div", listed, class_="neighbours"))


def _near(word: str, cosine: float) -> Markup:
    return tag("span", tag("bdi", word), tag("span", f" {cosine:.2f}", class_="cosine"), class_="near")
