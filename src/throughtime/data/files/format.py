"""What a file format is, and the registry that finds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.registry import Registry


@dataclass(frozen=True)
class Format:
    """One way in which records stand in a file or folder.

    ``recognise(path, head)`` sees the first 64 KiB of a file (nothing of a folder); ``read(path, settings)`` raises
    DataError with the place of what it cannot read. A ``general`` format takes what no other one claims. ``settings``
    name those that only this format and others that name them obey, or hand on. Of ``documents`` a language model reads
    the records, each a text by itself, and not the file.
    """

    name: str
    description: str
    recognise: Callable[[Path, bytes], bool]
    read: Callable[[Path, DataSettings], Records]
    general: bool = False
    settings: tuple[str, ...] = ()
    documents: bool = False


formats: Registry[Format] = Registry("format", "throughtime.data.files")
