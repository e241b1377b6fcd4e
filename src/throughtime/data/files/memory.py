"""What a Python program holds: lists of records, columns, and data frames of any library, known by what they can do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from throughtime.data.files.music_json import pieces_to_records
from throughtime.data.music import is_music
from throughtime.data.records import Records, in_memory_records
from throughtime.errors import DataError, Place, UsageError

ACCEPTED = (
    "a path, a list of records (dicts), a list of (text, label) pairs, a list of texts, "
    "a dict of columns, a data frame, or pieces of music"
)


def read_memory(source: Any) -> Records:
    """Records from memory: data frames (pandas, polars, pyarrow), dicts of columns, lists of dicts, pairs or texts.

    Pieces of music are lists of frames, which are lists of notes; a list of them, or a dict of such lists by split.

    Raises UsageError for anything else and DataError, with the row, where entries do not fit together.

    >>> read_memory([("fine", "pos"), ("bad", "neg")]).columns
    {'text': ['fine', 'bad'], 'label': ['pos', 'neg']}
    """
    if is_music(source):
        return pieces_to_records(source, "the pieces")
    frame = _frame_columns(source)
    if frame is not None:
        records = _from_columns(frame, "the data frame")
    elif isinstance(source, Mapping):
        records = _from_columns(list(source.items()), "the columns")
    elif isinstance(source, Iterable) and not isinstance(source, (str, bytes)):
        records = _from_entries(list(source))
    else:
        raise UsageError(f"data of type {type(source).__name__} cannot be read; give {ACCEPTED}")
    _refuse_half_characters(records)
    return records


def _frame_columns(source: Any) -> list[tuple[Any, Sequence[Any]]] | None:
    """Name and values of each column, None if this is no data frame."""
    if hasattr(source, "iloc") and hasattr(source, "columns"):  # pandas, and those that follow it
        columns = [(name, source.iloc[:, k].tolist()) for k, name in enumerate(source.columns)]
        return [*_index_columns(getattr(source, "index", None), [str(name) for name, _ in columns]), *columns]
    if hasattr(source, "to_pydict") and hasattr(source, "column_names"):  # pyarrow
        return [(name, source.column(k).to_pylist()) for k, name in enumerate(source.column_names)]
    if hasattr(source, "iter_rows") and hasattr(source, "get_columns"):  # polars
        return [(column.name, column.to_list()) for column in source.get_columns()]
    return None


def _index_columns(index: Any, taken: Sequence[str]) -> list[tuple[Any, Sequence[Any]]]:
    """The levels of an index that say something: those with a name, and times; not the plain count of the rows."""
    found: list[tuple[Any, Sequence[Any]]] = []
    for k in range(getattr(index, "nlevels", 0)):
        level = index.get_level_values(k)
        kind = str(level.dtype)
        name = level.name if level.name is not None else "time" if kind.startswith(("datetime64", "period")) else None
        if name is not None and str(name) not in taken:
            values = level.tolist()
            found.append((name, [str(value) for value in values] if kind.startswith("period") else values))
    return found


def _from_columns(columns: Sequence[tuple[Any, Any]], source: str) -> Records:
    if not columns:
        raise DataError("holds no column", place=Place(source), mend=f"give {ACCEPTED}")
    result: dict[str, list[Any]] = {}
    for name, values in columns:
        if str(name) in result:
            raise DataError(f'two columns are named "{name}"', place=Place(source), mend="rename one")
        if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
            raise DataError("the values must be a list", place=Place(source, column=str(name)), mend=f"give {ACCEPTED}")
        result[str(name)] = [_plain(value) for value in values]
    first = next(iter(result))
    for name, values in result.items():
        if len(values) != len(result[first]):
            found = f'{len(values)} values where column "{first}" has {len(result[first])}'
            raise DataError(found, place=Place(source, column=name), mend="make the columns of one length")
    if not result[first]:
        raise DataError("holds no row", place=Place(source), mend="give at least one row")
    shape = f"{len(result[first])} rows, columns: {', '.join(result)}"
    return in_memory_records(result, source).noting(f"{source}: {shape}")


def _from_entries(entries: list[Any]) -> Records:
    source = "the records"
    if not entries:
        raise DataError("there is none", place=Place(source), mend="give at least one record")
    kind = "dict" if isinstance(entries[0], Mapping) else "text" if isinstance(entries[0], str) else "pair"
    for row, entry in enumerate(entries, start=1):
        fits = {
            "dict": isinstance(entry, Mapping),
            "text": isinstance(entry, str),
            "pair": isinstance(entry, (tuple, list)) and len(entry) == 2,
        }[kind]
        if not fits:
            what = {"dict": "a dict", "text": "a text", "pair": "a pair of text and label"}[kind]
            found = f"{type(entry).__name__} {str(entry)[:40]!r} is not {what}" + (
                ", as the first record is" if row > 1 else ""
            )
            raise DataError(found, place=Place(source, row), mend=f"give {ACCEPTED}")
    if kind == "text":
        return in_memory_records({"text": entries}, source).noting(f"{source}: {len(entries)} texts")
    if kind == "pair":
        texts, labels = zip(*entries, strict=True)
        columns: dict[str, list[Any]] = {
            "text": [_plain(text) for text in texts],
            "label": [_plain(label) for label in labels],
        }
        records = in_memory_records(columns, source).noting(f"{source}: {len(entries)} pairs of text and label")
        return Records(records.columns, source, records.places, records.notes, {"text": "input", "label": "output"})
    names = list(dict.fromkeys(name for entry in entries for name in entry))
    columns = {str(name): [_plain(entry.get(name)) for entry in entries] for name in names}
    if not columns:
        raise DataError("they hold no key", place=Place(source), mend=f"give {ACCEPTED}")
    return in_memory_records(columns, source).noting(f"{source}: {len(entries)} rows, columns: {', '.join(columns)}")


def _plain(value: Any) -> Any:
    """A value without its library's own type: numpy's numbers, arrays, and what stands for missing."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if type(value).__name__ in ("NAType", "NaTType"):  # pandas
        return None
    if hasattr(value, "tolist"):
        return value.tolist()
    return list(value) if isinstance(value, (tuple, set, frozenset)) else value


def _refuse_half_characters(records: Records) -> None:
    for name, values in records.columns.items():
        for i, value in enumerate(values):
            if isinstance(value, str) and not value.isascii():
                try:
                    value.encode()
                except UnicodeEncodeError:
                    found = "the text holds half a character (a lone surrogate)"
                    raise DataError(
                        found, place=records.where(i, name), mend="decode it with the right encoding"
                    ) from None
