"""Results as one page with pictures: self-contained, no script, nothing fetched, light and dark."""

from __future__ import annotations

from collections.abc import Sequence

from throughtime.api.bench.machine import machine_line
from throughtime.api.bench.run import Results
from throughtime.api.bench.table import Row, Table, figure
from throughtime.use.report.frame import whole_page
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.parts import note, section, unfold
from throughtime.use.report.parts import table as numbers


def page(results: Results) -> str:
    """The whole page as text."""
    remarks = [machine_line(results.machine)]
    if results.quick:
        remarks.append("A quick look: few samples of few shapes.")
    if not results.complete:
        remarks.append(f"Stopped early: {results.done} of {results.cases} cases were measured.")
    top = [tag("p", "throughtime bench", class_="eyebrow"), tag("h1", "The engine beside torch"), map(note, remarks)]
    main = tag("main", top, [_section(table, rows) for table, rows in results.measured])
    return whole_page("The engine beside torch · throughtime bench", main)


def _section(table: Table, rows: Sequence[Row]) -> Markup:
    heading, *lines = table.lines(rows)
    picture = table.draw(rows)
    shown = numbers(heading, lines)
    summary = [f"{name}: {figure(value)}" for name, value in table.summary(rows).items()]
    return section(
        table.name,
        f"{table.name}: {table.title}",
        note(table.method),
        picture,
        tag("ul", [tag("li", line) for line in summary], class_="notes") if summary else None,
        shown if picture is None else unfold("Numbers", shown, open_=True),
    )
