"""throughtime predict"""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option

from throughtime.cli import options
from throughtime.cli.main import app
from throughtime.cli.output import print_json
from throughtime.errors import UsageError


@app.command()
def predict(
    run: options.FinishedRun,
    file: Annotated[
        str | None,
        Argument(help="A file or a folder with the run's input columns.", metavar="FILE", show_default=False),
    ] = None,
    text: Annotated[list[str] | None, Option(help="A text to answer (repeatable).", metavar="TEXT")] = None,
    use: options.Use = None,
    json: Annotated[bool, Option("--json", help="Print a JSON object a row.")] = False,
) -> None:
    """Answer a FILE, or a TEXT, with the probabilities; a language model shows the likeliest next tokens."""
    if (file is None) == (not text):
        raise UsageError("give either a FILE or --text TEXT")
    from throughtime.api import load
    from throughtime.use.predictions import best_and_sure

    trained = load(run, use=use or ())
    for row in trained.predict(text or file):
        if json:
            print_json(row)
        elif trained.task.name == "language_model":
            print("  ".join(f"{token!r} {share:.3f}" for token, share in row["probabilities"].items()))
        else:
            print(best_and_sure(row))
