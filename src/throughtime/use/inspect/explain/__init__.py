"""Why a network answers one input as it does."""

from throughtime.use.inspect.explain.decoded import explain_written
from throughtime.use.inspect.explain.explained import Explained
from throughtime.use.inspect.explain.lines import lines
from throughtime.use.inspect.explain.nearest import Among, among
from throughtime.use.inspect.explain.rows import explain_row
from throughtime.use.inspect.explain.texts import explain_text

__all__ = ["Among", "Explained", "among", "explain_row", "explain_text", "explain_written", "lines"]
