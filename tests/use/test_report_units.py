"""The page of a run in which units were looked for: their figures, and a text that shows what they do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.use.page_reader import Page, section, tables
from tests.use.unit_material import INSIDE, SOURCE, found, positions, program_units, strings
from throughtime.use.report import build


def page_of(*annotations: dict[str, Any]) -> str:
    return build(replace(program_units(), inspection={"units": found(*annotations)}))


def test_the_best_units_stand_with_their_held_out_figures() -> None:
    page = page_of(strings(), positions())
    rows = [row for table in tables(page) for row in table]
    assert ["l0.c[17]", "below -0.2", "0.910", "0.920", "0.978", "0.920"] in rows
    assert ["l1.h[3]", "above 0.25", "0.630", "0.600", "0.800", "0.640"] in rows
    assert ["l0.c[5]", "-8.5 × value - 2.25", "-0.810", "-0.750", "0.660", "-0.800"] in rows
    shown = section(page, "units")
    assert shown.wrong == [] and shown.texts("h3") == ["inside_string", "line_position"]
    assert "Units that stand for something" in Page(page).texts("nav")[0]


def test_what_is_reached_without_looking_stands_beside_them() -> None:
    said = section(page_of(strings(), positions()), "units").texts("p", **{"class": "note"})
    assert said[0].startswith("2,048 units (h, c) were compared with what stands in the text: chosen on 900")
    assert 'annotation "upper_case": nothing is marked; it is left out' in said
    assert said[3] == (
        "Inside a string of Python source. 12.3 % yes. Always yes: Matthews 0, F1 0.219, AUC 0.5. "
        "The same search with the annotation moved in time: Matthews 0.017."
    )
    assert "Always the mean: R² -0.002." in said[4] and said[4].endswith("Pearson 0.040.")


def test_each_character_is_shaded_by_the_unit_and_underlined_by_the_truth() -> None:
    """The unit is low inside a string, so low is blue; it comes late by a character; the first is of no token."""
    made = section(page_of(strings()), "units")
    assert made.texts("pre") == [SOURCE.replace("\n", "↵\n")]
    styles = [(found.get("class") or "", "".join(text)) for name, found, text in made.elements if name == "span"]
    styles = [(style, text) for style, text in styles if style != "place"]
    assert styles == [
        ("no-4", " = "),
        ("no-4 on", "'"),
        ("yes-4 on", "it"),
        ("yes-4", "'"),
        ("no-4", " # 2↵"),
        ("no-4", "y = "),
        ("no-4 on", "'"),
        ("yes-4 on", "a"),
        ("yes-4", "'"),
    ]
    assert sum(INSIDE) == 5 and "l0.c[17] reads a.py row 7" in made.texts("p")


def test_of_numbers_more_than_the_mean_is_underlined() -> None:
    made = section(page_of(positions()), "units")
    spans = [("".join(text), found["class"]) for name, found, text in made.elements if name == "span"][1:]
    assert spans[:3] == [("a", "no-1"), ("b", "yes-4 on"), ("↵", "no-1")]


def test_without_units_there_is_no_section() -> None:
    for inspection in ({}, {"units": None}, {"units": found()}, {"other": 1}):
        assert '<section id="units"' not in build(replace(program_units(), inspection=inspection))
