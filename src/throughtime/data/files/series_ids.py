"""Which file an id means: by its name, by its stem, by what its name has of its own, or by the number in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from throughtime.data.values import class_name


def _numbered(value: str) -> str:
    return str(int(value)) if re.fullmatch(r"\d{1,18}", value) else value


def _number_in(path: Path) -> str:
    digits = re.findall(r"\d{1,18}", path.stem)
    return str(int(digits[-1])) if digits else path.stem


def _own(files: Sequence[Path]) -> list[str]:
    """Of each stem what the others do not share at its beginning and end; numbers stay whole."""
    stems = [file.stem for file in files]
    start = re.sub(r"\d+$", "", _beginning(stems))
    rests = [stem.removeprefix(start) for stem in stems]
    end = re.sub(r"^\d+", "", _beginning([rest[::-1] for rest in rests])[::-1])
    return [rest.removesuffix(end) for rest in rests]


def _beginning(texts: Sequence[str]) -> str:
    """What all of several texts begin with; nothing of a single one."""
    first, last = min(texts), max(texts)
    if first == last:
        return ""
    return first[: next((k for k, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]


WAYS: Mapping[str, Callable[[str], str]] = {"name": str, "stem": str, "own": str, "number": _numbered}


def names_of(files: Sequence[Path], way: str) -> list[str]:
    """What each file is called, in one of the ways.

    >>> files = [Path("walk_01_raw.csv"), Path("walk_12_raw.csv")]
    >>> [names_of(files, way) for way in ("stem", "own", "number")]
    [['walk_01_raw', 'walk_12_raw'], ['01', '12'], ['1', '12']]
    """
    if way == "own":
        return _own(files)
    call: Callable[[Path], str] = {"name": lambda f: f.name, "stem": lambda f: f.stem, "number": _number_in}[way]
    return [call(file) for file in files]


def best_way(values: Sequence[object], files: Sequence[Path]) -> tuple[str, int]:
    """The way in which most of these values name a file, and how many files that are; the first among equals."""
    found = []
    for way, form in WAYS.items():
        wanted = {form(class_name(value)) for value in values}
        found.append((way, len(wanted & set(names_of(files, way)))))
    return max(found, key=lambda pair: pair[1])


def as_name(value: object, way: str) -> str:
    """An id in the form in which files are called."""
    return WAYS[way](class_name(value))
