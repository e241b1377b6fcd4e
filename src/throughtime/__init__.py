"""throughtime: learning from sequences with recurrent networks.

    import throughtime as tt
    run = tt.train("reviews.csv", run="runs/reviews", output="label")
    tt.load("runs/reviews").predict(["a film one could watch for ever"])

What is named here is imported on first use, so that ``import throughtime`` costs nothing.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import TYPE_CHECKING, Any

_HOME = {
    "train": "throughtime.api",
    "load": "throughtime.api",
    "check": "throughtime.api",
    "Recurrent": "throughtime.cells.recurrent",
    "Pooling": "throughtime.cells.pooling",
    "Draw": "throughtime.batch",
    "cell": "throughtime.cells",
    "cells": "throughtime.cells",
}

__all__ = ["Draw", "Pooling", "Recurrent", "cell", "cells", "check", "load", "nn", "train"]

if TYPE_CHECKING:
    from throughtime import nn
    from throughtime.api import check, load, train
    from throughtime.batch import Draw
    from throughtime.cells import cell, cells
    from throughtime.cells.pooling import Pooling
    from throughtime.cells.recurrent import Recurrent


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.metadata.version("throughtime")
    if name == "nn":  # a module, which becomes an attribute by being imported
        return importlib.import_module("throughtime.nn")
    if name not in _HOME:
        raise AttributeError(f"module 'throughtime' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
