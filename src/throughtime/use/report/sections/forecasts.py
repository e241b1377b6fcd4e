"""Forecasts of the test split beside what came: the best, the middle and the worst one, and some between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from throughtime.use.report.answers import kind
from throughtime.use.report.charts.lines import Line
from throughtime.use.report.charts.time_lines import time_chart
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import amount, number
from throughtime.use.report.parts import chart, note, section, table
from throughtime.use.report.sections.future import bands
from throughtime.use.report.times import around, values
from throughtime.use.stamps import moments, said
from throughtime.use.verdict import baseline_words

SPREAD = 3  # forecasts at even distances, beside those chosen by their loss
PAST, LEAST_PAST, MOST_PAST = 2, 12, 300  # horizons of the past that are drawn, and steps
MOST_STEPS = 100  # of a table; all stand in predictions.jsonl
Row = Mapping[str, Any]


def forecasts(material: ReportMaterial) -> Markup | None:
    """None where the rows are no forecasts."""
    if kind(material) != "forecasts":
        return None
    rows = [row for row in material.predictions if any(value is not None for value in row["truth"])]
    if not rows:
        return None
    told = material.metrics.get("forecast") or {}
    beside = baseline_words((material.metrics.get("baseline") or {}).get("name") or "baseline")
    begins = moments([row.get("time") for row in rows], told.get("step"))
    when = {} if begins is None else {id(row): int(begin) for row, begin in zip(rows, begins, strict=True)}
    charts = [_chart(i, row, why, when.get(id(row)), told, beside) for i, (row, why) in enumerate(_chosen(rows))]
    of = (told.get("origins") or {}).get("test", len(rows))
    counted = f"{amount(len(charts), 'forecast')} of {of:,}; {len(rows):,} stand in predictions.jsonl."
    return section("forecasts", "Forecasts over the truth", note(counted), tag("div", charts, class_="pair"))


def _chosen(rows: Sequence[Row]) -> list[tuple[Row, str]]:
    """By their loss, then some that are evenly spread; none twice."""
    by_loss = sorted((row for row in rows if row.get("loss") is not None), key=lambda row: row["loss"])
    named = {"the best": 0.0, "the middle one": 0.5, "the worst": 1.0} if by_loss else {}
    found = {round(at * (len(by_loss) - 1)): why for why, at in reversed(named.items())}
    chosen = [(by_loss[place], found[place]) for place in sorted(found)]
    others = [row for row in rows if all(row is not one for one, _ in chosen)]
    spread = dict.fromkeys(round((k + 0.5) / SPREAD * (len(others) - 1)) for k in range(SPREAD)) if others else {}
    return chosen + [(others[place], "one of many") for place in spread]


def _chart(i: int, row: Row, why: str, begin: int | None, told: Row, beside: str) -> Markup:
    horizon, step = len(row["truth"]), told.get("step")
    most = min(MOST_PAST, max(PAST * horizon, LEAST_PAST))
    past = list((row.get("inputs") or {}).get("past") or [])[-most:]
    x, dated = around(begin, len(past), horizon, step)
    ahead = x[len(past) :]
    # the first value that came is drawn from the last of the past on, so that the two are one line
    came = Line("truth", x, [*values(past), *values(row["truth"])], "plain")
    lines = [came, Line("network", ahead, values(row["predicted"]))]
    if row.get("baseline"):
        lines.insert(1, Line(beside, ahead, values(row["baseline"]), "second", stroke="thin"))
    where = " ".join(part for part in (str(row.get("series") or ""), f"from {said(row.get('time'), step)}") if part)
    picture = time_chart(
        f"forecast-{i}",
        f"{where}: forecast and truth",
        lines,
        bands(row, ahead, told.get("level")),
        dated=dated,
        x_label="step ahead",
        y_label="in the data's unit",
        begin=ahead[0] if past else None,
    )
    return chart(picture, _numbers(row, beside), f"{where}.", f"{why[0].upper()}{why[1:]}: {_off(row)}.")


def _off(row: Row) -> str:
    errors = [abs(said - came) for came, said in zip(row["truth"], row["predicted"], strict=True) if came is not None]
    known = "" if len(errors) == len(row["truth"]) else f" over {len(errors)} known steps"
    return f"off by {number(sum(errors) / len(errors))} on average{known}"


def _numbers(row: Row, beside: str) -> Markup:
    columns = {"truth": row["truth"], "network": row["predicted"]}
    columns |= {side: row[side] for side in ("lower", "upper") if row.get(side)}
    columns |= {beside: row["baseline"]} if row.get("baseline") else {}
    cells = list(zip(*columns.values(), strict=True))
    left = f"The first {MOST_STEPS} of {len(cells):,} steps" if len(cells) > MOST_STEPS else None
    rows = [[f"{step}", *map(number, found)] for step, found in enumerate(cells[:MOST_STEPS], start=1)]
    return table(["step", *columns], rows, left)
