"""throughtime compare"""

from __future__ import annotations

from typing import Annotated

from typer import Argument

from throughtime.cli import options
from throughtime.cli.main import app
from throughtime.cli.output import print_json


@app.command()
def compare(
    runs: Annotated[list[str], Argument(help="Finished runs of one task on the same test rows.", metavar="RUN")],
    json: options.Json = False,
) -> None:
    """Set runs side by side: their figures, and the settings that differ."""
    from throughtime.training.runs import Run
    from throughtime.use.compare import compare_runs

    found = compare_runs([Run.open(run) for run in runs])
    print_json(found.rows) if json else print(found.text)
