"""throughtime demo"""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option

from throughtime.cli.main import app
from throughtime.cli.output import print_table, progress


@app.command()
def demo(
    name: Annotated[str, Argument(help="A demonstration; list shows them all.")] = "swapped",
    run: Annotated[str | None, Option(help="Folder for the run; runs/demo-NAME if not given.", metavar="DIR")] = None,
    quiet: Annotated[bool, Option("--quiet", help="No progress.")] = False,
) -> None:
    """Train on material that every machine has, and say who wins: the network or its baseline."""
    from throughtime.demos import demos

    if name == "list":
        print_table([("demo", "what it shows"), *((known, entry.title) for known, entry in demos.items())])
        return
    found = demos[name]
    folder = run or f"runs/demo-{name}"
    from throughtime.api import train
    from throughtime.use.predictions import best_and_sure

    print(f"{found.title}\n{found.story}\n", flush=True)
    trained = train(found.rows(), folder, progress=progress(quiet), resume=run is None, **found.settings)
    print(f"\n{trained.verdict}\n")
    if found.questions:
        print_table(
            [("a line", "the answer")]
            + [
                (q, best_and_sure(a))
                for q, a in zip(found.questions, trained.predict(list(found.questions)), strict=True)
            ]
        )
    print(f"\nreport: {trained.run.report.path}")
