"""A class, or a number, for every step."""

from __future__ import annotations

from throughtime.data.fields import Field
from throughtime.models.settings import TagSettings
from throughtime.models.tasks.task import Task, tasks


def watched(output: Field) -> str:
    """span_f1 where tags mark spans, else accuracy"""
    return "accuracy" if getattr(output, "scheme", None) is None else "span_f1"


tasks.add(
    "tag",
    Task(
        name="tag",
        title="A sequence of words, letters or measurements to a tag, or a number, for every step.",
        shape="many to many, aligned",
        reads="CoNLL columns, CoNLL-U, tables with a column of tokens and one of tags, json lines with lists, "
        "FASTA with a table of letters beside it, tables with a row a step of a series (--set series=ID)",
        settings=TagSettings,
        metric={"tags": watched, "numbers": "rmse"},
        baselines=(
            "majority",
            "most_frequent_tag",
            "linear_chain",
            "logistic_regression_steps",
            "mean",
            "median",
            "ridge_steps",
        ),
        example="throughtime train train.conllu --valid dev.conllu --test test.conllu --output upos --run runs/pos",
    ),
)
