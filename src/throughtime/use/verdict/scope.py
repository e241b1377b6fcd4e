"""What was tested, in the words of the task: rows, sentences of tokens, a text, or forecasts over a horizon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from throughtime.models.metrics import TextUnit

Row = Mapping[str, Any]  # a line of predictions.jsonl
WORDS = ("words", "spaces", "tokens")  # units of a step that make a row a sentence


@dataclass(frozen=True)
class Scope:
    """So many ``rows``, called ``name``; where the steps are counted, ``steps`` of them, each a ``unit``.

    Forecasts have an ``extent``, and errors that are not in the data's own unit say what they are ``measured_in``.

    >>> str(Scope(2077, "test sentence", 25094, "token")), str(Scope(1, "text", 55770, "character"))
    ('2,077 test sentences (25,094 tokens)', 'the test text (55,770 characters)')
    >>> str(Scope(2857, "forecast", extent="of 24 steps (1 hour each)"))
    '2,857 forecasts of 24 steps (1 hour each)'
    """

    rows: int
    name: str = "test row"
    steps: int | None = None
    unit: str = ""
    extent: str = ""
    measured_in: str | None = None

    @property
    def is_text(self) -> bool:
        return self.name == "text"

    @property
    def is_forecasts(self) -> bool:
        return self.name == "forecast"

    @property
    def units(self) -> str:
        return f"{self.unit}s"

    @property
    def short(self) -> str:
        """Without the steps."""
        return "the test text" if self.is_text else f"{self.rows:,} {self.name}" + ("" if self.rows == 1 else "s")

    @property
    def shortest(self) -> str:
        """As one speaks of it the second time."""
        return "this text" if self.is_text else self.short

    def __str__(self) -> str:
        if self.steps is None:
            return f"{self.short} {self.extent}".rstrip()
        return f"{self.short} ({self.steps:,} {self.unit if self.steps == 1 else self.units})"


def answers_steps(metrics: Mapping[str, Any]) -> bool:
    """Whether every step of a row has its answer, so that a list of answers is a sequence and no set of labels."""
    return metrics.get("task") == "tag"


def is_language_model(metrics: Mapping[str, Any]) -> bool:
    """Whether what was tested is one text, whose lines are the rows of ``predictions.jsonl``."""
    return metrics.get("task") == "language_model" and not answers_notes(metrics)


def answers_notes(metrics: Mapping[str, Any]) -> bool:
    """Whether the test rows are pieces of music, each of whose frames is answered with a set of notes."""
    return "nll" in metrics.get("test", {})


def answers_texts(metrics: Mapping[str, Any]) -> bool:
    """Whether every row is answered with a text of its own, as ``metrics.json`` tells it."""
    return "texts" in metrics or metrics.get("task") == "transduce"


def is_forecast(metrics: Mapping[str, Any]) -> bool:
    """Whether every row is a forecast: what comes next in a series, over a horizon."""
    return metrics.get("task") == "forecast"


def text_unit(metrics: Mapping[str, Any]) -> TextUnit:
    """What the texts are made of, as ``metrics.json`` tells it under ``"texts"``; words if it does not."""
    unit: TextUnit = (metrics.get("texts") or {}).get("unit", "words")
    return unit


def scope_of(metrics: Mapping[str, Any], rows: int, predictions: Sequence[Row] = ()) -> Scope:
    """As ``metrics.json`` tells it under ``"tokens"``; else the steps are counted in the predictions, if all are there.

    >>> str(scope_of({"task": "classify"}, 1750))
    '1,750 test rows'
    >>> str(scope_of({"task": "forecast", "forecast": {"horizon": 24, "step": "1 hour", "origins": {"test": 7}}}, 7))
    '7 forecasts of 24 steps (1 hour each)'
    >>> str(scope_of({"task": "transduce", "texts": {"unit": "symbols"}}, 11750))
    '11,750 test words'
    """
    counted = metrics.get("tokens") or {}
    steps = counted.get("test")
    if is_language_model(metrics):
        steps = steps or sum(row["tokens"] for row in predictions) or None
        unit = _one(counted.get("unit", "tokens"))
        return Scope(rows, "text", steps, unit, measured_in=unit)
    if is_forecast(metrics):
        return _of_forecasts(metrics.get("forecast") or {}, rows)
    if answers_texts(metrics):
        return Scope(rows, "test sentence" if text_unit(metrics) == "words" else "test word")
    if answers_notes(metrics):
        return Scope(rows, "test piece", (metrics.get("steps") or {}).get("test"), "frame")
    if not answers_steps(metrics):
        return Scope(rows)
    if steps is None and predictions and len(predictions) == rows:
        steps = sum(len(row["truth"]) for row in predictions)
    measured = answers_numbers(predictions) or reads_numbers(predictions)
    unit = counted.get("unit") or ("steps" if measured else "tokens")
    of_words = unit in WORDS
    return Scope(rows, "test sentence" if of_words else "test row", steps, "token" if of_words else _one(unit))


def _of_forecasts(told: Mapping[str, Any], rows: int) -> Scope:
    """All forecasts that were measured; predictions.jsonl keeps only some of them."""
    horizon, step = told.get("horizon"), told.get("step")
    step = None if step == "1 step" else step  # series without dates
    each = f" ({step} each)" if step and horizon != 1 else f" ({step})" if step else ""
    extent = "" if horizon is None else f"of {horizon:,} step{'' if horizon == 1 else 's'}{each}"
    measured_in = "deviations" if told.get("unit") == "deviations" else None
    return Scope((told.get("origins") or {}).get("test", rows), "forecast", extent=extent, measured_in=measured_in)


def answers_numbers(predictions: Sequence[Row]) -> bool:
    """Whether the answers, a list a row, are numbers."""
    first = next((answer for row in predictions for answer in row["truth"]), None)
    return isinstance(first, int | float)


def reads_numbers(predictions: Sequence[Row]) -> bool:
    """Whether all that is read step by step are numbers, of which no sentence is made."""
    row = next((row for row in predictions if row["truth"]), {})
    read = [value for value in row.get("inputs", {}).values() if isinstance(value, list | str)]
    steps = [step[0] if isinstance(step, list) and step else step for value in read for step in value[:1]]
    return bool(steps) and all(isinstance(step, int | float) for step in steps)


def _one(units: str) -> str:
    return "word" if units == "spaces" else units.removesuffix("s")
