"""FASTA: a line that begins with > names a sequence, which stands on the lines below it."""

from __future__ import annotations

import gzip
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from throughtime.data.files.beside import with_table
from throughtime.data.files.decoding import decoded, lines_of, read_bytes
from throughtime.data.files.format import Format, formats
from throughtime.data.files.headers import Headers, read_headers
from throughtime.data.nucleotides import AMBIGUOUS, AMINO_ACIDS, MOSTLY, NUCLEOTIDES
from throughtime.data.records import Places, Records
from throughtime.data.settings import DataSettings
from throughtime.data.values import shown
from throughtime.errors import DataError, Place

SUFFIXES = (".fasta", ".fna", ".faa", ".ffn", ".frn", ".fas")
GZIP = b"\x1f\x8b"
LETTERS = re.compile(r"[A-Za-z*\-]+")
LOOKED_AT = 50  # lines, by which a file of another name is recognised
PACKED = 1 << 16  # bytes of a packed file that are looked into


@dataclass(frozen=True)
class Entry:
    """A header without its sign, the row it stands on, and the lines of its sequence with their rows."""

    header: str
    row: int
    lines: list[tuple[int, str]]


def read_fasta(path: Path, settings: DataSettings) -> Records:
    """Columns ``id``, ``sequence`` and what the headers say; the letters as upper case.

    A table beside the file (``x.csv`` or ``labels.csv`` beside ``x.fasta``) gives further columns by id. Lines that
    begin with ``;`` are comments. Without anything to learn, the sequences are those of a language model. Raises
    DataError, with file and row, for text before the first header, a header without id or sequence, headers that are
    unlike the others, and letters that neither nucleic acids nor proteins have.
    """
    text, encoding = read_sequences(path, settings)
    entries, comments = _entries(text, path.name)
    rows: list[int | None] = [entry.row for entry in entries]
    raw = ["".join(line for _, line in entry.lines) for entry in entries]
    headers = read_headers([entry.header for entry in entries], lambda i: Place(path.name, rows[i]), raw)
    kind = _require_letters(entries, raw, path.name)
    total = sum(map(len, raw))
    note = f"{path.name}: FASTA, {len(entries):,} sequences ({kind}), {total:,} letters, {encoding}"
    notes = [f"{note}; headers read as {headers.form}"]
    notes += [f"{path.name}: {comments:,} comment lines (;) left out"] if comments else []
    places = Places.in_one(path.name, rows)
    return sequence_records(path, headers, [one.upper() for one in raw], places, [*notes, *_case(raw, path.name)])


def sequence_records(
    path: Path, headers: Headers, sequences: list[str], places: Places, notes: Sequence[str], **more: list[list[int]]
) -> Records:
    """Records of sequences with what their headers and the table beside them say."""
    ids = headers.columns["id"]
    columns: dict[str, list[Any]] = {
        "id": list(ids),
        "sequence": sequences,
        **more,
        **{k: v for k, v in headers.columns.items() if k != "id"},
    }
    roles = {"sequence": "input"}
    if "label" in columns:
        roles["label"] = "output"
    twice = [name for name, count in Counter(ids).items() if count > 1]
    repeated = [f'{path.name}: {len(twice):,} ids stand more than once, the first "{twice[0]}"'] if twice else []
    records = Records(columns, path.name, places, (*notes, *repeated), roles, kinds={"sequence": "tokens"})
    records = with_table(records, path)
    said = set(records.columns) - {"id", "sequence", "description", "split", *more}
    return records if said else _of_texts(records)


def _of_texts(records: Records) -> Records:
    """Nothing can be learnt of them but how they go on."""
    return Records(
        records.columns, records.source, records.places, records.notes, records.roles,
        kinds=records.kinds, task="language_model",
    )  # fmt: skip


def read_sequences(path: Path, settings: DataSettings) -> tuple[str, str]:
    """The text of a file that may be packed by gzip, and its encoding in words."""
    data = read_bytes(path, path.name)
    if not data.startswith(GZIP):
        return decoded(data, settings.encoding, path.name)
    try:
        text, encoding = decoded(gzip.decompress(data), settings.encoding, path.name)
    except (OSError, EOFError, zlib.error):
        mend = "get the whole file; gzip -t says whether it is"
        raise DataError("the packed file is cut short or damaged", place=Place(path.name), mend=mend) from None
    return text, f"{encoding}, unpacked"


def unpacked_head(head: bytes) -> bytes:
    """The beginning of a file, unpacked where it is packed by gzip."""
    if not head.startswith(GZIP):
        return head
    try:
        return zlib.decompressobj(wbits=31).decompress(head, PACKED)
    except zlib.error:
        return b""


def plain_suffix(path: Path) -> str:
    """The suffix of a file, ``.gz`` left out."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def _entries(text: str, name: str) -> tuple[list[Entry], int]:
    entries: list[Entry] = []
    comments = 0
    for row, line in enumerate(lines_of(text), start=1):
        line = line.strip()
        if line.startswith(">"):
            entries.append(Entry(line[1:].strip(), row, []))
        elif line.startswith(";"):
            comments += 1
        elif line and not entries:
            mend = "begin each sequence with a line such as >name, or a comment with ;"
            raise DataError(f"{shown(line)} stands before the first header", place=Place(name, row), mend=mend)
        elif line:
            entries[-1].lines.append((row, "".join(line.split())))
    if not entries:
        mend = "write a line such as >name before each sequence"
        raise DataError("the file holds no sequence", place=Place(name), mend=mend)
    for entry in entries:
        if not entry.header:
            raise DataError("the header has no id", place=Place(name, entry.row), mend="write a name behind the >")
        if not entry.lines:
            problem = f'"{entry.header.split()[0]}" has no sequence'
            raise DataError(problem, place=Place(name, entry.row), mend="write it below its header, or remove both")
    return entries, comments


def _require_letters(entries: Sequence[Entry], sequences: Sequence[str], name: str) -> str:
    """DNA, RNA or protein, by most of the letters; a DataError for the first one that does not belong there."""
    kind = kind_of(sequences)
    allowed = AMINO_ACIDS if kind == "protein" else NUCLEOTIDES - set("T" if kind == "RNA" else "U")
    known = set(map(str.lower, allowed)) | allowed
    for entry, sequence in zip(entries, sequences, strict=True):
        if set(sequence) <= known:
            continue
        before = 0
        for row, line in entry.lines:
            for k, letter in enumerate(line, start=1):
                if letter not in known:
                    raise foreign(letter, k, before + k, kind, Place(name, row))
            before += len(line)
    return kind


def kind_of(sequences: Sequence[str]) -> str:
    """What sequences are, by most of their letters.

    >>> kind_of(["ACGTN"]), kind_of(["ACGUUA"]), kind_of(["MKLVHE"])
    ('DNA', 'RNA', 'protein')
    """
    counts: Counter[str] = Counter()
    for sequence in sequences:
        counts.update(sequence.upper())
    enough = 0.5 if set(counts) <= NUCLEOTIDES else MOSTLY
    if sum(counts[base] for base in "ACGTUN-") < enough * counts.total():
        return "protein"
    return "RNA" if counts["U"] > counts["T"] else "DNA"


def foreign(letter: str, column: int, position: int, kind: str, place: Place) -> DataError:
    """The error for a letter that such sequences do not have."""
    if kind == "protein":
        known, mend = "an amino acid", "correct it, or write X where the amino acid is unknown"
    else:
        bases = "A C G U" if kind == "RNA" else "A C G T"
        known = f"a base of {kind} ({bases}, or {' '.join(AMBIGUOUS)} of IUPAC)"
        mend = "correct it, or write N where the base is unknown"
    where = f"position {column} of the line ({position} of the sequence)"
    return DataError(f'{where}: "{letter}" is not {known}', place=place, mend=mend)


def _case(sequences: Sequence[str], name: str) -> list[str]:
    lower = sum(sum(map(str.islower, sequence)) for sequence in sequences if not sequence.isupper())
    return [f"{name}: {lower:,} letters in lower case (masked) are read as upper case"] if lower else []


def is_fasta(path: Path, head: bytes) -> bool:
    """A file that is named so, or in which a line with > stands before lines of letters alone."""
    if path.is_dir():
        return False
    if plain_suffix(path) in SUFFIXES:
        return True
    text = unpacked_head(head).decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines()[: LOOKED_AT + 1]]
    lines = [line for line in lines if line and not line.startswith(";")]
    if len(lines) < 2 or not lines[0].startswith(">") or lines[1].startswith(">"):
        return False
    held = [line for line in lines[:-1] or lines if not line.startswith(">")] or lines[1:]
    return sum(LETTERS.fullmatch(line) is not None for line in held) > MOSTLY * len(held)


formats.add(
    "fasta",
    Format(
        "fasta",
        "FASTA: a header with > and an id, its sequence on the lines below; labels in the headers or in a table beside",
        is_fasta,
        read_fasta,
        documents=True,
    ),
)
