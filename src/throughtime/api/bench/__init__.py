"""How fast the native engine is on this machine, beside torch in the same run: one file a table."""

from throughtime.api.bench.page import page
from throughtime.api.bench.plan import Plan, Shape
from throughtime.api.bench.progress import Progress, progress_on
from throughtime.api.bench.run import Results, bench
from throughtime.api.bench.tables import TABLES, chosen
from throughtime.api.bench.text import in_words, markdown
from throughtime.api.bench.writing import Folder

__all__ = [
    "TABLES",
    "Folder",
    "Plan",
    "Progress",
    "Results",
    "Shape",
    "bench",
    "chosen",
    "in_words",
    "markdown",
    "page",
    "progress_on",
]
