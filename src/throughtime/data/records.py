"""Records: what was read from a source, before anything is fitted: columns of raw values, and where each row stands."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from throughtime.errors import DataError, Place, UsageError, unknown


@dataclass(frozen=True)
class Places:
    """Where each row stands: the number of its file, and its line in that file, counted from 1 (None: the whole file).

    ``lines`` holds, where a row is a sequence that stands over several lines, the line of each of its steps.
    ``beside``: every column stands in a file of its own, named after it, and ``files`` holds what these names share.
    ``elsewhere`` gives, for columns that stand in a table of their own, the file and the line of each row's value.

    >>> places = Places(files=("a.txt", "b.txt"), file_of=[0, 0, 1], rows=[1, 3, None])
    >>> str(places(1, "text")), str(places(2))
    ('a.txt row 3, column "text"', 'b.txt')
    >>> str(Places(files=("train",), file_of=[0], rows=[7], beside=("de", "en"))(0, "en"))
    'train.en row 7'
    """

    files: tuple[str, ...]
    file_of: Sequence[int]
    rows: Sequence[int | None]
    lines: Sequence[Sequence[int]] | None = None
    beside: tuple[str, ...] = ()
    elsewhere: Mapping[str, Sequence[tuple[str, int | None]]] = field(default_factory=dict)

    def __call__(self, i: int, column: str | None = None) -> Place:
        if column is not None and column in self.elsewhere:
            return Place(*self.elsewhere[column][i], column)
        if self.beside:
            of = column if column in self.beside else self.beside[0]
            return Place(f"{self.files[self.file_of[i]]}.{of}", self.rows[i])
        lines = None if self.lines is None else self.lines[i]
        return Place(self.files[self.file_of[i]], self.rows[i], column, lines=lines)

    def select(self, indices: Iterable[int]) -> Places:
        """The places of some rows, in the order of ``indices``."""
        indices = list(indices)
        lines = None if self.lines is None else [self.lines[i] for i in indices]
        file_of, rows = [self.file_of[i] for i in indices], [self.rows[i] for i in indices]
        elsewhere = {column: [of[i] for i in indices] for column, of in self.elsewhere.items()}
        return replace(self, file_of=file_of, rows=rows, lines=lines, elsewhere=elsewhere)

    @classmethod
    def in_one(cls, file: str, rows: Sequence[int | None]) -> Places:
        """All rows stand in one file."""
        return cls((file,), [0] * len(rows), rows)


@dataclass(frozen=True)
class Records:
    """Columns of raw values (str, int, float, bool, None or a list of these), all of one length.

    ``source`` names the material in messages. ``notes`` say what was recognised, in sentences for the user.
    ``roles``, ``kinds``, ``split``, ``group`` and ``task`` hold what the material itself says: which column is
    ``"input"`` or ``"output"``, the kind of field that holds a column, train, valid or test for each row, the column
    whose equal values stay together where splits are drawn, and the task that is meant. ``references`` hold all right
    answers to each row, its own first. ``series`` is the column that names the series to which a row belongs, as one of
    its steps or as the whole; ``channels`` name, for columns with several numbers a step, what each of these measures.

    >>> records = in_memory_records({"text": ["a", "b", "c"]})
    >>> records.select([2, 0]).columns, str(records.where(2, "text"))
    ({'text': ['c', 'a']}, 'the records row 3, column "text"')
    """

    columns: dict[str, list[Any]]
    source: str
    places: Places
    notes: tuple[str, ...] = ()
    roles: dict[str, str] = field(default_factory=dict)
    split: list[str] | None = None
    kinds: dict[str, str] = field(default_factory=dict)
    group: str | None = None
    references: list[list[Any]] | None = None
    task: str | None = None
    series: str | None = None
    channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lengths = {len(values) for values in self.columns.values()} | {len(self.places.rows)}
        assert len(lengths) == 1, f"columns of unequal length: {lengths}"

    def __len__(self) -> int:
        return len(self.places.rows)

    def where(self, i: int, column: str | None = None) -> Place:
        """Where value ``i`` of a column stands in the user's own material."""
        return self.places(i, column)

    def column(self, name: str) -> list[Any]:
        """The values of a column; a UsageError with a suggestion if there is none of that name."""
        if name not in self.columns:
            raise UsageError(f"{self.source}: {unknown('column', name, self.columns)}")
        return self.columns[name]

    def holding(self, name: str) -> str:
        """The column of this name, or the one that has it among its channels; else a UsageError with a suggestion."""
        for column, channels in self.channels.items():
            if name in channels:
                return column
        self.column(name)
        return name

    def select(self, indices: Iterable[int]) -> Records:
        """Some rows, in the order of ``indices``."""
        indices = list(indices)
        columns = {name: [values[i] for i in indices] for name, values in self.columns.items()}
        split = None if self.split is None else [self.split[i] for i in indices]
        references = None if self.references is None else [self.references[i] for i in indices]
        return replace(self, columns=columns, places=self.places.select(indices), split=split, references=references)

    def noting(self, *notes: str) -> Records:
        """The same records with more to be said aloud."""
        return replace(self, notes=self.notes + notes)


def in_memory_records(columns: dict[str, list[Any]], source: str = "the records") -> Records:
    """Records that stand in no file; rows are counted from 1."""
    count = len(next(iter(columns.values()), []))
    return Records(columns, source, Places.in_one(source, list(range(1, count + 1))))


def joined(parts: dict[str, Records], source: str) -> Records:
    """One after the other; the name of each part becomes the split of its rows. A DataError if a column is missing."""
    first = next(iter(parts.values()))
    for records in parts.values():
        same_columns(first, records)
    files: list[str] = []
    file_of: list[int] = []
    for records in parts.values():
        file_of += [len(files) + k for k in records.places.file_of]
        files += records.places.files
    rows = [row for records in parts.values() for row in records.places.rows]
    columns = {name: [value for records in parts.values() for value in records.columns[name]] for name in first.columns}
    lines = None
    if all(records.places.lines is not None for records in parts.values()):
        lines = [steps for records in parts.values() for steps in records.places.lines or ()]
    notes = tuple(note for records in parts.values() for note in records.notes)
    split = [name for name, records in parts.items() for _ in range(len(records))]
    places = Places(tuple(files), file_of, rows, lines, elsewhere=_elsewhere(list(parts.values())))
    return replace(first, columns=columns, source=source, places=places, notes=notes, split=split, references=None)


def _elsewhere(parts: Sequence[Records]) -> dict[str, list[tuple[str, int | None]]]:
    """Of several parts one after the other; a column that only some of them have elsewhere has all its places named."""
    columns = dict.fromkeys(column for records in parts for column in records.places.elsewhere)
    return {
        column: [
            (place.file or "", place.row)
            for records in parts
            for place in (records.where(i, column) for i in range(len(records)))
        ]
        for column in columns
    }


def same_columns(first: Records, second: Records, columns: Iterable[str] | None = None) -> None:
    """Raise DataError if the second records lack a column of the first; ``columns`` names those that matter."""
    for name in first.columns if columns is None else columns:
        if name not in second.columns:
            near = difflib.get_close_matches(name, second.columns, n=1)
            mend = (
                f'rename "{near[0]}"'
                if near
                else "add it, or say --set header=yes (or no) if the first row was misread"
            )
            raise DataError(f'the column "{name}" of {first.source} is missing', place=Place(second.source), mend=mend)
