"""The texts of a source: files of a folder, one file, or a column of rows; and whether a source is such at all."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from throughtime.data.files.folders import folder_name, listing, split_name, splits_by_name
from throughtime.data.files.format import formats
from throughtime.data.files.reading import existing, refuse_foreign
from throughtime.data.files.sniffing import delimiter_of
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.data.streams.document import Document, codec_of, head_of
from throughtime.errors import DataError, Place

HEAD = 1 << 16
TABLES = (".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson")


def is_running_text(source: Any, settings: DataSettings) -> bool:
    """Whether a path holds text to be read on and on, rather than rows: no table, no tags, no classes.

    A file that no format claims and whose lines are not cut into cells; a folder that no format claims and that holds
    texts; a folder with such a text or folder alone, or with one for each split.
    """
    if not isinstance(source, (str, Path)) or settings.format != "auto" or settings.input or settings.output:
        return False
    if not os.path.exists(source := os.path.expanduser(source)):
        return False
    path = Path(source)
    if path.is_dir():
        found = listing(path)
        inside = [*found.folders, *found.files]
        given = splits_in(path)
        alone = len(inside) == 1 and inside[0].suffix.lower() != ".txt"  # which is a class, the only one
        if alone or given:
            return is_running_text(given.get("train", inside[0]), settings)
        claimed = any(form.recognise(path, b"") for _, form in formats.items())
        return not claimed and bool(_texts_in(path)[0])
    if not path.is_file() or path.suffix.lower() in TABLES:
        return False
    head = head_of(path, HEAD, path.name)
    if any(form.recognise(path, head) for _, form in formats.items() if not form.general):
        return False
    text = head.decode(codec_of(head, settings.encoding)[0], "replace")
    lines = [line for line in text.splitlines() if line.strip()]
    return delimiter_of(text, path.suffix.lower()) is None and len(lines) > 2 and sum(map(len, lines)) > 2 * len(lines)


def documents_of(source: Any, settings: DataSettings, records: Records | None = None) -> tuple[list[Document], str]:
    """All texts of a source, and the source in words. Raises DataError where there is none."""
    if records is not None:
        return _of_records(records, settings)
    path = existing(source)
    refuse_foreign(settings, (), f"{path.name}, which is running text")
    if path.is_dir():
        return _of_folder(path, settings)
    document = Document.in_file(path, path.name, settings.encoding)
    if document.size == 0:
        raise DataError("the file is empty", place=Place(path.name), mend="give a text")
    return [document], f"{path.name}: running text"


def splits_in(folder: Path) -> dict[str, Path]:
    """The entry of each split, where a folder holds ``train``, one other at least, and nothing else; else nothing."""
    found = listing(folder)
    entries = [*found.folders, *found.files]
    named = splits_by_name([entry.stem for entry in entries])
    splits = {named[entry.stem]: entry for entry in entries if entry.stem in named}
    return splits if len(splits) == len(entries) > 1 and "train" in splits else {}


def _of_folder(folder: Path, settings: DataSettings) -> tuple[list[Document], str]:
    found: list[Document] = []
    if splits := splits_in(folder):
        for split, entry in splits.items():
            found += [replace(document, split=split) for document in documents_of(entry, settings)[0]]
        listed = ", ".join(f"{split} from {entry.name}" for split, entry in splits.items())
        return found, f"{folder_name(folder)}: splits as given: {listed}"
    files, aside = _texts_in(folder)
    if not files:
        raise DataError("the folder holds no text", place=Place(str(folder)), mend="give a file or a folder of texts")
    found = [Document.in_file(file, str(file.relative_to(folder)), settings.encoding) for file in files]
    left = f"; {aside:,} other files left aside" if aside else ""
    return found, f"{folder_name(folder)}: {len(files):,} {files[0].suffix or 'text'} files{left}"


def _of_records(records: Records, settings: DataSettings) -> tuple[list[Document], str]:
    """A text column, row by row; the first one if none is named."""
    columns = settings.input or tuple(name for name, role in records.roles.items() if role == "input")
    name = (columns or tuple(records.columns))[0]
    texts = []
    for i, value in enumerate(records.column(name)):
        if isinstance(value, (list, tuple)):
            value = " ".join(map(str, value))
        if value is None or not str(value).strip():
            continue
        document = Document.in_memory(str(value), str(records.where(i, name)))
        split = None if records.split is None else split_name(records.split[i])
        texts.append(replace(document, split=split or "train"))
    if not texts:
        raise DataError("all texts are empty", place=Place(records.source, None, name), mend="name another --input")
    return texts, f'{records.source}: {len(texts):,} texts in column "{name}"'


def _texts_in(folder: Path) -> tuple[list[Path], int]:
    """The text files of a folder and all folders in it, those of the most frequent suffix; and how many others."""
    found = [
        file
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not any(part.startswith((".", "__pycache__")) for part in file.relative_to(folder).parts)
    ]
    texts = [file for file in found if file.stat().st_size and _looks_like_text(file)]
    if not texts:
        return [], len(found)
    suffix = Counter(file.suffix.lower() for file in texts).most_common(1)[0][0]
    chosen = [file for file in texts if file.suffix.lower() == suffix]
    return chosen, len(found) - len(chosen)


def _looks_like_text(file: Path) -> bool:
    if file.suffix.lower() in (".pyc", ".so", ".png", ".jpg", ".gz", ".zip", ".wav", ".safetensors"):
        return False
    head = head_of(file, 1024, file.name)
    return b"\0" not in head or codec_of(head, "auto")[1] > 0


def total(documents: Sequence[Document]) -> int:
    return sum(document.size for document in documents)
