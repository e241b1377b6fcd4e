"""Why a network answers one input as it does."""

from throughtime.use.inspect.explain.decoded import explain_written
from throughtime.use.inspect.explain.explained import Explained
from throughtime.use.inspect.explain.forecast import ExplainedForecast, explain_forecast
from throughtime.use.inspect.explain.forecast_lines import forecast_lines
from throughtime.use.inspect.explain.lines import lines
from throughtime.use.inspect.explain.nearest import Among, among
from throughtime.use.inspect.explain.rows import explain_row
from throughtime.use.inspect.explain.texts import explain_text

__all__ = [
    "Among",
    "Explained",
    "ExplainedForecast",
    "among",
    "explain_forecast",
    "explain_row",
    "explain_text",
    "explain_written",
    "forecast_lines",
    "lines",
]
