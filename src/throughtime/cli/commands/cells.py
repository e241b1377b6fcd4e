"""throughtime cells"""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option

from throughtime.cli import options
from throughtime.cli.main import app
from throughtime.cli.output import print_json, print_table
from throughtime.errors import UsageError


@app.command()
def cells(
    name: Annotated[
        str | None, Argument(help="A cell, and its form: lstm, gru:bias=no.", metavar="NAME", show_default=False)
    ] = None,
    latex: Annotated[bool, Option("--latex", help="The equations as LaTeX.")] = False,
    use: options.Use = None,
    json: Annotated[bool, Option("--json", help="Print the recorded graph.")] = False,
) -> None:
    """List the cells, or print the equations of one."""
    from throughtime.api.own import import_files
    from throughtime.cells import cells as registered
    from throughtime.cells import describe

    import_files(use or ())
    if name is None:
        if latex or json:
            raise UsageError("--latex and --json print one cell; give its NAME")
        print_table([("cell", "what it is"), *((known, entry.title) for known, entry in registered.items())])
        return
    found = describe(name)
    if json:
        print_json(found.graph.to_json())
    else:
        print(found.latex if latex else found)
