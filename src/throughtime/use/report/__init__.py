"""A run as one self-contained page: :func:`build` from plain values, :func:`report` from a run folder."""

from throughtime.use.report.from_run import report
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.page import build

__all__ = ["ReportMaterial", "build", "report"]
