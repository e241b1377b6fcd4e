"""Classify: a sequence to one class of several, or to any number of labels."""

from __future__ import annotations

from throughtime.models.settings import ClassifySettings
from throughtime.models.tasks.task import Task, tasks

tasks.add(
    "classify",
    Task(
        name="classify",
        title="A text, a series, or several columns, to one class of several, or to any number of labels.",
        shape="many to one",
        reads="tables (csv, tsv), json lines, a folder with a file of lines a class, "
        "a folder with a folder of files a class; series: a table with a row a step (--set series=ID), a folder with a "
        "file a series; FASTA and FASTQ",
        settings=ClassifySettings,
        metric={"category": "accuracy", "labels": "macro_f1"},
        baselines=(
            "majority",
            "naive_bayes_words",
            "naive_bayes_characters",
            "logistic_regression_words",
            "logistic_regression_characters",
            "naive_bayes_kmers",
            "logistic_regression_kmers",
            "logistic_regression_statistics",
        ),
        example="throughtime train reviews.csv --output label --run runs/reviews",
    ),
)
