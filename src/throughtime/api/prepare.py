"""From a person's data to everything training needs: rows to be answered, or running text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from throughtime.api.forecasts import prepare_forecast
from throughtime.api.prepared import Prepared, Say
from throughtime.api.rows import prepare_rows
from throughtime.api.settings import one_group
from throughtime.api.streams import prepare_text
from throughtime.data.files import holds_documents, read
from throughtime.data.files.musical import holds_music
from throughtime.data.gathering import gathered
from throughtime.data.music import NEXT
from throughtime.data.records import Records
from throughtime.data.series.layout import looks_like_series
from throughtime.data.settings import DataSettings
from throughtime.data.streams import is_running_text
from throughtime.models.tasks import tasks

LANGUAGE, FORECAST = "language_model", "forecast"


def prepare(data: Any, task: str | None, chosen: Mapping[str, object], say: Say, room: Path | None = None) -> Prepared:
    """Read, propose, split, fit and encode; every decision is said aloud as it is made.

    ``data`` is a path, a list of records, a dictionary of columns or a data frame; running text is tokenised into files
    of the folder ``room``. Raises DataError and UsageError.
    """
    notes: list[str] = []

    def tell(sentence: str) -> None:
        notes.append(sentence)
        say(sentence)

    settings = one_group(DataSettings, chosen, (entry for _, entry in tasks.items()))
    if task is not None:
        tasks[task]  # raises for an unknown name
    if task in (None, LANGUAGE) and is_running_text(data, settings):
        why = "" if task else "the text has no table, no tags and no classes in it"
        return prepare_text(data, settings, chosen, tell, notes, why=why, room=room)
    if task in (None, LANGUAGE) and _learns_notes(data, settings):
        return prepare_rows(read(data, settings), settings, task, chosen, tell, notes)
    if task == LANGUAGE:
        plain = isinstance(data, (str, Path)) and not settings.input and settings.format == "auto"
        records = None if plain and not holds_documents(data, settings) else read(data, settings)
        return _texts(records, data, settings, chosen, tell, notes, room)
    records = read(data, settings)
    if task == FORECAST:
        return prepare_forecast(records, settings, chosen, tell, notes)
    if task is None and looks_like_series(records, settings):
        return prepare_forecast(records, settings, chosen, tell, notes, why="the table holds numbers over time")
    if records.task == LANGUAGE and settings.output:
        records = replace(records, task=None)
    if task is None and records.task == LANGUAGE:
        why = "the sequences have no labels"
        return _texts(records, data, settings, chosen, tell, notes, room, why)
    return prepare_rows(gathered(records, settings), settings, task, chosen, tell, notes)


def _texts(
    records: Records | None,
    data: Any,
    settings: DataSettings,
    chosen: Mapping[str, object],
    tell: Say,
    notes: list[str],
    room: Path | None,
    why: str = "",
) -> Prepared:
    """Running text, or the texts of records, what was recognised in them being told first."""
    for note in () if records is None else records.notes:
        tell(note)
    return prepare_text(data, settings, chosen, tell, notes, records=records, why=why, room=room)


def _learns_notes(data: Any, settings: DataSettings) -> bool:
    """Whether the material is music, or the column to learn was said to hold notes."""
    said = any(f"{name}=notes" in settings.kinds for name in settings.output)
    return said or (settings.output in ((), (NEXT,)) and holds_music(data, settings))
