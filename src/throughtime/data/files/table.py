"""Tables: comma, tab, semicolon, pipe or space between the cells, with or without a row that names the columns."""

from __future__ import annotations

import csv
import gc
import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from throughtime.data.files.decoding import lines_of, read_text
from throughtime.data.files.format import Format, formats
from throughtime.data.files.sniffing import SPOKEN, delimiter_of, has_header, named_delimiter
from throughtime.data.records import Places, Records
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place


@dataclass(frozen=True)
class Rows:
    """The cells of a file row by row, and the line on which each row begins and ends."""

    cells: list[list[str]]
    begin: list[int]
    end: list[int]
    blank: int  # lines without anything, left out


def read_table(path: Path, settings: DataSettings) -> Records:
    """The records of a table; the row of a place is the line on which the row begins."""
    text, encoding = read_text(path, settings, path.name)
    if not text.strip():
        raise DataError("the file is empty", place=Place(path.name), mend="give a file with at least one row")
    delimiter = (
        named_delimiter(settings.delimiter) if settings.delimiter != "auto" else delimiter_of(text, path.suffix.lower())
    )
    with _without_collection():
        rows, unquoted = _rows(text, delimiter, path.name)
    header = {"yes": True, "no": False}.get(settings.header)
    named = has_header(rows.cells) if header is None else header
    _check_even(rows, path.name, delimiter)
    names = _names(rows, path.name) if named else [str(k + 1) for k in range(len(rows.cells[0]))]
    first = 1 if named else 0
    if len(rows.cells) == first:
        raise DataError(
            "the table has a header and no rows",
            place=Place(path.name, rows.begin[0]),
            mend="add rows, or say --set header=no if it is data",
        )
    table = {name: [cells[k] for cells in rows.cells[first:]] for k, name in enumerate(names)}
    columns: dict[str, list[Any]] = {name: values for name, values in table.items() if name or any(values)}
    parted = SPOKEN.get(delimiter, repr(delimiter))
    notes = [f"{path.name}: a table, {parted}, {encoding}, {_header_in_words(named, list(columns))}"]
    if unquoted:
        notes.append(
            f"{path.name}: quotation marks are taken as text, because every line has {len(names)} cells without them"
        )
    if rows.blank:
        notes.append(f"{path.name}: {rows.blank} blank lines left out")
    if len(columns) < len(names):
        notes.append(f"{path.name}: a column without name or content left out")
    return Records(columns, path.name, Places.in_one(path.name, rows.begin[first:]), tuple(notes))


@contextmanager
def _without_collection() -> Iterator[None]:
    """A million short-lived lists hold no cycles, and looking for some takes longer than reading them."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _rows(text: str, delimiter: str | None, name: str) -> tuple[Rows, bool]:
    """Rows, and whether quotation marks were taken as text; ``delimiter`` None: each line is one cell."""
    if delimiter is None:
        return _lines(text), False
    try:
        rows = _quoted(text, delimiter, name)
        suspicious = any(map(int.__lt__, rows.begin, rows.end))
    except DataError:
        if delimiter != "\t":
            raise
        rows, suspicious = Rows([], [], [], 0), True
    if delimiter == "\t" and suspicious:
        plain = _split(text, delimiter)
        if len({len(cells) for cells in plain.cells}) == 1 or not rows.cells:
            return plain, True
    return rows, False


def _lines(text: str) -> Rows:
    kept = [(i, line) for i, line in enumerate(lines_of(text), start=1) if line.strip()]
    numbers = [i for i, _ in kept]
    return Rows([[line] for _, line in kept], numbers, numbers, 0)


def _split(text: str, delimiter: str) -> Rows:
    lines = _lines(text)
    return Rows([line.split(delimiter) for (line,) in lines.cells], lines.begin, lines.end, 0)


def _quoted(text: str, delimiter: str, name: str) -> Rows:
    source = io.StringIO(text, newline="")
    cells: list[list[str]] = []
    begin: list[int] = []
    end: list[int] = []
    blank, last = 0, 0
    with _long_cells():
        reader = csv.reader(source, delimiter=delimiter, strict=True, skipinitialspace=delimiter not in "\t ")
        try:
            for row in reader:
                if row:
                    cells.append(row)
                    begin.append(last + 1)
                    end.append(reader.line_num)
                else:
                    blank += 1
                last = reader.line_num
        except csv.Error as error:
            raise _quote_error(text, delimiter, name, last + 1, reader.line_num, str(error)) from None
    return Rows(cells, begin, end, blank)


@contextmanager
def _long_cells():  # type: ignore[no-untyped-def]
    """The csv module refuses cells above 128 KiB unless told otherwise, for the whole process."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _quote_error(text: str, delimiter: str, name: str, begin: int, line: int, problem: str) -> DataError:
    opens = _open_quote(text, delimiter, begin, line)
    if "unexpected end" in problem:
        found = "a quotation mark opens a cell here and never closes"
    elif opens == line:
        found = "text follows the closing quotation mark of a cell"
    else:
        found = f"a quotation mark opens a cell here, and text follows the mark that closes it in row {line}"
    mend = 'close it; inside a quoted cell write "" for a mark'
    return DataError(found, place=Place(name, opens), mend=mend)


def _open_quote(text: str, delimiter: str, begin: int, line: int) -> int:
    """The line on which the last quoted cell opens, looking from line ``begin`` to ``line``."""
    opens, inside = begin, False
    for i, content in enumerate(lines_of(text), start=1):
        if i < begin:
            continue
        if i > line:
            break
        cell_begins, k = True, 0
        while k < len(content):
            mark = content[k]
            if inside and mark == '"':
                if content[k + 1 : k + 2] == '"':
                    k += 1
                else:
                    inside, cell_begins = False, False
            elif not inside and mark == '"' and cell_begins:
                opens, inside = i, True
            elif not inside:
                cell_begins = mark == delimiter or (cell_begins and mark == " ")
            k += 1
    return opens


def _check_even(rows: Rows, name: str, delimiter: str | None) -> None:
    width = len(rows.cells[0])
    for cells, begin, end in zip(rows.cells, rows.begin, rows.end, strict=True):
        if len(cells) != width:
            span = f" (it runs from row {begin} to row {end}: is a quotation mark left open?)" if end > begin else ""
            found = f"{len(cells)} {'cell' if len(cells) == 1 else 'cells'} where row {rows.begin[0]} has {width}{span}"
            extra = "put the cell that holds the delimiter in quotes" if len(cells) > width else "fill in the row"
            mend = f"{extra}, or say --set delimiter=... if the table is not {SPOKEN.get(delimiter, repr(delimiter))}"
            raise DataError(found, place=Place(name, begin), mend=mend)


def _names(rows: Rows, name: str) -> list[str]:
    names = [cell.strip() for cell in rows.cells[0]]
    names[0] = names[0].removeprefix("#").strip() or names[0]  # as in "#time, x, y", which marks a header
    for k, column in enumerate(names):
        if column and column in names[:k]:
            found = f'columns {names.index(column) + 1} and {k + 1} are both named "{column}"'
            raise DataError(
                found, place=Place(name, rows.begin[0]), mend="rename one, or say --set header=no if there is no header"
            )
    empty = [k for k, column in enumerate(names) if not column]
    # the unnamed first column of a saved data frame, or a delimiter at the end of each row, which stays unnamed
    return [str(k + 1) if k in empty and k < len(names) - 1 else column for k, column in enumerate(names)]


def _header_in_words(named: bool, columns: Sequence[str]) -> str:
    listed = ", ".join(columns[:8]) + (", ..." if len(columns) > 8 else "")
    return f"header: {listed}" if named else f"no header: columns {listed}"


def is_table(path: Path, head: bytes) -> bool:
    """Any file may be a table."""
    return path.is_file()


formats.add(
    "table",
    Format(
        "table",
        "a table: cells parted by comma, tab, semicolon, pipe or space (CSV, TSV)",
        is_table,
        read_table,
        general=True,
    ),
)
