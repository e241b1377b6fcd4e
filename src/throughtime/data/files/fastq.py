"""FASTQ: sequences with the quality of each base, four lines a record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from throughtime.data.files.decoding import lines_of
from throughtime.data.files.fasta import foreign, kind_of, plain_suffix, read_sequences, sequence_records, unpacked_head
from throughtime.data.files.format import Format, formats
from throughtime.data.files.headers import read_headers
from throughtime.data.nucleotides import NUCLEOTIDES
from throughtime.data.records import Places, Records
from throughtime.data.settings import DataSettings
from throughtime.data.values import shown
from throughtime.errors import DataError, Place

SUFFIXES = (".fastq", ".fq")
LOWEST, HIGHEST = "!", "~"
USUAL, FORMER = 33, 64  # what is added to a quality to write it as a character; the latter by Illumina before 1.8
Lines = list[tuple[int, str]]


def read_fastq(path: Path, settings: DataSettings) -> Records:
    """Columns ``id``, ``sequence``, ``quality`` (a list of numbers, one a base) and what the headers say.

    A quality q, the Phred score, says that the base is wrong with probability ``10 ** (-q / 10)``. It is read only
    where ``--input`` names it. Raises DataError, with file and row, for a record that is cut short, of which the
    quality is not as long as the sequence, or a line is not what it must be there.
    """
    text, encoding = read_sequences(path, settings)
    records = list(_records(text, path.name))
    if not records:
        mend = "give four lines a record: @id, the sequence, +, the quality"
        raise DataError("the file holds no sequence", place=Place(path.name), mend=mend)
    rows: list[int | None] = [record[0][0] for record in records]
    sequences = [record[1][1].upper() for record in records]
    headers = read_headers([record[0][1][1:] for record in records], lambda i: Place(path.name, rows[i]), sequences)
    kind = kind_of(sequences)
    kind = "DNA" if kind == "protein" else kind  # what is read in this way is a nucleic acid
    known = NUCLEOTIDES - set("T" if kind == "RNA" else "U") | {"."}
    for record, sequence in zip(records, sequences, strict=True):
        odd = next((k for k, letter in enumerate(sequence) if letter not in known), None)
        if odd is not None:
            raise foreign(record[1][1][odd], odd + 1, odd + 1, kind, Place(path.name, record[1][0]))
    sequences = [sequence.replace(".", "N") for sequence in sequences]
    written = [record[3][1] for record in records]
    low, high = min(map(min, written)), max(map(max, written))
    offset = FORMER if ord(low) >= FORMER and high > "J" else USUAL
    quality = [[ord(sign) - offset for sign in signs] for signs in written]
    mean = sum(map(sum, quality)) / sum(map(len, quality))
    counted = f"{len(records):,} sequences ({kind}), {sum(map(len, sequences)):,} letters"
    notes = [
        f"{path.name}: FASTQ, {counted}, {encoding}; headers read as {headers.form}",
        f"{path.name}: quality {mean:.1f} on average (Phred+{offset}), "
        "left aside; to read it too, --input sequence --input quality",
    ]
    return sequence_records(path, headers, sequences, Places.in_one(path.name, rows), notes, quality=quality)


def _records(text: str, name: str) -> Iterator[Lines]:
    """The four lines of each record, with their rows; blank lines between records are left out."""
    record: Lines = []
    for row, line in enumerate(lines_of(text), start=1):
        line = line.strip()
        if not line and not record:
            continue
        record.append((row, line))
        _require_line(record, name)
        if len(record) == 4:
            yield record
            record = []
    if record:
        parts = ("its header", "its sequence", "the line with +")
        raise DataError(
            f"the file ends after {parts[len(record) - 1]}: the last record is cut short",
            place=Place(name, record[-1][0]),
            mend="get the whole file, or remove the last record",
        )


def _require_line(record: Lines, name: str) -> None:
    """Raise a DataError unless the last line of this record is what must stand there."""
    (row, line), number = record[-1], len(record)
    place = Place(name, row)
    if number == 1 and not line.startswith("@"):
        mend = "a record has four lines: @id, the sequence, +, the quality"
        raise DataError(f"a record begins with @, here stands {shown(line)}", place=place, mend=mend)
    if number == 1 and not line[1:].strip():
        raise DataError("the header has no id", place=place, mend="write a name behind the @")
    if number == 2 and (not line or line.startswith(("@", "+"))):
        problem = f'"{record[0][1][1:].split()[0]}" has no sequence'
        raise DataError(problem, place=place, mend="write it below its header, or remove the record")
    if number == 3 and not line.startswith("+"):
        problem = f"the third line of a record begins with +, here stands {shown(line)}"
        raise DataError(problem, place=place, mend="write a sequence on one line, and a line with + below it")
    if number == 4:
        wanted = len(record[1][1])
        if len(line) != wanted:
            problem = f"{len(line)} signs of quality for {wanted} letters"
            raise DataError(problem, place=place, mend="give one for each letter; a line may be cut short")
        odd = next((sign for sign in line if not LOWEST <= sign <= HIGHEST), None)
        if odd is not None:
            raise DataError(f"{shown(odd)} is no sign of quality", place=place, mend="give one of ! to ~ a letter")


def is_fastq(path: Path, head: bytes) -> bool:
    """A file that is named so, or that begins with @, a sequence, + and as many signs as the sequence has letters."""
    if path.is_dir():
        return False
    if plain_suffix(path) in SUFFIXES:
        return True
    text = unpacked_head(head).decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines()[:100] if line.strip()]
    if len(lines) < 4 or not lines[0].startswith("@") or not lines[2].startswith("+"):
        return False
    return lines[1].isalpha() and len(lines[1]) == len(lines[3])


formats.add(
    "fastq",
    Format(
        "fastq",
        "FASTQ: four lines a sequence, @ and an id, its letters, +, the quality of each",
        is_fastq,
        read_fastq,
        documents=True,
    ),
)
