"""A table beside a file of sequences: what it says of each of them, by its id."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from throughtime.data.files.folders import stem
from throughtime.data.files.table import read_table
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.data.values import class_name
from throughtime.errors import DataError

SUFFIXES = (".csv", ".tsv")
NAMES = ("id", "name", "sequence_id", "seq_id", "seqid", "accession")
LABELS = ("labels", "{}_labels", "{}.labels")


def with_table(records: Records, path: Path) -> Records:
    """The records with the columns of the table beside them, where there is one: ``x.csv`` or ``labels.csv``.

    A table is one of theirs if a column, of a usual name or the first one, holds ids of theirs; else it is left aside,
    which is said. Raises DataError, with the row of the sequence, for an id that the table lacks, and with the row of
    the table for one that it says two things of.
    """
    for table in _tables(path):
        found = read_table(table, DataSettings())
        ids = set(map(class_name, records.columns["id"]))
        column = next((name for name in found.columns if name.lower() in NAMES), next(iter(found.columns)))
        if not ids & set(map(class_name, found.columns[column])):
            records = records.noting(f'{table.name} left aside: column "{column}" holds no id of {path.name}')
            continue
        return _joined(records, found, column)
    return records


def _tables(path: Path) -> list[Path]:
    own = stem(path)
    names = [own, *(name.format(own) for name in reversed(LABELS))]
    tables = [path.parent / f"{name}{suffix}" for name in names for suffix in SUFFIXES]
    return [table for table in dict.fromkeys(tables) if table.is_file()]


def _joined(records: Records, table: Records, column: str) -> Records:
    rows: dict[str, int] = {}
    others = [name for name in table.columns if name != column]
    for i, value in enumerate(table.columns[column]):
        first = rows.setdefault(class_name(value), i)
        if any(table.columns[name][first] != table.columns[name][i] for name in others):
            problem = f'"{value}" stands above too, in row {table.where(first).row}, with other values'
            raise DataError(problem, place=table.where(i, column), mend="keep one of the two rows")
    found: list[int] = []
    for i, name in enumerate(map(class_name, records.columns["id"])):
        if name not in rows:
            mend = f"add a row with it, or remove the sequence ({len(rows):,} ids are there)"
            raise DataError(f'"{name}" has no row in {table.source}', place=records.where(i), mend=mend)
        found.append(rows[name])
    for name in others:
        if name in records.columns:
            place = table.where(0, name)
            problem = f'the headers of {records.source} have a column "{name}" too'
            raise DataError(problem, place=replace(place, row=None), mend="rename or remove one of the two")
    columns: dict[str, list[Any]] = {name: [table.columns[name][k] for k in found] for name in others}
    roles = dict(records.roles)
    if len(others) == 1:
        roles[others[0]] = "output"
    unused = len(rows) - len(set(found))
    left = f"; {unused:,} rows of it name no sequence" if unused else ""
    note = f"{table.source} beside it: {', '.join(others)} by {column}{left}"
    return replace(records, columns={**records.columns, **columns}, roles=roles).noting(note)
