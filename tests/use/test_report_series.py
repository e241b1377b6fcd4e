"""Series in the report: channels in lanes, classes a step as bands, numbers a step above what was measured."""

from __future__ import annotations

import re
from typing import Any

from throughtime.use.report.charts.channels import MOST_CHANNELS, Band, channel_chart
from throughtime.use.report.inputs import inputs
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.page import build
from throughtime.use.verdict import scope_of

STEPS = [[0.5, -3.0], [1.5, -1.0], [1.0, 2.0]]


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "file": "walk.csv", "row": 2 + number, "inputs": {"channels": STEPS}, "loss": 1.0, **more}


def material(task: str, rows: list[dict[str, Any]], metric: str = "accuracy") -> ReportMaterial:
    figures = {metric: 0.5}
    baseline = {"name": "majority", **figures}
    metrics = {"task": task, "metric": metric, "test": figures, "valid": figures, "baseline": baseline, "parameters": 9}
    whole = {**metrics, "baselines": {"majority": figures}, "engine": "native", "seconds": 1.0, "versions": {}}
    return ReportMaterial("walk", whole, predictions=rows, channels={"channels": ("ax", "ay")})


def test_every_channel_has_a_lane_with_its_name_and_reach() -> None:
    picture = channel_chart("a", "walk", STEPS, ("ax", "ay"))
    assert picture.count("<polyline") == 2 and ">ax<" in picture and ">ay<" in picture
    assert "ax from 0.5 to 1.5; ay from -3 to 2" in picture
    many = channel_chart("b", "walk", [[float(k) for k in range(11)]] * 2)
    assert many.count('class="label">channel ') == MOST_CHANNELS and "3 more channels not drawn" in many


def test_a_missing_number_breaks_the_curve_and_one_step_is_drawn() -> None:
    assert channel_chart("a", "walk", [[1.0], [None], [2.0], [3.0]]).count("<polyline") == 2
    assert "<svg" in channel_chart("a", "walk", [4.0])


def test_bands_show_where_the_network_is_wrong() -> None:
    bands = [Band("truth", ["up", "up", "down"]), Band("network", ["up", "down", "down"], [False, True, False])]
    picture = channel_chart("a", "walk", STEPS, ("ax", "ay"), bands)
    assert "network: down, steps 2 to 2" in picture and picture.count('class="wrong"') == 1


def test_inputs_of_a_mistake_are_drawn_not_listed() -> None:
    shown = "".join(inputs({"channels": STEPS, "shop": "A"}, "m", {"channels": ("ax", "ay")}))
    assert "<svg" in shown and "[[" not in shown and ">A<" in shown
    page = build(material("classify", [row(0, truth="up", predicted="down"), row(1, truth="up", predicted="down")]))
    names = re.findall(r'id="(mistake-[\w-]+)"', page)
    assert len(names) == len(set(names)) == 4 and ">ay<" in page


def test_series_with_a_class_a_step_are_rows_of_steps_and_no_sentences() -> None:
    rows = [row(0, truth=["up", "up", "down"], predicted=["up", "down", "down"])]
    rows += [row(1, truth=["up", "up", "down"], predicted=["up", "up", "down"])]
    found = material("tag", rows)
    assert str(scope_of(found.metrics, 2, rows)) == "2 test rows (6 steps)"
    page = build(found)
    assert 'id="series"' in page and 'id="sentences"' not in page and "1 of 3 steps wrong" in page
    words = [{**one, "inputs": {"text": ["so", "it", "is"]}} for one in rows]
    assert str(scope_of(found.metrics, 2, words)) == "2 test sentences (6 tokens)"


def test_numbers_a_step_stand_above_what_was_measured() -> None:
    page = build(material("tag", [row(0, truth=[1.0, 2.0, 3.0], predicted=[1.5, 2.0, 3.0])], "rmse"))
    section = page[page.index('id="series"') :]
    assert "Off by 0.1667 on average" in section and ">ax<" in section
