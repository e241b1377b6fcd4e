"""The material of a finished run once more, from where it was read."""

from __future__ import annotations

from pathlib import Path

from throughtime.api.own import import_files
from throughtime.api.prepare import prepare
from throughtime.api.prepared import Prepared
from throughtime.api.settings import chosen_in
from throughtime.errors import UsageError
from throughtime.training.runs import Run


def prepared_again(run: Run) -> Prepared:
    """The run's data, split, fitted and encoded as it was for training, from the run's own config.toml.

    Raises UsageError where the data came from Python, where it is no longer where it was, and where it holds other rows
    than the run has learnt from; DataError where it can no longer be read.
    """
    source = run.config.read().get("run", {})
    data = source.get("data", "")
    if not data:
        raise UsageError(f"{run.path}: its data came from Python and is not kept with it; give the data again")
    if not Path(data).expanduser().exists():
        where = "" if Path(data).is_absolute() else f", seen from {Path.cwd()}"
        raise UsageError(f"{run.path}: its data {data} is no longer there{where}; put it back, or give the data")
    import_files(source.get("use", ()))
    prepared = prepare(data, source.get("task"), chosen_in(run), lambda said: None)
    if run.data.exists() and prepared.figures()["digest"] != run.data.read().get("digest"):
        raise UsageError(
            f"{run.path}: its data {data} has changed since it was trained; put back what was there, or give the data"
        )
    return prepared
