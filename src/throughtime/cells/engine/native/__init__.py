"""The native engine: any recorded cell, forward and backward, in one call a sequence."""

from throughtime.cells.engine.native.library import why_not_bf16
from throughtime.cells.engine.native.run import run, why_not, why_not_cell
from throughtime.cells.engine.native.stepping import Stepper

__all__ = ["Stepper", "run", "why_not", "why_not_bf16", "why_not_cell"]
