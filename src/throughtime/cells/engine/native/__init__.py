"""The native engine: any recorded cell, forward and backward, in one call a sequence."""

from throughtime.cells.engine.native.run import run, why_not

__all__ = ["run", "why_not"]
