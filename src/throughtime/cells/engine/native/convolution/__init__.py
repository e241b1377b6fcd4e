"""Convolutional cells: convolutions by torch, everything between them in one call into the engine a step."""

from throughtime.cells.engine.native.convolution.cell import why_not_cell
from throughtime.cells.engine.native.convolution.run import run, why_not

__all__ = ["run", "why_not", "why_not_cell"]
