"""The way in: any source to records, its format recognised by content, then by name, or given."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from throughtime.data.files.decoding import refuse_binary
from throughtime.data.files.folders import folder_name, left_aside, listing
from throughtime.data.files.format import Format, formats
from throughtime.data.files.memory import read_memory
from throughtime.data.music import frame_length, is_music
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place, UsageError

HEAD_BYTES = 1 << 16


def read(source: Any, settings: DataSettings) -> Records:
    """Records from a path (str or Path), or from what a Python program holds (see :func:`read_memory`).

    Raises DataError for what cannot be read, with its place, and UsageError for a path that is not there.

    >>> read([{"text": "fine", "label": "pos"}], DataSettings()).columns["label"]
    ['pos']
    """
    if not isinstance(source, (str, Path)):
        refuse_foreign(settings, ("frame",) if is_music(source) else (), "what Python holds in memory")
        frame_length(settings)
        return read_memory(source)
    path = existing(source)
    if settings.format != "auto":
        return _read(formats[settings.format], path, settings)
    if path.is_dir():
        inside = _only_entry(path)
        if inside is not None:
            records = read(inside, settings)
            taken = f"{folder_name(path)}: {inside.name}{'/' if inside.is_dir() else ''} inside it is taken"
            return records.noting(taken, *left_aside(path, listing(path).beside))
    return _read(_recognised(path), path, settings)


def holds_documents(source: Any, settings: DataSettings) -> bool:
    """Whether a path is of a format of which a language model reads the records, or a folder of such files."""
    if not isinstance(source, (str, Path)) or settings.format != "auto":
        return False
    path = Path(source).expanduser()
    if not os.path.exists(path):  # which takes a text in the place of a path too
        return False
    if path.is_dir():
        found = listing(path)
        return bool(found.files) and all(map(_is_documents, found.files))
    return path.is_file() and _is_documents(path)


def _is_documents(path: Path) -> bool:
    head = head_of(path)
    return any(form.documents and form.recognise(path, head) for _, form in formats.items())


def _read(form: Format, path: Path, settings: DataSettings) -> Records:
    refuse_foreign(settings, form.settings, f"{path.name} ({form.name})")
    return form.read(path, settings)


def refuse_foreign(settings: DataSettings, obeyed: Sequence[str], where: str) -> None:
    """Raise UsageError for a setting that was changed, belongs to some formats, and is not obeyed here."""
    usual = DataSettings()
    for name in sorted({name for _, form in formats.items() for name in form.settings} - set(obeyed)):
        if getattr(settings, name) != getattr(usual, name):
            of = " or ".join(form.name for _, form in formats.items() if name in form.settings)
            value = getattr(settings, name)
            raise UsageError(f"--set {name}={value}: it is for {of}, and acts on nothing in {where}; leave it out")


def existing(source: str | Path) -> Path:
    """The path of a file or folder that is there; else a UsageError that says what is there instead."""
    path = Path(source).expanduser()
    try:
        if path.is_dir() or path.is_file():
            return path
        there = path.exists()
    except OSError as error:
        raise UsageError(
            f"{source}: cannot be opened ({(error.strerror or str(error)).lower()}); check the path"
        ) from None
    if there:
        raise UsageError(f"{source}: it is neither a file nor a folder; give a file, or save the stream to one")
    raise UsageError(f"{source}: there is no such file or folder; {_neighbours(path)}")


def _neighbours(path: Path) -> str:
    parent = path.parent
    if not parent.is_dir():
        return f"the folder {parent} does not exist either"
    names = [entry.name for entry in sorted(parent.iterdir())]
    near = difflib.get_close_matches(path.name, names, n=1) or [name for name in names if Path(name).stem == path.stem]
    if near:
        return f'did you mean "{parent / near[0] if str(parent) != "." else near[0]}"?'
    return "check the path"


def _only_entry(folder: Path) -> Path | None:
    """What a folder holds if it is one folder, or one file that is no class of its own."""
    found = listing(folder)
    entries = [*found.folders, *found.files]
    if len(entries) != 1 or entries[0].suffix.lower() == ".txt":
        return None
    return entries[0]


def _recognised(path: Path) -> Format:
    head = head_of(path)
    claims = [form for _, form in formats.items() if form.recognise(path, head)]
    special = [form for form in claims if not form.general]
    if len(special) > 1:
        names = " and ".join(form.name for form in special)
        raise UsageError(f"{path.name}: it looks like {names}; say which with --set format={special[0].name}")
    if special:
        return special[0]
    if path.is_dir():
        raise DataError(
            "the folder holds nothing that can be read", place=Place(folder_name(path)), mend=_folder_mend(path)
        )
    refuse_binary(head, path.name)
    return claims[0]


def head_of(path: Path) -> bytes:
    """The first bytes of a file, none of a folder; a DataError if it cannot be read."""
    if path.is_dir():
        return b""
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(f"cannot be read ({reason})", place=Place(path.name), mend="check its permissions") from None


def _folder_mend(path: Path) -> str:
    files = listing(path).files
    if files:
        return (
            f"name one of its files ({', '.join(file.name for file in files[:3])}{', ...' if len(files) > 3 else ''})"
        )
    return "give one .txt file a class, one folder a class, or files named train, valid and test"
