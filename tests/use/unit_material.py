"""Made-up runs in which units were looked for, as ``inspection.json`` keeps what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.use.report_material import HOSTILE
from tests.use.step_material import hostile_text, program
from throughtime.use.report import ReportMaterial

SOURCE = "x = 'it' # 2\ny = 'a'"
INSIDE = [i in (4, 5, 6, 17, 18) for i in range(len(SOURCE))]


def unit(name: str, sign: int, figures: dict[str, float], **rule: float) -> dict[str, Any]:
    chosen = {key: value + 0.01 for key, value in figures.items()}
    empty = {"threshold": None, "slope": None, "intercept": None}
    where = {"name": name, "layer": 0, "state": "c", "number": 17, "sign": sign}
    return {**where, **empty, **rule, "chosen": chosen, "held_out": figures}


def strings() -> dict[str, Any]:
    """A unit that is low inside a string, and late by a character."""
    values = [-0.8 if inside else 0.4 for inside in [False, *INSIDE[:-1]]]
    return {
        "name": "inside_string",
        "kind": "yes/no",
        "help": "Inside a string of Python source.",
        "typical": {"share": 0.123},
        "constant": {"matthews": 0.0, "f1": 0.219, "auc": 0.5},
        "by_chance": 0.017,
        "units": [
            unit("l0.c[17]", -1, {"matthews": 0.91, "f1": 0.92, "auc": 0.978}, threshold=-0.2),
            unit("l1.h[3]", 1, {"matthews": 0.63, "f1": 0.6, "auc": 0.8}, threshold=0.25),
        ],
        "excerpt": {
            "file": "a.py",
            "row": 7,
            "text": SOURCE,
            "values": [None, *values[1:]],
            "truth": [float(inside) for inside in INSIDE],
            "middle": 0.5,
            "centre": -0.2,
            "reach": 0.6,
        },
    }


def positions() -> dict[str, Any]:
    figures = {"pearson": -0.81, "spearman": -0.75, "r_squared": 0.66}
    text = "ab\n" * 3
    return {
        "name": "line_position",
        "kind": "number",
        "help": "The characters read since the line began.",
        "typical": {"mean": 1.0, "deviation": 0.816},
        "constant": {"pearson": 0.0, "spearman": 0.0, "r_squared": -0.002},
        "by_chance": 0.04,
        "units": [unit("l0.c[5]", -1, figures, slope=-8.5, intercept=-2.25)],
        "excerpt": {
            "file": "a.py",
            "row": 1,
            "text": text,
            "values": [0.1, -0.5, 0.0] * 3,
            "truth": [1.0, 2.0, 0.0] * 3,
            "middle": 1.0,
            "centre": 0.0,
            "reach": 0.5,
        },
    }


def found(*annotations: dict[str, Any], note: str = "chosen on 900 characters of 2 texts") -> dict[str, Any]:
    return {
        "searched": 2048,
        "states": ["h", "c"],
        "tokens": {"chosen": 900, "held_out": 800},
        "files": {"chosen": ["b.py"], "held_out": ["a.py"]},
        "notes": [note, 'annotation "upper_case": nothing is marked; it is left out'],
        "annotations": list(annotations),
    }


def program_units() -> ReportMaterial:
    return replace(program(), inspection={"units": found(strings(), positions())})


def hostile_units() -> ReportMaterial:
    text = HOSTILE + "\n"
    made = strings()
    values = {"text": text, "values": [None] * len(text), "truth": [1.0] * len(text), "file": HOSTILE}
    made |= {"name": HOSTILE, "help": HOSTILE, "excerpt": {**made["excerpt"], **values}}
    made["units"] = [{**each, "name": HOSTILE} for each in made["units"]]
    return replace(hostile_text(), inspection={"units": found(made, note=HOSTILE)})


ALL: dict[str, Callable[[], ReportMaterial]] = {"program_units": program_units, "hostile_units": hostile_units}
