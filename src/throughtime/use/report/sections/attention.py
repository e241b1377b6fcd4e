"""Where the network looked while it wrote: a map for some of its answers, and what they have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from throughtime.use.inspect.explain.tokens import visible
from throughtime.use.report.charts.attention import attention_map, strongest
from throughtime.use.report.diagonals import Diagonals, diagonals
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.inputs import place
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import amount
from throughtime.use.report.parts import chart, note, section
from throughtime.use.report.written import Written, versions, written_of
from throughtime.use.verdict import text_unit

MOST_TOKENS = 80  # on either side of a map
WIDE = 14  # tokens read, above which a map does not fit beside another
ORDERS = {
    "forwards": "It goes through the input in its own order, as a copy would.",
    "backwards": "It goes through the input from its end, as a reversal would.",
    "neither": "It follows neither order.",
}
Row = Mapping[str, Any]


def attention(material: ReportMaterial) -> Markup | None:
    """None where the network has no attention, or none was kept."""
    rows = [row for row in material.attention if row["read"] and row["written"]]
    found = diagonals(rows)
    if found is None:
        return None
    shown = {row["id"] for row in rows}
    answered = [row for row in material.predictions if row.get("id") in shown]
    answers = {one.row["id"]: one for one in written_of(answered, text_unit(material.metrics))}
    maps = [_map(i, row, answers.get(row["id"])) for i, row in enumerate(rows)]
    said = note(
        "A row of a map belongs to a token that was written. It shows how the network, just before, shared out its "
        "look over the tokens read, and adds up to 1: where the network looked, which is no proof of why it wrote "
        "this. Figures in small maps are per cent."
    )
    return section("attention", "Where it looks", said, note(_order(found)), tag("div", maps, class_="maps"))


def _order(found: Diagonals) -> str:
    ends = f" {ORDERS[found.order]}" if found.order else " The inputs are too short for that to tell an order."
    return (
        f"Of {amount(found.tokens, 'token')} written, {_percent(found.forwards)} have their greatest weight within one "
        f"place of the diagonal, read forwards, {_percent(found.backwards)} within one of the other diagonal, read "
        f"backwards; by chance it would be {_percent(found.chance)}.{ends} On average the greatest weight is "
        f"{found.greatest:.2f}: 1 would be a look at a single token, {found.alike:.2f} one at all alike."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _map(i: int, row: Row, answer: Written | None) -> Markup:
    written, read = (list(map(visible, row[side][:MOST_TOKENS])) for side in ("written", "read"))
    weights = [weights[:MOST_TOKENS] for weights in row["weights"][:MOST_TOKENS]]
    where = place(answer.row) if answer else f"row {row['id']}"
    title = f"Where it looked, {where}"
    picture = attention_map(f"attention-{i}", title, weights, written, read)
    return tag(
        "article",
        chart(picture, strongest(weights, written, read), where, answer and versions(answer), _cut(row)),
        class_="wide" if len(read) > WIDE else None,
    )


def _cut(row: Row) -> str | None:
    longest = max(len(row["read"]), len(row["written"]))
    return f"The first {MOST_TOKENS} of up to {longest:,} tokens." if longest > MOST_TOKENS else None
