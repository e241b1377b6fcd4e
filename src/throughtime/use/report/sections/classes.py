"""Which classes are taken for which, and how well each is found."""

from __future__ import annotations

from throughtime.models.metrics.confusion import confusion_matrix, per_class
from throughtime.use.report.answers import kind, outcome
from throughtime.use.report.charts.matrix import COUNTS_UP_TO, confusion_chart
from throughtime.use.report.html import Markup
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.parts import chart, note, section, share_bar, table

MOST_PAIRS = 12


def confusion(material: ReportMaterial) -> Markup | None:
    """The matrix and its most frequent mistakes; None for several labels a row and for numbers."""
    if kind(material) != "classes" or not material.predictions:
        return None
    found = outcome(material)
    counts = confusion_matrix(found).tolist()
    pairs = _pairs(counts, found.classes)
    picture = confusion_chart("matrix", counts, found.classes)
    title = "Each row is a true class, each column what the network took it for."
    body = chart(
        picture,
        _numbers(counts, found.classes, pairs),
        title,
        "Blue: right; orange: wrong; the stronger, the larger the share of the row.",
    )
    common = [[truth, answer, count, f"{100 * share:.1f} %"] for truth, answer, count, share in pairs[:MOST_PAIRS]]
    listed = (
        table(["truth", "taken for", "rows", "of the true class"], common, "The most frequent mistakes")
        if pairs
        else note("No mistakes.")
    )
    return section("confusion", "Confusion matrix", body, listed if len(found.classes) > 2 else None)


def class_figures(material: ReportMaterial) -> Markup | None:
    """Precision, recall and F1 of each class or label; None for numbers."""
    if kind(material) == "numbers" or not material.predictions:
        return None
    rows = [
        [row.name, share_bar(row.precision), share_bar(row.recall), share_bar(row.f1), row.support]
        for row in per_class(outcome(material))
    ]
    word = "label" if kind(material) == "labels" else "class"
    said = note(
        f"Precision: of the rows taken for the {word}, the share that are it. ",
        "Recall: of the rows that are it, the share that were found. F1: their harmonic mean. Support: test rows.",
    )
    body = table([word, "precision", "recall", "F1", "support"], rows)
    return section("classes", f"Figures by {word}", said, body)


def _pairs(counts: list[list[int]], classes: tuple[str, ...]) -> list[tuple[str, str, int, float]]:
    """All mistakes that occur, most frequent first: (truth, answer, rows, share of the true class)."""
    found = [
        (classes[i], classes[j], count, count / sum(row))
        for i, row in enumerate(counts)
        for j, count in enumerate(row)
        if count and i != j
    ]
    return sorted(found, key=lambda pair: (-pair[2], -pair[3]))


def _numbers(counts: list[list[int]], classes: tuple[str, ...], pairs: list[tuple[str, str, int, float]]) -> Markup:
    if len(classes) <= COUNTS_UP_TO:
        return table(
            ["truth \\ taken for", *classes], [[name, *row] for name, row in zip(classes, counts, strict=True)]
        )
    right = [[name, name, counts[i][i]] for i, name in enumerate(classes)]
    return table(
        ["truth", "taken for", "rows"], [*right, *(list(pair[:3]) for pair in pairs)], "What does not occur is left out"
    )
