"""From a person's data to everything training needs: rows to be answered, or running text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from throughtime.api.prepared import Prepared, Say
from throughtime.api.rows import prepare_rows
from throughtime.api.settings import one_group
from throughtime.api.streams import prepare_text
from throughtime.data.files import read
from throughtime.data.gathering import read_rows
from throughtime.data.settings import DataSettings
from throughtime.data.streams import is_running_text
from throughtime.models.tasks import tasks

LANGUAGE = "language_model"


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
    if task == LANGUAGE:
        plain = isinstance(data, (str, Path)) and not settings.input and settings.format == "auto"
        records = None if plain else read(data, settings)
        return prepare_text(data, settings, chosen, tell, notes, records=records, room=room)
    return prepare_rows(read_rows(data, settings), settings, task, chosen, tell, notes)
