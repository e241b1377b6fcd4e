"""throughtime demo"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from throughtime.cli import options
from throughtime.cli.main import app
from throughtime.cli.output import print_table, progress

if TYPE_CHECKING:
    from throughtime.demos import Demo, Laboratory


@app.command()
def demo(
    name: Annotated[str, Argument(help="A demonstration; list shows them all.", metavar="NAME")] = "swapped",
    run: Annotated[str | None, Option(help="Folder for the run; runs/demo-NAME if not given.", metavar="DIR")] = None,
    quiet: options.Quiet = False,
) -> None:
    """Show something on material that every machine has: a network against its baseline, or the laboratory."""
    from throughtime.demos import Laboratory, demos

    if name == "list":
        print_table([("demo", "what it shows"), *((known, entry.title) for known, entry in demos.items())])
        return
    found = demos[name]
    folder = run or f"runs/demo-{name}"
    print(f"{found.title}\n{found.story}\n", flush=True)
    if isinstance(found, Laboratory):
        _run(found, folder, quiet)
    else:
        _train(found, folder, quiet, resume=run is None)


def _run(found: Laboratory, folder: str, quiet: bool) -> None:
    shown = found.run(Path(folder), progress(quiet))
    print("\n" + "\n".join(shown.sentences) + "\n")
    print_table(shown.table)
    print(f"\npage: {shown.page}")


def _train(found: Demo, folder: str, quiet: bool, resume: bool) -> None:
    from throughtime.api import train
    from throughtime.use.predictions import best_and_sure

    trained = train(found.rows(), folder, progress=progress(quiet), resume=resume, **found.settings)
    print(f"\n{trained.verdict}\n")
    if trained.task.name == "forecast":
        from throughtime.use.future import future_text

        first = trained.predict()[:1]
        print(future_text(first, trained.metrics["forecast"]["level"]))
    if found.questions:
        answers = [best_and_sure(row) for row in trained.predict(list(found.questions))]
        print_table([("a line", "the answer"), *zip(found.questions, answers, strict=True)])
    print(f"\nreport: {trained.run.report.path}")
