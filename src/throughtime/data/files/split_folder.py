"""A folder that holds its splits: ``train`` beside ``valid`` or ``test``, each a file or a folder of any format."""

from __future__ import annotations

from pathlib import Path

from throughtime.data.files.folders import (
    SPLIT_NAMES,
    folder_name,
    holds_splits,
    left_aside,
    listing,
    splits_by_name,
    stem,
)
from throughtime.data.files.format import Format, formats
from throughtime.data.files.parallel import holds_columns
from throughtime.data.files.reading import read
from throughtime.data.records import Records, joined
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place
from throughtime.settings import changed


def read_split_folder(folder: Path, settings: DataSettings) -> Records:
    """The records of all parts, their ``split`` filled in; the parts must have the same columns."""
    found = listing(folder)
    entries = [*found.folders, *found.files]
    names = splits_by_name([stem(entry) for entry in entries])
    parts: dict[str, Path] = {}
    for entry in entries:
        split = names.get(stem(entry))
        if split in parts:
            problem = f"{parts[split].name} and {entry.name} both hold the {split} split"
            raise DataError(
                problem, place=Place(folder_name(folder)), mend="remove one, or name files with --valid and --test"
            )
        if split is not None:
            parts[split] = entry
    if "train" not in parts:
        raise DataError(
            "holds no train split", place=Place(folder_name(folder)), mend="name a file or folder in it train"
        )
    order = [split for split in SPLIT_NAMES if split in parts]
    inside = changed(settings, format="auto") if settings.format == "split_folder" else settings
    records = joined({split: read(parts[split], inside) for split in order}, folder_name(folder))
    listed = ", ".join(f"{split} from {parts[split].name}" for split in order)
    others = [entry for entry in entries if stem(entry) not in names]
    return records.noting(
        f"{folder_name(folder)}: splits as given: {listed}", *left_aside(folder, [*others, *found.beside])
    )


def is_split_folder(path: Path, head: bytes) -> bool:
    """A folder with ``train`` and at least one of ``valid`` and ``test``, unless these hold a file for each column."""
    return path.is_dir() and holds_splits(path) and not holds_columns(path)


formats.add(
    "split_folder",
    Format(
        "split_folder",
        "a folder with train, valid and test, each a file or a folder",
        is_split_folder,
        read_split_folder,
        settings=("stress", "frame"),
    ),
)
