"""The language of cells: symbols, the recorded graph, its shapes, its print."""

from throughtime.cells.equations.graph import Graph, Node
from throughtime.cells.equations.language import exp, identity, mean, norm, relu, sigmoid, sqrt, tanh
from throughtime.cells.equations.record import record

__all__ = ["Graph", "Node", "exp", "identity", "mean", "norm", "record", "relu", "sigmoid", "sqrt", "tanh"]
