"""Engines run one layer of a recorded cell through time, in one direction, behind one signature."""

from throughtime.cells.engine.choice import ENGINES, choose, default_engine
from throughtime.cells.engine.contract import ORDINARY, Execution, Noise, Result, Work

__all__ = ["ENGINES", "ORDINARY", "Execution", "Noise", "Result", "Work", "choose", "default_engine"]
