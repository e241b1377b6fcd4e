"""A folder in which each FASTA or FASTQ file is a class, or each folder of such files."""

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
    """Columns ``id``, ``sequence`` and ``label``, the name of the file or the folder; what headers say besides is left
    aside."""
    root, found = folder_name(folder), listing(folder)
    labels = {path: path.name.split(".")[0] for path in _sequence_files(folder)} or folders_of_sequences(folder)
    if not labels:
        mend = "give one .fasta file a class, named after it, or one folder a class"
        raise DataError("the folder holds no FASTA file", place=Place(root), mend=mend)
    columns: dict[str, list[str]] = {"id": [], "sequence": [], "label": []}
    file_of: list[int] = []
    rows: list[int | None] = []
    for k, (path, label) in enumerate(labels.items()):
        read = read_fastq if _of_reads(path) else read_fasta
        part = read(path, settings)
        columns["id"] += part.columns["id"]
        columns["sequence"] += part.columns["sequence"]
        columns["label"] += [label] * len(part)
        file_of += [k] * len(part)
        rows += part.places.rows
    counted = ", ".join(f"{label} {columns['label'].count(label):,}" for label in dict.fromkeys(labels.values()))
    inside = {path.parent for path in labels} - {folder}
    notes = [f"{root}: a folder in which each {'folder' if inside else 'file'} of sequences is a class: {counted}"]
    aside = [entry for entry in (*found.folders, *found.files) if entry not in labels and entry not in inside]
    notes += left_aside(folder, [*aside, *found.beside])
    places = Places(tuple(root + str(path.relative_to(folder)) for path in labels), file_of, rows)
    roles = {"sequence": "input", "label": "output"}
    return Records(dict(columns), root, places, tuple(notes), roles, kinds={"sequence": "tokens"})


def folders_of_sequences(folder: Path) -> dict[Path, str]:
    """The files of folders that hold nothing but files of sequences, at least two such folders, and their names."""
    found: dict[Path, str] = {}
    folders = listing(folder).folders
    for inside in folders:
        files = listing(inside).files
        if not files or len(_sequence_files(inside)) < len(files):
            return {}
        found |= dict.fromkeys(files, inside.name)
    return found if len(folders) > 1 else {}


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
    """At least two files of sequences, or folders of such files, which are not the splits of one."""
    if not path.is_dir() or holds_splits(path):
        return False
    return len(_sequence_files(path)) > 1 or bool(folders_of_sequences(path))


formats.add(
    "fasta_folder",
    Format(
        "fasta_folder",
        "a folder in which each FASTA file, or each folder of them, is a class, named after it",
        is_fasta_folder,
        read_fasta_folder,
    ),
)
