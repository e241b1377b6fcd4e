"""The reader's own files: cells, formats, tasks and whatever else registers itself when imported."""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path

from throughtime.errors import ThroughtimeError, UsageError

_imported: set[Path] = set()


def import_files(paths: Iterable[str | os.PathLike[str]]) -> None:
    """Run each file once. Raises UsageError that names file and line for one that cannot be run."""
    for path in paths:
        place = Path(path).resolve()
        if place in _imported:
            continue
        if not place.is_file():
            raise UsageError(f"--use {path}: there is no such file")
        spec = importlib.util.spec_from_file_location(f"throughtime_own_{place.stem}", place)
        if spec is None or spec.loader is None:
            raise UsageError(f"--use {path}: it must be a Python file, with a name that ends in .py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        try:
            spec.loader.exec_module(module)
        except ThroughtimeError:
            raise
        except Exception as error:
            lines = [
                frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(place)
            ]
            line = getattr(error, "lineno", None) or (lines[-1] if lines else None)
            raise UsageError(f"--use {path} row {line}: {type(error).__name__}: {error}; mend the file") from error
        _imported.add(place)
