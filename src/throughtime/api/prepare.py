"""From a person's data to everything training needs: rows to be answered, or running text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from throughtime.api.prepared import Prepared, Say
from throughtime.api.rows import prepare_rows
from throughtime.api.settings import one_group
from throughtime.data.files import read
from throughtime.data.settings import DataSettings
from throughtime.models.tasks import tasks


def prepare(data: Any, task: str | None, chosen: Mapping[str, object], say: Say) -> Prepared:
    """Read, propose, split, fit and encode; every decision is said aloud as it is made.

    ``data`` is a path, a list of records, a dictionary of columns or a data frame. Raises DataError and UsageError.
    """
    notes: list[str] = []

    def tell(sentence: str) -> None:
        notes.append(sentence)
        say(sentence)

    settings = one_group(DataSettings, chosen, (entry for _, entry in tasks.items()))
    return prepare_rows(read(data, settings), settings, task, chosen, tell, notes)
