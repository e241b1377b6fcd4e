"""throughtime evaluate"""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option

from throughtime.cli.main import app
from throughtime.cli.output import figures, print_json


@app.command()
def evaluate(
    run: Annotated[str, Argument(help="A finished run.")],
    data: Annotated[str, Argument(help="A file or a folder with the run's input and output columns.")],
    use: Annotated[list[str] | None, Option(help="File with tasks or formats of your own.", metavar="FILE.py")] = None,
    json: Annotated[bool, Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure a RUN on other labelled DATA."""
    from throughtime.api import load

    found = load(run, use=use or ()).evaluate(data)
    print_json(found) if json else print(figures(found))
