"""The material of a finished run once more, from where it was read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from throughtime.api.own import import_files
from throughtime.api.prepare import prepare
from throughtime.api.prepared import Prepared
from throughtime.api.settings import chosen_in
from throughtime.errors import UsageError
from throughtime.training.runs import Run


def prepared_again(run: Run, data: Any = None) -> Prepared:
    """The run's data, split, fitted and encoded as it was for training, from the run's own config.toml.

    ``data`` takes the place of where it was read, for what came from Python or was moved: it must be the same.

    Raises UsageError where the data came from Python, where it is no longer where it was, and where it holds other rows
    than the run has learnt from; DataError where it can no longer be read.
    """
    source = run.config.read().get("run", {})
    given = data is not None
    data = data if given else source.get("data", "")
    if not given and not data:
        raise UsageError(f"{run.path}: its data came from Python and is not kept with it; give it again as data=...")
    if not given and not Path(data).expanduser().exists():
        where = "" if Path(data).is_absolute() else f", seen from {Path.cwd()}"
        raise UsageError(
            f"{run.path}: its data {data} is no longer there{where}; put it back, or say where it is with --data"
        )
    import_files(source.get("use", ()))
    prepared = prepare(data, source.get("task"), chosen_in(run), lambda said: None)
    if run.data.exists() and prepared.figures()["digest"] != run.data.read().get("digest"):
        raise UsageError(
            f"{run.path}: {data if isinstance(data, str) else 'the data'} is not what it was trained on; "
            "give what was there then"
        )
    return prepared
