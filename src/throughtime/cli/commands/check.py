"""throughtime check"""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option

from throughtime.cli.main import app
from throughtime.cli.options import chosen
from throughtime.cli.output import print_json


@app.command()
def check(
    data: Annotated[str, Argument(help="A file or a folder.")],
    task: Annotated[str | None, Option(help="Task; proposed from the data if not given.", metavar="NAME")] = None,
    input: Annotated[list[str] | None, Option(help="Column to learn from (repeatable).", metavar="COLUMN")] = None,
    output: Annotated[list[str] | None, Option(help="Column to learn.", metavar="COLUMN")] = None,
    valid: Annotated[
        str | None, Option(help="Validation split: a fraction or a file.", metavar="FRACTION|FILE")
    ] = None,
    test: Annotated[str | None, Option(help="Test split: a fraction or a file.", metavar="FRACTION|FILE")] = None,
    split: Annotated[str | None, Option(help="Column that says train, valid or test.", metavar="COLUMN")] = None,
    group: Annotated[str | None, Option(help="Column whose equal values stay in one split.", metavar="COLUMN")] = None,
    max_length: Annotated[str | None, Option(help="Tokens kept of a text.", metavar="N")] = None,
    set: Annotated[list[str] | None, Option(help="Any other setting.", metavar="KEY=VALUE")] = None,
    use: Annotated[list[str] | None, Option(help="File with tasks or formats of your own.", metavar="FILE.py")] = None,
    json: Annotated[bool, Option("--json", help="Print all figures as JSON.")] = False,
) -> None:
    """Read all of DATA as train would, say what matters about it, and train nothing."""
    from throughtime.api import check as check_now

    settings = chosen(
        set,
        input=input or None,
        output=output or None,
        valid=valid,
        test=test,
        split=split,
        group=group,
        max_length=max_length,
    )
    found = check_now(data, task=task, use=use or (), **settings)
    if json:
        print_json(found.figures)
    else:
        print(found)
