"""The verdict: the network against its baseline, in words and numbers, with an honest interval.

The report, the command line and the Python interface say the same sentences, which come from here.
"""

from throughtime.use.verdict.comparison import Comparison, comparison, counts_rows, direction, told_metrics
from throughtime.use.verdict.intervals import wilson
from throughtime.use.verdict.names import baseline_words, metric_axis, metric_words
from throughtime.use.verdict.words import verdict

__all__ = [
    "Comparison",
    "baseline_words",
    "comparison",
    "counts_rows",
    "direction",
    "metric_axis",
    "metric_words",
    "told_metrics",
    "verdict",
    "wilson",
]
