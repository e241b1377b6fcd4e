"""throughtime report"""

from __future__ import annotations

from throughtime.cli import options
from throughtime.cli.main import app


@app.command()
def report(run: options.FinishedRun) -> None:
    """Write the report of a RUN again, and say where it is."""
    from throughtime.training.runs import Run
    from throughtime.use.report import report as write

    found = Run.open(run)
    print(write(found))
    found.finish()
