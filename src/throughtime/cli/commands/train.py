"""throughtime train"""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option

from throughtime.cli.main import app
from throughtime.cli.output import figures, pairs, print_json, progress

# Values are read as text here and checked where the settings are declared, so that every door gives the same message.
Text = str | None


@app.command()
def train(
    data: Annotated[
        str | None, Argument(help="A file or a folder; not needed with --config.", show_default=False)
    ] = None,
    run: Annotated[Text, Option(help="Folder for the run; it must be new or empty.", metavar="DIR")] = None,
    task: Annotated[Text, Option(help="Task; proposed from the data if not given.", metavar="NAME")] = None,
    input: Annotated[list[str] | None, Option(help="Column to learn from (repeatable).", metavar="COLUMN")] = None,
    output: Annotated[list[str] | None, Option(help="Column to learn.", metavar="COLUMN")] = None,
    valid: Annotated[Text, Option(help="Validation split: a fraction or a file.", metavar="FRACTION|FILE")] = None,
    test: Annotated[Text, Option(help="Test split: a fraction or a file.", metavar="FRACTION|FILE")] = None,
    split: Annotated[Text, Option(help="Column that says train, valid or test.", metavar="COLUMN")] = None,
    group: Annotated[Text, Option(help="Column whose equal values stay in one split.", metavar="COLUMN")] = None,
    cell: Annotated[
        Text, Option(help="Recurrent cell: lstm, gru, lstm:activation=relu ... (throughtime cells).", metavar="NAME")
    ] = None,
    hidden_size: Annotated[Text, Option(help="Units of a layer in one direction.", metavar="N")] = None,
    layers: Annotated[Text, Option(help="Recurrent layers.", metavar="N")] = None,
    bidirectional: Annotated[
        bool | None, Option("--bidirectional/--no-bidirectional", help="Read in both directions.")
    ] = None,
    dropout: Annotated[Text, Option(help="Share of dropout.", metavar="P")] = None,
    epochs: Annotated[Text, Option(help="Passes over the training split.", metavar="N")] = None,
    max_minutes: Annotated[Text, Option(help="Time limit of training.", metavar="MINUTES")] = None,
    max_length: Annotated[Text, Option(help="Tokens kept of a text.", metavar="N")] = None,
    batch_size: Annotated[Text, Option(help="Samples per update.", metavar="N")] = None,
    learning_rate: Annotated[Text, Option(help="Highest learning rate.", metavar="RATE")] = None,
    seed: Annotated[Text, Option(help="Seed of weights, order and masks.", metavar="N")] = None,
    seeds: Annotated[Text, Option(help="Train so many times; mean and spread are kept.", metavar="N")] = None,
    engine: Annotated[
        Text, Option(help="auto, torch or reference.", metavar="NAME", envvar="THROUGHTIME_ENGINE")
    ] = None,
    device: Annotated[Text, Option(help="auto, cpu, cuda ...", metavar="NAME")] = None,
    precision: Annotated[Text, Option(help="float32 or float64.", metavar="TYPE")] = None,
    threads: Annotated[Text, Option(help="Processor threads.", metavar="N")] = None,
    config: Annotated[
        Text, Option(help="Settings from a file; a run's own config.toml reruns it.", metavar="FILE.toml")
    ] = None,
    set: Annotated[
        list[str] | None, Option(help="Any other setting (throughtime tasks NAME lists them).", metavar="KEY=VALUE")
    ] = None,
    use: Annotated[
        list[str] | None, Option(help="File with cells, tasks or formats of your own.", metavar="FILE.py")
    ] = None,
    resume: Annotated[bool, Option("--resume", help="Go on with a run that was stopped.")] = False,
    json: Annotated[bool, Option("--json", help="Print metrics.json instead of words.")] = False,
    quiet: Annotated[bool, Option("--quiet", help="No progress.")] = False,
) -> None:
    """Train a network on DATA, measure it beside its baselines, and write everything into a run folder."""
    from throughtime.api import train as train_now

    options = {
        "input": tuple(input) if input else None,
        "output": tuple(output) if output else None,
        **{name: value for name, value in locals().items() if name in _SETTINGS},
    }
    chosen = {**pairs(set or ()), **{name: value for name, value in options.items() if value is not None}}
    trained = train_now(
        data, run, task=task, config=config, use=use or (), resume=resume, progress=progress(quiet), **chosen
    )
    if json:
        print_json(trained.metrics)
        return
    print(f"test   {figures(trained.metrics['test'])}")
    if trained.metrics["baseline"]:
        name, *rest = trained.metrics["baseline"].items()
        print(f"beside {figures(dict(rest))}  ({name[1]})")
    print(trained.verdict)
    print(f"report: {trained.run.report.path}")


_SETTINGS = ["valid", "test", "split", "group", "cell", "hidden_size", "layers", "bidirectional", "dropout", "epochs", "max_minutes", "max_length", "batch_size", "learning_rate", "seed", "seeds", "engine", "device", "precision", "threads"]
