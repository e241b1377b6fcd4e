"""Check: read everything as training would, say what matters, train nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from throughtime.api.own import import_files
from throughtime.api.prepare import prepare
from throughtime.api.train import first_model


@dataclass(frozen=True)
class Checked:
    """What was found: sentences for a person, and all figures as plain values."""

    notes: tuple[str, ...]
    figures: dict[str, Any]

    def __str__(self) -> str:
        return "\n".join(self.notes)


def check(
    data: Any, *, task: str | None = None, use: Sequence[str | os.PathLike[str]] = (), **settings: Any
) -> Checked:
    """Read ``data``, propose the task, split, fit vocabulary and scaling, and encode every row.

    Raises DataError and UsageError just as ``train`` would before its first update.

    >>> found = check([{"text": word * n, "label": word} for word in ("ab", "ba") for n in range(1, 31)])
    >>> found.figures["rows"]["train"]
    48
    """
    import_files(use)
    prepared = prepare(data, task, settings, lambda sentence: None)
    first_model(prepared)
    figures = prepared.figures()
    return Checked((*prepared.notes, *figures.get("warnings", ())), figures)
