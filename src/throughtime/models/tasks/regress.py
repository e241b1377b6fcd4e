"""Regress: a sequence to one number."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from throughtime.models.tasks.task import Task, tasks
from throughtime.settings import Group


class RegressSettings(Group):
    """The task"""

    loss: Annotated[
        Literal["squared", "absolute"], Meta(description="squared leads to the mean of what is likely, absolute to the median")
    ] = "squared"


tasks.add(
    "regress",
    Task(
        name="regress",
        title="A text, or several columns, to one number.",
        shape="many to one",
        reads="tables (csv, tsv) and json lines",
        settings=RegressSettings,
        metric={"number": "rmse"},
        baselines=("mean", "median", "ridge_words", "ridge_characters"),
        example="throughtime train prices.csv --output price --run runs/prices",
    ),
)
