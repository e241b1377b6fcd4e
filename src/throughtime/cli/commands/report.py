"""throughtime report"""

from __future__ import annotations

from typing import Annotated

from typer import Argument

from throughtime.cli.main import app


@app.command()
def report(run: Annotated[str, Argument(help="A finished run.")]) -> None:
    """Write the report of a RUN again, and say where it is."""
    from throughtime.training.runs import Run
    from throughtime.use.report import report as write

    found = Run.open(run)
    print(write(found))
    found.finish()
