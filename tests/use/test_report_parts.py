"""Escaping, scales and charts, each by itself."""

from __future__ import annotations

import html
import itertools
import math
import random

import pytest

from tests.use.page_reader import Page
from throughtime.use.report.charts.axes import Scale, spanning, spanning_powers, ticks, whole_ticks
from throughtime.use.report.charts.bars import histogram, named_bars
from throughtime.use.report.charts.cells import strength
from throughtime.use.report.charts.ends import APART, spread
from throughtime.use.report.charts.lines import Line, line_chart
from throughtime.use.report.charts.matrix import confusion_chart
from throughtime.use.report.charts.named_lines import named_line_chart
from throughtime.use.report.html import Markup, escape, join, tag
from throughtime.use.report.numbers import number
from throughtime.use.report.parts import table


def test_escape_can_be_read_back() -> None:
    drawn = random.Random(1)
    text = "".join(chr(drawn.choice([38, 60, 62, 34, 39, 65, 0x5D0, 0x1F600, 10])) for _ in range(200))
    assert html.unescape(escape(text)) == text
    assert not set(escape(text)) & set("<>\"'")


def test_only_markup_is_left_as_it_is() -> None:
    assert join("<b>", Markup("<b>"), tag("i", "<")) == "&lt;b&gt;<b><i>&lt;</i>"
    assert tag("p", title='" onclick="x') == '<p title="&quot; onclick=&quot;x"></p>'
    assert Markup("<b>") + "<i>" == "<b><i>" and not isinstance(Markup("<b>") + "<i>", Markup)


@pytest.mark.parametrize("seed", range(30))
def test_ticks_are_round_even_and_inside(seed: int) -> None:
    drawn = random.Random(seed)
    low = drawn.uniform(-1, 1) * 10 ** drawn.randint(-6, 6)
    scale = spanning([low, low + drawn.random() * 10 ** drawn.randint(-6, 6)], 0, 300)
    marks = ticks(scale)
    steps = {round((b - a) / (scale.high - scale.low), 3) for a, b in itertools.pairwise(marks)}
    assert 2 <= len(marks) <= 12 and len(steps) == 1
    assert all(-1e-6 <= scale(mark) <= 300 + 1e-6 for mark in marks)
    assert scale.low <= low <= scale.high


@pytest.mark.parametrize("values", [[0.0], [5.0, 5.0], [], [float("nan"), float("inf")], [-3.0], [0.0, 0.0]])
def test_scales_of_little_have_room(values: list[float]) -> None:
    for zero in (False, True):
        scale = spanning(values, 200, 0, zero=zero)
        assert scale.low < scale.high and all(math.isfinite(scale(v)) for v in values if math.isfinite(v))


def test_whole_ticks_of_few_epochs() -> None:
    assert whole_ticks(Scale(1, 3, 0, 100)) == [1, 2, 3]
    assert whole_ticks(Scale(0.5, 1.5, 0, 100)) == [1]


def test_bars_are_as_high_as_their_counts() -> None:
    counts = [3, 0, 12, 7]
    page = Page(histogram("h", "title", [0, 1, 2, 3, 4], counts, x_label="x"))
    heights = [float(found["height"] or "") for element, found, _ in page.elements if element == "rect"]
    assert [height / heights[2] for height in heights] == pytest.approx([count / 12 for count in counts], abs=0.01)


def test_named_bars_begin_at_zero() -> None:
    page = Page(named_bars("b", "title", [("a", 10), ("b", 5)], label="rows"))
    first, second = (float(found["width"] or "") for element, found, _ in page.elements if element == "rect")
    assert second / first == pytest.approx(0.5, abs=0.01)


def test_higher_is_up() -> None:
    page = Page(line_chart("l", "title", [Line("x", [1, 2], [0.1, 0.9])], x_label="epoch", y_label="share"))
    low, high = (float(found["cy"] or "") for element, found, _ in page.elements if found.get("class") == "dot first")
    assert high < low


def test_matrix_puts_truth_in_rows_and_hides_nothing() -> None:
    page = Page(confusion_chart("m", [[7, 2], [0, 5]], ["cat", "dog"]))
    tips = [text for text in page.texts("title") if "taken for" in text]
    assert tips == [
        "cat taken for cat: 7 (77.8 % of cat)",
        "cat taken for dog: 2 (22.2 % of cat)",
        "dog taken for dog: 5 (100.0 % of dog)",
    ]
    assert "0" in page.texts("text")


def test_strength_grows_with_the_share() -> None:
    shades = [strength(share / 100) for share in range(101)]
    assert shades[0] == 0 and shades[-1] == 1 and all(a < b for a, b in itertools.pairwise(shades))


def test_one_row_of_one_class_is_a_matrix_too() -> None:
    assert Page(confusion_chart("m", [[1]], ["only"])).wrong == []


def test_table_sets_figures_to_the_right() -> None:
    page = Page(table(["name", "count", "share"], [["a", 1200, "3.5 %"], ["b", None, "0.831 ± 0.004"]]))
    right = ["".join(texts) for _, found, texts in page.elements if found.get("class") == "n"]
    assert right == ["count", "share", "1,200", "3.5 %", "0.831 ± 0.004"]


def test_numbers_are_short() -> None:
    assert [number(x) for x in (-0.5, 1e-9, 123456789, True)] == ["-0.5", "1e-09", "123,456,789", "True"]


@pytest.mark.parametrize("seed", range(10))
def test_a_logarithmic_scale_holds_all_and_has_few_marks(seed: int) -> None:
    drawn = random.Random(seed)
    values = [10 ** drawn.uniform(-30, 5) for _ in range(4)]
    scale = spanning_powers([*values, 0.0, -1.0, float("nan")], 300, 0)
    assert all(0 <= scale(value) <= 300 for value in values)
    assert scale(min(values)) > scale(max(values)) and 1 <= len(ticks(scale)) <= 7
    middle = math.sqrt(scale.low * scale.high)
    assert scale(middle) == pytest.approx(150)


@pytest.mark.parametrize("values", [[], [0.0], [3.0], [1.0, 1.0]])
def test_a_logarithmic_scale_of_little_has_room(values: list[float]) -> None:
    scale = spanning_powers(values, 0, 100)
    assert 0 < scale.low < scale.high and 0 <= scale(values[0] if values and values[0] > 0 else scale.low) <= 100


@pytest.mark.parametrize("seed", range(20))
def test_names_are_spread_inside_and_in_their_order(seed: int) -> None:
    drawn = random.Random(seed)
    wanted = sorted(drawn.uniform(-20, 320) for _ in range(drawn.randint(1, 8)))
    found = spread(wanted, 30, 300)
    assert all(b - a >= APART - 1e-9 for a, b in itertools.pairwise(found))
    assert found[0] >= 30 - 1e-9 and found[-1] <= 300 + 1e-9


def test_names_that_have_room_stay() -> None:
    assert spread([50.0, 90.0, 200.0], 0, 300) == [50.0, 90.0, 200.0]


def named(**options: bool | float) -> Page:
    lines = [
        Line("fading", [1, 10, 100], [1.0, 1e-3, 1e-6], "second", stroke="dashed"),
        Line("holding", [1, 10, 100], [0.9, 0.8, 0.7]),
        Line("never", [1, 10, 100], [math.nan, 0.0, -1.0]),
    ]
    return Page(named_line_chart("n", "title", lines, x_label="steps", y_label="length", log_y=True, **options))


def test_named_curves_carry_stroke_and_name_and_leave_out_what_has_no_logarithm() -> None:
    page = named(log_x=True)
    strokes = [found["class"] for element, found, _ in page.elements if element == "polyline"]
    assert strokes == ["curve second dashed", "curve first"] and page.wrong == []
    assert {"fading", "holding", "1", "10", "100"} <= set(page.texts("text")) and "never" not in page.texts("text")
    y = {name: float(found["y"] or "") for element, found, (name, *_) in texts_of(page)}
    assert y["fading"] > y["holding"]  # lower in the picture


def test_a_curve_ends_where_it_falls_below_the_least() -> None:
    dots = [found for element, found, _ in named(y_from=1e-4).elements if found.get("class") == "dot second"]
    assert len(dots) == 2


def texts_of(page: Page) -> list[tuple[str, dict[str, str | None], list[str]]]:
    return [entry for entry in page.elements if entry[0] == "text" and "end" in (entry[1].get("class") or "")]
