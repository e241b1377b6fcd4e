"""What is measured of answers; one file a family of metrics, found through the registry."""

from throughtime.models.metrics.confusion import ClassFigures, confusion_matrix, per_class
from throughtime.models.metrics.entropy import surprise
from throughtime.models.metrics.metric import Metric, measures, metrics, metrics_of
from throughtime.models.metrics.outcome import Kind, Outcome, Spread
from throughtime.models.metrics.text_units import TextUnit
from throughtime.models.metrics.translation import signatures

__all__ = [
    "ClassFigures",
    "Kind",
    "Metric",
    "Outcome",
    "Spread",
    "TextUnit",
    "confusion_matrix",
    "measures",
    "metrics",
    "metrics_of",
    "per_class",
    "signatures",
    "surprise",
]
