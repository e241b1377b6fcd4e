"""Cells: the language they are written in, the cells themselves, and the layers that run them through time."""

from throughtime.cells.cell import Cell, cell, cells, form
from throughtime.cells.describe import Description, describe
from throughtime.cells.equations import Graph, exp, identity, mean, norm, record, relu, sigmoid, sqrt, tanh

__all__ = [
    "Cell",
    "Description",
    "Graph",
    "cell",
    "cells",
    "describe",
    "exp",
    "form",
    "identity",
    "mean",
    "norm",
    "record",
    "relu",
    "sigmoid",
    "sqrt",
    "tanh",
]
