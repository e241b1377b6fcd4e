"""Times of a column: one form, one step, a grid on which every row has its place; the calendar."""

from throughtime.data.times.axis import Axis, Step
from throughtime.data.times.grid import WITHIN, Grid, grid_of, spread
from throughtime.data.times.stamps import Style, Times, says_when, times_of

__all__ = ["WITHIN", "Axis", "Grid", "Step", "Style", "Times", "grid_of", "says_when", "spread", "times_of"]
