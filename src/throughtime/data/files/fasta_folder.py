"""A folder in which each FASTA or FASTQ file is a class."""

from __future__ import annotations

from pathlib import Path

from throughtime.data.files.beside import SUFFIXES as TABLES
from throughtime.data.files.fasta import SUFFIXES as FASTA
from throughtime.data.files.fasta import is_fasta, plain_suffix, read_fasta
from throughtime.data.files.fastq import SUFFIXES as FASTQ
from throughtime.data.files.fastq import is_fastq, read_fastq
from throughtime.data.files.folders import folder_name, holds_splits, left_aside, listing
from throughtime.data.files.format import Format, formats
from throughtime.data.records import Places, Records
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place

HEAD = 1 << 12


def read_fasta_folder(folder: Path, settings: DataSettings) -> Records:
    """Columns ``id``, ``sequence`` and ``label``, the name of the file; what headers say besides is left aside."""
    root, found = folder_name(folder), listing(folder)
    files = _sequence_files(folder)
    if not files:
        mend = "give one .fasta file a class, named after it"
        raise DataError("the folder holds no FASTA file", place=Place(root), mend=mend)
    columns: dict[str, list[str]] = {"id": [], "sequence": [], "label": []}
    file_of: list[int] = []
    rows: list[int | None] = []
    for k, path in enumerate(files):
        read = read_fastq if _of_reads(path) else read_fasta
        part = read(path, settings)
        columns["id"] += part.columns["id"]
        columns["sequence"] += part.columns["sequence"]
        columns["label"] += [path.name.split(".")[0]] * len(part)
        file_of += [k] * len(part)
        rows += part.places.rows
    counted = ", ".join(f"{path.name} {file_of.count(k):,}" for k, path in enumerate(files))
    notes = [f"{root}: a folder in which each file of sequences is a class: {counted}"]
    aside = [file for file in found.files if file not in files]
    notes += left_aside(folder, [*found.folders, *aside, *found.beside])
    places = Places(tuple(root + path.name for path in files), file_of, rows)
    roles = {"sequence": "input", "label": "output"}
    return Records(dict(columns), root, places, tuple(notes), roles, kinds={"sequence": "tokens"})


def _sequence_files(folder: Path) -> list[Path]:
    return [file for file in listing(folder).files if file.suffix.lower() not in TABLES and _holds_sequences(file)]


def _holds_sequences(path: Path) -> bool:
    if plain_suffix(path) in (*FASTA, *FASTQ):
        return True
    return plain_suffix(path) == ".fa" and is_fasta(path, _head(path))


def _of_reads(path: Path) -> bool:
    return plain_suffix(path) not in FASTA and is_fastq(path, _head(path))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def is_fasta_folder(path: Path, head: bytes) -> bool:
    """A folder of at least two files of sequences, which are not the splits of one."""
    return path.is_dir() and not holds_splits(path) and len(_sequence_files(path)) > 1


formats.add(
    "fasta_folder",
    Format(
        "fasta_folder",
        "a folder in which each FASTA file is a class, named after it",
        is_fasta_folder,
        read_fasta_folder,
    ),
)
