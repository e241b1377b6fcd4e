"""Which classes are taken for which, and how well each is found; of tags that mark spans, how well the spans are."""

from __future__ import annotations

from throughtime.models.metrics.confusion import ClassFigures, confusion_matrix, per_class
from throughtime.models.metrics.spans import span_figures
from throughtime.use.report.answers import kind, marks_spans, outcome
from throughtime.use.report.charts.matrix import COUNTS_UP_TO, confusion_chart
from throughtime.use.report.html import Markup
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.parts import chart, note, section, share_bar, table

MOST_PAIRS = 12
MOST_SPAN_TAGS = 30  # of more, the spans' names tell more than the matrix of their tags


def confusion(material: ReportMaterial) -> Markup | None:
    """The matrix and its most frequent mistakes; None for several labels a row, numbers, and many tags of spans."""
    if kind(material) not in ("classes", "tags") or not material.predictions:
        return None
    found, units = outcome(material), _units(material)
    if marks_spans(material) and len(found.classes) > MOST_SPAN_TAGS:
        return None
    counts = confusion_matrix(found).tolist()
    pairs = _pairs(counts, found.classes)
    picture = confusion_chart("matrix", counts, found.classes, units)
    title = "Each row is a true class, each column what the network took it for."
    body = chart(
        picture,
        _numbers(counts, found.classes, pairs, units),
        title,
        "Blue: right; orange: wrong; the stronger, the larger the share of the row.",
    )
    common = [[truth, answer, count, f"{100 * share:.1f} %"] for truth, answer, count, share in pairs[:MOST_PAIRS]]
    listed = (
        table(["truth", "taken for", units, "of the true class"], common, "The most frequent mistakes")
        if pairs
        else note("No mistakes.")
    )
    return section("confusion", "Confusion matrix", body, listed if len(found.classes) > 2 else None)


def class_figures(material: ReportMaterial) -> Markup | None:
    """Precision, recall and F1 of each class or label, or of the spans of each name; else None."""
    if kind(material) in ("numbers", "tokens", "texts", "forecasts", "notes") or not material.predictions:
        return None
    if marks_spans(material):
        said = note(
            "A span is right if its start, its end and its name all are. Precision: of the spans marked, the share ",
            "that are right. Recall: of the true spans, the share that were found. F1: their harmonic mean. ",
            "Support: true spans.",
        )
        return section("classes", "Figures by name", said, _figures("name", span_figures(outcome(material))))
    word, units = ("label" if kind(material) == "labels" else "class"), _units(material)
    said = note(
        f"Precision: of the {units} taken for the {word}, the share that are it. Recall: of the {units} that are it, ",
        f"the share that were found. F1: their harmonic mean. Support: {units} of the test split.",
    )
    return section("classes", f"Figures by {word}", said, _figures(word, per_class(outcome(material))))


def _units(material: ReportMaterial) -> str:
    """What is counted: rows, or the steps that are tagged."""
    return material.scope.units if kind(material) == "tags" else "rows"


def _figures(word: str, figures: list[ClassFigures]) -> Markup:
    rows = [
        [row.name, share_bar(row.precision), share_bar(row.recall), share_bar(row.f1), row.support] for row in figures
    ]
    return table([word, "precision", "recall", "F1", "support"], rows)


def _pairs(counts: list[list[int]], classes: tuple[str, ...]) -> list[tuple[str, str, int, float]]:
    """All mistakes that occur, most frequent first: (truth, answer, rows, share of the true class)."""
    found = [
        (classes[i], classes[j], count, count / sum(row))
        for i, row in enumerate(counts)
        for j, count in enumerate(row)
        if count and i != j
    ]
    return sorted(found, key=lambda pair: (-pair[2], -pair[3]))


def _numbers(
    counts: list[list[int]], classes: tuple[str, ...], pairs: list[tuple[str, str, int, float]], units: str
) -> Markup:
    if len(classes) <= COUNTS_UP_TO:
        return table(
            ["truth \\ taken for", *classes], [[name, *row] for name, row in zip(classes, counts, strict=True)]
        )
    right = [[name, name, counts[i][i]] for i, name in enumerate(classes)]
    return table(
        ["truth", "taken for", units], [*right, *(list(pair[:3]) for pair in pairs)], "What does not occur is left out"
    )
