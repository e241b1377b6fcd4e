"""The report of forecasts: what is drawn, over which time, and what is left out."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.use.forecast_material import ALL, forecasts, written
from tests.use.page_reader import Page, section, tables
from throughtime.training.runs import Run
from throughtime.use.report import ReportMaterial, build, report
from throughtime.use.report.charts.axes import Scale
from throughtime.use.report.charts.lines import Line
from throughtime.use.report.charts.time_lines import TICK, Band, time_axis, time_chart
from throughtime.use.report.page import SECTIONS
from throughtime.use.stamps import seconds

FORECASTS = ["future", "standing", "forecasts", "steps_ahead", "over_time", "learning", "data", "model", "again"]
OTHERS = {"mistakes", "regression", "series", "texts", "classes", "confusion", "lengths", "sentences", "surprises"}


@cache
def material(name: str) -> ReportMaterial:
    return ALL[name]()


@cache
def page_of(name: str) -> str:
    return build(material(name))


def shown_sections(page: str) -> list[str]:
    return re.findall(r'<section id="(\w+)"', page)


def points(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in text.split())]


def elements(page: str, name: str, style: str) -> list[dict[str, Any]]:
    return [found for element, found, _ in Page(page).elements if element == name and found.get("class") == style]


def picture(page: str, name: str) -> str:
    found = re.search(rf"<svg aria-labelledby=\"{name}-title.*?</svg>|<svg[^>]*{name}-title.*?</svg>", page, re.S)
    assert found is not None, name
    return found[0]


def test_sections_in_order_and_none_that_make_no_sense() -> None:
    assert shown_sections(page_of("hourly")) == FORECASTS
    assert "each_series" in shown_sections(page_of("with_gaps"))
    assert shown_sections(page_of("undated")).count("steps_ahead") == 0  # of one step there is no curve
    assert "over_time" not in shown_sections(page_of("many_series"))  # one stretch of time is no curve
    for name in ALL:
        assert OTHERS.isdisjoint(shown_sections(page_of(name))), name
    assert set(FORECASTS) | OTHERS <= set(SECTIONS)


def test_other_runs_have_none_of_these_sections() -> None:
    from tests.use.report_material import regression

    assert {"future", "forecasts", "steps_ahead", "over_time", "each_series", "calibration"}.isdisjoint(
        shown_sections(build(regression()))
    )


def test_the_watched_metric_stands_in_front() -> None:
    heads = section(page_of("hourly"), "standing").texts("th")
    assert heads[:4] == ["", "mae", "coverage", "mse"]


def test_the_future_of_one_series_has_its_numbers_and_its_dates() -> None:
    made = material("hourly")
    assert made.forecast is not None
    row, page = made.forecast["rows"][0], str(section(page_of("hourly"), "future").texts("svg"))
    found = next(table for table in tables(page_of("hourly")) if len(table) == 24 and len(table[0]) == 4)
    assert [line[0] for line in found] == [stamp[:16].removesuffix(" 00:00") for stamp in row["time"]]
    assert [float(line[2]) for line in found] == pytest.approx(row["lower"], rel=1e-3)
    assert "29 Aug 2016" in page and "12:00" in page
    assert section(page_of("hourly"), "future").texts("strong") == ["OT."]


def test_the_band_holds_the_forecast_and_lies_in_the_frame() -> None:
    for name in ALL:
        for chart in re.findall(r"<svg.*?</svg>", page_of(name), re.S):
            width, height = map(float, re.findall(r'viewBox="0 0 (\d+) (\d+)"', chart)[0])
            for band in elements(chart, "polygon", "band"):
                edge = points(band["points"])
                assert all(0 <= x <= width and 0 <= y <= height - 45 for x, y in edge), name
                low, high = edge[: len(edge) // 2], edge[len(edge) // 2 :][::-1]
                assert all(a[1] >= b[1] for a, b in zip(low, high, strict=True))
                for line in elements(chart, "polyline", "curve first"):
                    inside = zip(points(line["points"]), low, high, strict=True)
                    assert all(b[1] - 0.1 <= y <= a[1] + 0.1 for (_, y), a, b in inside)


def test_of_many_series_some_are_drawn_and_the_others_listed() -> None:
    future = section(page_of("many_series"), "future")
    assert len(future.texts("svg")) == 6
    assert "44 more series" in future.texts("summary")
    assert "Of 60 series the first 50 are kept." in future.texts("p")[0]
    listed = next(table for table in tables(page_of("many_series")) if len(table) == 44)
    assert listed[0][:2] == ["store 7", "29.10.2016"] and listed[0][3] == "11.11.2016"


def test_forecasts_are_the_best_the_middle_and_the_worst_and_some_between() -> None:
    made = material("hourly")
    found = section(page_of("hourly"), "forecasts")
    captions = found.texts("figcaption")
    assert len(captions) == 6
    by_loss = sorted(made.predictions, key=lambda row: row["loss"])
    chosen = {"best": by_loss[0], "middle": by_loss[60], "worst": by_loss[-1]}
    for caption, (why, row) in zip(captions, chosen.items(), strict=False):
        assert row["time"][:10] in caption and f"The {why}" in caption
        assert f"off by {row['loss']:.4g} on average" in caption
    assert "6 forecasts of 597; 120 stand in predictions.jsonl." in found.texts("p")


def test_truth_forecast_band_and_baseline_are_drawn_and_named() -> None:
    chart, styles = picture(page_of("hourly"), "forecast-0"), ("curve plain", "curve first", "curve second thin")
    assert [len(elements(chart, "polyline", style)) for style in styles] == [1, 1, 1]
    texts = Page(chart).texts("text")
    assert texts[-4:] == ["truth", "seasonal naive", "network", "80 % interval"]
    came = points(elements(chart, "polyline", "curve plain")[0]["points"])
    assert len(came) == 48 + 24 and len(elements(chart, "line", "begin")) == 1


def test_missing_values_are_gaps() -> None:
    made = material("with_gaps")
    row = {**made.predictions[0], "truth": [1.0, None, 3.0, 4.0, *[None] * 19, 5.0], "loss": 0.0}
    chart = picture(build(replace(made, predictions=[{**row, "inputs": {"past": [2.0, None]}}])), "forecast-0")
    runs = [len(points(found["points"])) for found in elements(chart, "polyline", "curve plain")]
    assert runs == [2] and len(elements(chart, "circle", "alone plain")) == 3
    assert "nan" not in chart and "None" not in chart


def test_a_row_whose_truth_never_came_is_left_out() -> None:
    made = material("hourly")
    rows = [{**row, "truth": [None] * 24, "loss": None} for row in made.predictions]
    assert "forecasts" not in shown_sections(build(replace(made, predictions=rows)))
    page = build(replace(made, predictions=[*rows, made.predictions[3]]))
    assert len(section(page, "forecasts").texts("figure")) == 1


def test_errors_and_coverage_by_step() -> None:
    made = material("hourly")
    told = made.metrics["forecast"]["by_horizon"]
    errors, shares = tables("".join(re.findall(r'<section id="steps_ahead".*?</section>', page_of("hourly"), re.S)))
    assert [row[0] for row in errors] == [str(step) for step in range(1, 25)]
    assert errors[4][1:] == [f"{told['mae'][4]:.4g}", f"{told['baseline_mae'][4]:.4g}"]
    assert shares[4] == ["5", f"{told['coverage'][4]:.3f}"]
    level = elements(picture(page_of("hourly"), "steps-coverage"), "line", "level")
    assert len(level) == 2  # in the key and in the frame


def test_errors_by_date_have_dates() -> None:
    dates = section(page_of("behind"), "over_time")
    assert {"2030", "2032", "2034", "2036"} <= set(dates.texts("text"))
    assert "0" in dates.texts("text")  # an axis of errors begins at none


def test_series_by_their_errors() -> None:
    (rows,) = tables("".join(re.findall(r'<section id="each_series".*?</section>', page_of("with_gaps"), re.S)))
    told = material("with_gaps").metrics["forecast"]["by_series"]
    assert [row[0] for row in rows] == [one["series"] for one in told] and rows[0][1] == "597"
    less = 100 * (1 - told[0]["mae"] / told[0]["baseline_mae"])
    assert rows[0][4] == f"{less:.1f} %" and rows[0][5] == f"{told[0]['coverage']:.3f}"


def test_calibration_is_shown_where_quantiles_are_known() -> None:
    made = material("hourly")
    told = {**made.metrics["forecast"], "quantiles": {"nominal": [0.1, 0.5, 0.9], "measured": [0.14, 0.51, None]}}
    page = build(replace(made, metrics={**made.metrics, "forecast": told}))
    assert [["0.100", "0.140"], ["0.500", "0.510"]] in tables(page)


def test_data_is_told_by_time() -> None:
    found = section(page_of("with_gaps"), "data")
    assert "3 series, 54 steps without a value (MUFL 19, HUFL 18, OT 17)." in found.texts("p")
    rows = tables(page_of("with_gaps"))
    assert ["test", "2016-08-02 12:00", "2016-08-28 07:00", "1,791"] in [row for table in rows for row in table]
    assert found.texts("th")[:4] == ["split", "from", "to", "forecasts"]
    assert "1 series, no step without a value." in section(page_of("hourly"), "data").texts("p")


def test_facts_and_units() -> None:
    page = Page(page_of("undated"))
    facts = dict(zip(page.texts("dt"), page.texts("dd"), strict=False))
    assert (facts["forecasts"], facts["horizon"], facts["looks back"]) == ("200", "1 step", "20 steps")
    assert "mean absolute error (in standard deviations)" in page.texts("text")
    assert "mean absolute error (in the data's unit)" in Page(page_of("hourly")).texts("text")


def test_steps_without_dates_have_numbers() -> None:
    chart = picture(page_of("undated"), "future-0")
    assert {"460", "480", "500"} <= set(Page(chart).texts("text"))
    assert elements(chart, "circle", "alone first")  # one step ahead is a point, its interval a bar
    bar = points(elements(chart, "polygon", "band")[0]["points"])
    assert bar[1][0] - bar[0][0] == pytest.approx(6)


def test_long_horizons_keep_the_page_small() -> None:
    made = forecasts("long", steps=3000, tested=1600, horizon=720, seed=8)
    page = build(made)
    assert len(page) < 700_000 and "The first 200 of 720 steps" in page


def test_large_values_have_room_on_their_axis() -> None:
    values = [1.2e6, 1.31e6, 1.25e6]
    chart = time_chart("c", "t", [Line("sales", [1, 2, 3], values)], dated=False, y_label="value")
    assert {"1.2M", "1.25M", "1.3M"} <= set(Page(chart).texts("text"))
    chart = time_chart("c", "t", [Line("sales", [1, 2], [-98_760.5, -98_760.7])], dated=False, y_label="value")
    for element, found, texts in Page(chart).elements:
        if element == "text" and found.get("text-anchor") == "end":
            assert float(found["x"] or 0) - 6.6 * len("".join(texts)) > 0


@pytest.mark.parametrize("width", [420, 860])
def test_dates_never_stand_on_one_another(width: int) -> None:
    random = np.random.default_rng(1)
    for _ in range(300):
        low = datetime(1950, 1, 1) + timedelta(seconds=int(random.integers(0, 3_000_000_000)))
        high = low + timedelta(seconds=math.exp(random.uniform(1, 21)))
        axis = time_axis(Scale(seconds(low), seconds(high), 56, width - 16), 200, width)
        lines: dict[str, list[tuple[float, float]]] = {}
        for element, found, texts in Page(axis).elements:
            if element == "text":
                x, half = float(found["x"] or 0), TICK * len("".join(texts)) / 2
                lines.setdefault(str(found["y"]), []).append((x - half, x + half))
        assert lines
        for spans in map(sorted, lines.values()):
            assert spans[0][0] >= 0 and spans[-1][1] <= width
            assert all(a[1] <= b[0] + 0.1 for a, b in pairwise(spans))


def test_a_chart_of_nothing_is_still_one() -> None:
    for dated in (True, False):
        assert Page(time_chart("c", "t", [Line("x", [], [])], dated=dated, y_label="y")).wrong == []
        bare = time_chart("c", "t", [Line("x", [0.0], [math.nan])], [Band("b", [], [], [])], dated=dated, y_label="y")
        assert "nan" not in bare


def test_a_run_folder_has_its_future(tmp_path: Path) -> None:
    run = written(material("hourly"), tmp_path / "run")
    page = report(run).read_text("utf-8")
    assert shown_sections(page)[0] == "future" and Page(page).wrong == []
    run.finish()
    assert Run.open(tmp_path / "run").forecast.read()["horizon"] == 24
    (tmp_path / "run" / "forecast.json").write_text("{}")
    with pytest.raises(Exception, match=r"forecast\.json"):
        Run.open(tmp_path / "run")
