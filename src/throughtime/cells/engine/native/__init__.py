"""The native engine: any recorded cell, forward and backward, in one call a sequence."""

from throughtime.cells.engine.native.run import run, why_not, why_not_cell
from throughtime.cells.engine.native.stepping import Stepper
from throughtime.cells.engine.native.untraced import set_eval_frame, untraced

__all__ = ["Stepper", "run", "set_eval_frame", "untraced", "why_not", "why_not_cell"]
