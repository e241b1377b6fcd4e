"""throughtime demo"""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option

from throughtime.cli import options
from throughtime.cli.main import app
from throughtime.cli.output import print_table, progress


@app.command()
def demo(
    name: Annotated[str, Argument(help="A demonstration; list shows them all.", metavar="NAME")] = "swapped",
    run: Annotated[str | None, Option(help="Folder for the run; runs/demo-NAME if not given.", metavar="DIR")] = None,
    quiet: options.Quiet = False,
) -> None:
    """Train on material that every machine has, and say who wins: the network or its baseline."""
    from throughtime.demos import demos

    if name == "list":
        print_table([("demo", "what it shows"), *((known, entry.title) for known, entry in demos.items())])
        return
    from throughtime.api import train
    from throughtime.use.predictions import best_and_sure

    found = demos[name]
    folder = run or f"runs/demo-{name}"
    print(f"{found.title}\n{found.story}\n", flush=True)
    trained = train(found.rows(), folder, progress=progress(quiet), resume=run is None, **found.settings)
    print(f"\n{trained.verdict}\n")
    if found.questions:
        answers = [best_and_sure(row) for row in trained.predict(list(found.questions))]
        print_table([("a line", "the answer"), *zip(found.questions, answers, strict=True)])
    print(f"\nreport: {trained.run.report.path}")
