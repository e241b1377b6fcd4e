"""What a finished run is given to read: a path, texts, records; each brought to the run's own columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from throughtime.data.alignment import require_aligned
from throughtime.data.dataset import Dataset
from throughtime.data.fields import Field
from throughtime.data.fields.numbers import Numbers
from throughtime.data.fields.tokens import Tokens
from throughtime.data.files import holds_documents, read
from throughtime.data.files.decoding import read_text
from throughtime.data.files.music_json import pieces_by_split, pieces_to_records
from throughtime.data.files.musical import pieces_of
from throughtime.data.gathering import Layout, read_rows
from throughtime.data.music import Mended, Piece
from throughtime.data.records import Places, Records, in_memory_records
from throughtime.data.settings import DataSettings
from throughtime.data.streams import Streams
from throughtime.data.streams.streams import read_stream
from throughtime.data.values import class_name
from throughtime.errors import DataError, UsageError, unknown


@dataclass(frozen=True)
class Given:
    """Reads for a run with these ``fields``, by column, of which ``inputs`` are read and ``output`` is answered.

    Everything raises UsageError for what the run cannot read, DataError for what cannot be read at all.
    """

    fields: Mapping[str, Field]
    inputs: tuple[str, ...]
    output: str
    settings: DataSettings

    def texts(self, data: Any) -> list[str]:
        """Texts to be continued: as given, or the lines of a file."""
        if isinstance(data, list) and data and all(isinstance(text, str) for text in data):
            return data
        path = Path(data).expanduser() if isinstance(data, (str, Path)) else None
        if path is None or not path.is_file():
            raise UsageError(f"{data}: give a list of texts, or a file with a text a line")
        return read_text(path, self.settings, path.name)[0].splitlines()

    def stream(self, data: Any) -> Streams:
        """The texts of a source, as a language model reads them on and on."""
        plain = isinstance(data, (str, Path)) and not self.settings.input
        plain = plain and not holds_documents(data, self.settings)
        records = None if plain else read(data, self.settings)
        return read_stream(data, self.settings, self.text_field(), records)

    def records(self, data: Any, with_output: bool = False) -> Records:
        """Rows with the run's input columns, and with its output where that is asked for."""
        if isinstance(data, list) and data and all(isinstance(entry, str) for entry in data):
            records = in_memory_records({self.only_text(): data}, "the texts")
        elif self.fields[self.output].kind == "notes" and _lists(data):
            records = pieces_to_records(data, "the pieces")
        else:
            if isinstance(data, str) and not Path(data).expanduser().exists():
                raise UsageError(f"{data}: there is no such file or folder; for a text give a list, [text], or --text")
            records = read_rows(data, self.settings, self.layout())
            wanted = [*self.inputs, *([self.output] if with_output else [])]
            if len(wanted) == 1 and list(records.columns) == ["1"]:  # a table without a header, and one column
                records = replace(records, columns={wanted[0]: next(iter(records.columns.values()))})
                if _is_table(data) and len(records) > 1 and records.columns[wanted[0]][0] == wanted[0]:  # it has one
                    records = records.select(range(1, len(records)))
            for column in wanted:
                if column not in records.columns and records.series is not None:
                    raise UsageError(
                        f'{records.source}: "{column}" is not there with one value for each series: no row has it, or '
                        "it changes within a series"
                    )
                records.column(column)
        if len(records) == 0:
            raise UsageError("there is nothing to answer: the data has no rows")
        return records

    def pieces(self, data: Any) -> list[Piece]:
        """Pieces of music, whole: of a file, a folder, or lists of lists of notes."""
        if isinstance(data, (str, Path)):
            return pieces_of(data, self.settings)
        return [piece for part in pieces_by_split(data, "the pieces", Mended()).values() for piece in part]

    def whole_pieces(self, data: Any) -> Records:
        """The same as rows: what is read of a piece to say what follows, after its last frame too."""
        pieces = self.pieces(data)
        for piece in pieces:
            if not piece.frames:
                raise DataError("the piece has no frame", place=piece.place, mend="give one at least, or remove it")
        if not pieces:
            raise UsageError("there is nothing to answer: the data has no pieces")
        (column,) = self.inputs
        frames = [[list(frame) for frame in piece.frames] for piece in pieces]
        places = Places.in_one(pieces[0].place.file or "the pieces", [piece.place.row for piece in pieces])
        return Records({column: frames}, places.files[0], places)

    def layout(self) -> Layout | None:
        """How rows that are steps are gathered into series, as they were in training; None where they were not."""
        channels = {
            name: field.channels for name, field in self.fields.items() if isinstance(field, Numbers) and field.channels
        }
        steps = tuple(name for name, field in self.fields.items() if field.stepwise and name not in channels)
        return Layout(channels, steps) if channels else None

    def one(self, given: str | Mapping[str, Any]) -> Records:
        """One row: a text, or values by column."""
        if not isinstance(given, (str, Mapping)):
            found = type(given).__name__  # type: ignore[unreachable]
            raise UsageError(
                f"one input is a text, or a mapping of the columns {', '.join(self.inputs)}; found a {found}"
            )
        if isinstance(given, str) and not given.strip():
            raise UsageError("the text is empty; give one with something to read")
        return self.records([given] if isinstance(given, str) else [dict(given)])

    def row(self, data: Any, number: int | None = None, series: str | None = None) -> dict[str, Any]:
        """The inputs of one row of ``data``: that of this ``number``, from 1, or that which a ``series`` became."""
        records = self.records(data)
        if series is not None:
            if records.series is None:
                raise UsageError(f'series "{series}": the rows are not gathered into series; give the number of a row')
            names = [class_name(name) for name in records.columns[records.series]]
            if series not in names:
                raise unknown("series", series, names)
            number = names.index(series) + 1
        assert number is not None
        if not 1 <= number <= len(records):
            raise UsageError(f"row {number}: there are the rows 1 to {len(records):,}")
        return {column: records.columns[column][number - 1] for column in self.inputs}

    def require_aligned(self, records: Records, dataset: Dataset) -> None:
        """Raise a DataError, with the row, unless all inputs with steps have equally many of them."""
        first = next(column for column in self.inputs if self.fields[column].stepwise)
        require_aligned(records, dataset.fields, dataset.columns, first)

    def only_text(self) -> str:
        """The column of the only input, a text; a UsageError where the run reads anything else."""
        if len(self.inputs) == 1 and self.fields[self.inputs[0]].kind in ("tokens", "words"):
            return self.inputs[0]
        columns = ("the column " if len(self.inputs) == 1 else "the columns ") + ", ".join(self.inputs)
        raise UsageError(
            f"this run reads {columns}, which a text alone does not fill; give a file with "
            f"{'it' if len(self.inputs) == 1 else 'them'}, or from Python records"
        )

    def only_steps(self) -> str:
        """The column of the only input, which has steps that recurrent layers read; a UsageError elsewhere."""
        if len(self.inputs) == 1 and self.fields[self.inputs[0]].kind in ("tokens", "words", "numbers"):
            return self.inputs[0]
        columns = ", ".join(f'"{name}" ({self.fields[name].kind})' for name in self.inputs)
        raise UsageError(f"one step is told of runs that read one text or one series, and this one reads {columns}")

    def text_field(self) -> Tokens:
        """The field of the first input, which is a text."""
        field = self.fields[self.inputs[0]]
        assert isinstance(field, Tokens)
        return field


def _lists(data: Any) -> bool:
    """Lists in a list, as pieces are."""
    return isinstance(data, list) and all(isinstance(entry, (list, tuple)) for entry in data)


def _is_table(data: Any) -> bool:
    """Whether a path's name says that it is a table, whose first row may name its column."""
    return isinstance(data, (str, Path)) and Path(data).suffix.lower() in (".csv", ".tsv")
