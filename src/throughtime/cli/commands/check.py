"""throughtime check"""

from __future__ import annotations

from typing import Annotated

from typer import Argument

from throughtime.cli import options
from throughtime.cli.main import app
from throughtime.cli.output import print_json


@app.command()
def check(
    data: Annotated[str, Argument(help="A file or a folder.", metavar="DATA")],
    task: options.Task = None,
    input: options.Input = None,
    output: options.Output = None,
    valid: options.Valid = None,
    test: options.Test = None,
    split: options.Split = None,
    group: options.Group = None,
    max_length: options.MaxLength = None,
    set: options.Set = None,
    use: options.Use = None,
    json: options.Json = False,
) -> None:
    """Read all of DATA as train would, say what matters about it, and train nothing."""
    from throughtime.api import check as check_now

    settings = options.chosen(
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
