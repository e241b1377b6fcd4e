"""What stands in a folder, in a fixed order, without what nobody means: hidden files and read-me files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from throughtime.errors import DataError, Place

BESIDE = re.compile(r"(^|[._-])(readme|licen[cs]e|changelog|copying|notice|citation)($|[._-])", re.IGNORECASE)
SPLIT_NAMES = {
    "train": ("train", "training"),
    "valid": ("valid", "validation", "val", "dev"),
    "test": ("test", "testing", "eval"),
}


@dataclass(frozen=True)
class Listing:
    """The folders and files of a folder, by name; ``beside`` are read-me files and the like, left aside."""

    folders: tuple[Path, ...]
    files: tuple[Path, ...]
    beside: tuple[Path, ...]


def listing(folder: Path) -> Listing:
    """What a folder holds; a DataError if it cannot be opened."""
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith((".", "__MACOSX")))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(
            f"cannot be opened ({reason})", place=Place(folder_name(folder)), mend="check its permissions"
        ) from None
    folders = tuple(entry for entry in entries if entry.is_dir())
    files = [entry for entry in entries if not entry.is_dir()]
    beside = tuple(file for file in files if BESIDE.search(file.name))
    return Listing(folders, tuple(file for file in files if file not in beside), beside)


def folder_name(folder: Path) -> str:
    """The folder as messages name it: ``names/``."""
    return f"{folder.resolve().name}/"


def stem(path: Path) -> str:
    """The name without its suffix, and without the one that says that it is packed.

    >>> stem(Path("train.fasta.gz")), stem(Path("a.b.csv"))
    ('train', 'a.b')
    """
    return Path(path.stem).stem if path.suffix == ".gz" else path.stem


def left_aside(folder: Path, entries: Iterable[Path]) -> list[str]:
    """A note on what was not read, none if there is nothing."""
    names = [entry.name + ("/" if entry.is_dir() else "") for entry in entries]
    listed = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return [f"{folder_name(folder)}: left aside: {listed}"] if names else []


def split_name(word: str) -> str | None:
    """The split that a word means: ``dev`` is the validation split; None if it is no word for a split."""
    return next((split for split, words in SPLIT_NAMES.items() if word.strip().lower() in words), None)


def splits_by_name(names: Sequence[str]) -> dict[str, str]:
    """The split that each name means, of those that mean one: by itself, or by what stands behind all they share.

    ``eval`` beside ``test`` is the validation split.

    >>> splits_by_name(["train", "dev", "notes"]), splits_by_name(["ar-train", "ar-eval", "ar-test"])
    ({'train': 'train', 'dev': 'valid'}, {'ar-train': 'train', 'ar-eval': 'valid', 'ar-test': 'test'})
    """
    words = {name: name.strip().lower() for name in names}
    ends = {name: re.split("[._-]", word)[-1] for name, word in words.items()}
    starts = {word.removesuffix(ends[name]) for name, word in words.items()}
    if len(starts) == 1 and all(map(split_name, ends.values())):
        words = ends
    found = {name: split for name, word in words.items() if (split := split_name(word)) is not None}
    if "valid" not in found.values() and list(found.values()).count("test") > 1:
        found |= {name: "valid" for name in found if words[name] == "eval"}
    return found


def holds_splits(folder: Path) -> bool:
    """Whether a folder holds ``train`` and at least one of ``valid`` and ``test``."""
    found = listing(folder)
    splits = set(splits_by_name([stem(entry) for entry in (*found.folders, *found.files)]).values())
    return "train" in splits and len(splits) > 1


def encodings_in_words(encodings: dict[str, str]) -> str:
    """The encodings of several files (file name to encoding): ``UTF-8``, or which file differs."""
    found = sorted(set(encodings.values()))
    if len(found) == 1:
        return found[0]
    parts = []
    for encoding in found:
        files = [file for file, other in encodings.items() if other == encoding]
        parts.append(f"{encoding} in {len(files)} {'file' if len(files) == 1 else 'files'} (first {files[0]})")
    return ", ".join(parts)
