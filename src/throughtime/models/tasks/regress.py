"""Regress: a sequence to one number."""

from __future__ import annotations

from throughtime.models.settings import RegressSettings
from throughtime.models.tasks.task import Task, tasks

tasks.add(
    "regress",
    Task(
        name="regress",
        title="A text, a series, or several columns, to one number.",
        shape="many to one",
        reads="tables (csv, tsv) and json lines; series: a table with a row a step (--set series=ID), a folder with a "
        "file a series",
        settings=RegressSettings,
        metric={"number": "rmse"},
        baselines=("mean", "median", "ridge_words", "ridge_characters", "ridge_statistics"),
        example="throughtime train prices.csv --output price --run runs/prices",
    ),
)
