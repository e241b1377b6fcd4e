"""Linear autoregression: each step ahead as a weighted sum of the last values and of what is known ahead."""

from throughtime.models.linear_autoregression.choice import Choice, Score, Way, choose
from throughtime.models.linear_autoregression.direct import Direct, fit_direct
from throughtime.models.linear_autoregression.recursive import Recursive, fit_recursive
from throughtime.models.linear_autoregression.unrolled import Unrolled

__all__ = ["Choice", "Direct", "Recursive", "Score", "Unrolled", "Way", "choose", "fit_direct", "fit_recursive"]
