"""throughtime evaluate"""

from __future__ import annotations

from typing import Annotated

from typer import Argument

from throughtime.cli import options
from throughtime.cli.main import app
from throughtime.cli.output import figures, print_json, print_note


@app.command()
def evaluate(
    run: options.FinishedRun,
    data: Annotated[str, Argument(help="A file or a folder with the run's input and output columns.", metavar="DATA")],
    use: options.Use = None,
    json: options.Json = False,
) -> None:
    """Measure a RUN on other labelled DATA."""
    from throughtime.api import load

    found = load(run, use=use or ()).evaluate(data, tell=print_note)
    print_json(found) if json else print(figures(found))
