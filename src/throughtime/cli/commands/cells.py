"""throughtime cells"""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option

from throughtime.cli.main import app
from throughtime.cli.output import print_json, print_table


@app.command()
def cells(
    name: Annotated[str | None, Argument(help="A cell, and its form: lstm, gru:bias=no.", show_default=False)] = None,
    latex: Annotated[bool, Option("--latex", help="The equations as LaTeX.")] = False,
    use: Annotated[list[str] | None, Option(help="File with cells of your own.", metavar="FILE.py")] = None,
    json: Annotated[bool, Option("--json", help="Print the recorded graph.")] = False,
) -> None:
    """List the cells, or print the equations of one."""
    from throughtime.api.own import import_files
    from throughtime.cells import cells as registered
    from throughtime.cells import describe

    import_files(use or ())
    if name is None:
        print_table([("cell", "what it is"), *((known, entry.title) for known, entry in registered.items())])
        return
    found = describe(name)
    if json:
        print_json(found.graph.to_json())
    else:
        print(found.latex if latex else found)
