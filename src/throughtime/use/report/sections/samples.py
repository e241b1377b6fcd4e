"""What a language model writes: from its first epoch to its last, and when it was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import amount, number
from throughtime.use.report.parts import note, section, unfold
from throughtime.use.report.sections.learning import best_epoch

MOST_EPOCHS = 8  # shown at once; the first ones, where most changes, lie closest together
LETTERS, LONGEST = 320, 6000  # of a sample while training, and of a final one


def samples(material: ReportMaterial) -> Markup | None:
    """None where nothing was written."""
    while_training = [line for line in material.history if line.get("sample")]
    final = (material.samples or {}).get("samples") or []
    if not while_training and not final:
        return None
    return section(
        "samples", "What it writes", _final(material.samples or {}, final), _growing(material, while_training)
    )


def _final(known: Mapping[str, Any], texts: Sequence[Mapping[str, Any]]) -> Markup | None:
    if not texts:
        return None
    cards = [_card(i, text) for i, text in enumerate(texts)]
    return join(tag("h3", "After training"), note(_parsed(known, texts)), cards)


def _parsed(known: Mapping[str, Any], texts: Sequence[Mapping[str, Any]]) -> str:
    heat = f" Drawn at temperature {number(known['temperature'])}." if known.get("temperature") is not None else ""
    lines = f" of {known['lines']} lines" if known.get("lines") else ""
    if known.get("parse_share") is None:
        return f"{amount(len(texts), 'sample')}{lines}.{heat}"
    parsed = sum(text.get("parses") is True for text in texts)
    return (
        f"{parsed:,} of {amount(len(texts), 'sample')}{lines} {'parses' if parsed == 1 else 'parse'} as Python.{heat}"
    )


def _card(i: int, sample: Mapping[str, Any]) -> Markup:
    """The first lies open; of all one sees whether they parse."""
    parses = sample.get("parses")
    mark = None
    if parses is not None:
        words = "✓ parses as Python" if parses else "✗ does not parse"
        mark = join(" ", tag("span", words, class_="parses yes" if parses else "parses no"))
    text = _written(sample["text"], LONGEST, prose=parses is None)
    return unfold(join(f"Sample {i + 1}", mark), text, open_=i == 0)


def _growing(material: ReportMaterial, lines: Sequence[Mapping[str, Any]]) -> Markup | None:
    """A block an epoch; those between the ones shown can be unfolded."""
    if not lines:
        return None
    best = best_epoch(material)
    shown = {id(line) for line in _spread(lines)} | {id(line) for line in lines if line["epoch"] == best}
    told = tag("ol", [_epoch(line, best) for line in lines if id(line) in shown], class_="epochs")
    rest = [_epoch(line, best) for line in lines if id(line) not in shown]
    folded = unfold(amount(len(rest), "epoch") + " between them", tag("ol", rest, class_="epochs")) if rest else None
    return join(tag("h3", "While it learned"), told, folded)


def _spread(lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The first, the last, and some between whose distances grow."""
    last = len(lines) - 1
    if last < MOST_EPOCHS:
        return list(lines)
    steps = {round((last + 1) ** (k / (MOST_EPOCHS - 1))) - 1 for k in range(MOST_EPOCHS)}
    return [lines[step] for step in sorted(steps)]


def _epoch(line: Mapping[str, Any], best: int | None) -> Markup:
    loss = line.get("valid", {}).get("loss")
    head = tag(
        "div",
        tag("strong", f"epoch {line['epoch']}"),
        None if loss is None else tag("span", f"{number(loss)} nats"),
        tag("span", "its weights were kept") if line["epoch"] == best else None,
    )
    return tag("li", head, _written(line["sample"], LETTERS, prose=True))


def _written(text: str, most: int, *, prose: bool) -> Markup:
    """Every space and line as it was written; long lines are broken in prose, and scroll in a program."""
    shown = text[:most].rstrip("\n") + (" …" if len(text) > most else "")
    return tag("pre", shown, class_="prose" if prose else None, dir="auto", tabindex="0")
