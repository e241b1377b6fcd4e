"""throughtime train"""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option

from throughtime.cli import options
from throughtime.cli.main import app
from throughtime.cli.options import Text
from throughtime.cli.output import figures, print_json, progress


@app.command()
def train(
    data: Annotated[
        Text, Argument(help="A file or a folder; not needed with --config.", metavar="DATA", show_default=False)
    ] = None,
    run: Annotated[Text, Option(help="Folder for the run; it must be new or empty.", metavar="DIR")] = None,
    task: options.Task = None,
    input: options.Input = None,
    output: options.Output = None,
    valid: options.Valid = None,
    test: options.Test = None,
    split: options.Split = None,
    group: options.Group = None,
    cell: Annotated[Text, Option(help="Recurrent cell (throughtime cells): lstm, gru:bias=no.", metavar="NAME")] = None,
    hidden_size: Annotated[Text, Option(help="Units of a layer in one direction.", metavar="N")] = None,
    layers: Annotated[Text, Option(help="Recurrent layers.", metavar="N")] = None,
    bidirectional: Annotated[
        bool | None, Option("--bidirectional/--no-bidirectional", help="Read in both directions.")
    ] = None,
    dropout: Annotated[Text, Option(help="Share of dropout.", metavar="P")] = None,
    epochs: Annotated[Text, Option(help="Passes over the training split.", metavar="N")] = None,
    max_minutes: Annotated[Text, Option(help="Time limit of training.", metavar="MINUTES")] = None,
    max_length: options.MaxLength = None,
    batch_size: Annotated[Text, Option(help="Samples per update.", metavar="N")] = None,
    learning_rate: Annotated[Text, Option(help="Highest learning rate.", metavar="RATE")] = None,
    seed: Annotated[Text, Option(help="Seed of weights, order and masks.", metavar="N")] = None,
    seeds: Annotated[Text, Option(help="Train so many times; mean and spread are kept.", metavar="N")] = None,
    engine: Annotated[
        Text, Option(help="auto, native, torch or reference.", metavar="NAME", envvar="THROUGHTIME_ENGINE")
    ] = None,
    device: Annotated[Text, Option(help="auto, cpu, cuda ...", metavar="NAME")] = None,
    precision: Annotated[Text, Option(help="float32, float64 or bf16.", metavar="TYPE")] = None,
    threads: Annotated[Text, Option(help="Processor threads.", metavar="N")] = None,
    checkpoint_time: Annotated[
        Text, Option(help="Keep every Nth state of very long sequences, and run the rest again.", metavar="N")
    ] = None,
    init_from: Annotated[Text, Option(help="A run to begin from, such as a language model.", metavar="RUN")] = None,
    config: Annotated[
        Text, Option(help="Settings from a file; a run's own config.toml reruns it.", metavar="FILE.toml")
    ] = None,
    set: options.Set = None,
    use: options.Use = None,
    resume: Annotated[bool, Option("--resume", help="Go on with a run that was stopped.")] = False,
    json: Annotated[bool, Option("--json", help="Print metrics.json instead of words.")] = False,
    quiet: options.Quiet = False,
) -> None:
    """Train a network on DATA, measure it beside its baselines, and write everything into a run folder."""
    from throughtime.api import train as train_now

    settings = options.chosen(
        set,
        input=input or None,
        output=output or None,
        valid=valid,
        test=test,
        split=split,
        group=group,
        cell=cell,
        hidden_size=hidden_size,
        layers=layers,
        bidirectional=bidirectional,
        dropout=dropout,
        epochs=epochs,
        max_minutes=max_minutes,
        max_length=max_length,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
        seeds=seeds,
        engine=engine,
        device=device,
        precision=precision,
        threads=threads,
        checkpoint_time=checkpoint_time,
        init_from=init_from,
    )
    trained = train_now(
        data, run, task=task, config=config, use=use or (), resume=resume, progress=progress(quiet), **settings
    )
    if json:
        print_json(trained.metrics)
        return
    watched = trained.metrics["metric"]
    print(f"test   {figures(trained.metrics['test'], watched)}")
    if beside := trained.metrics["baseline"]:
        theirs = {name: value for name, value in beside.items() if name != "name"}
        print(f"beside {figures(theirs, watched)}  ({beside['name']})")
    print(trained.verdict)
    if trained.run.forecast.exists():
        print(f"future: {trained.run.forecast.path}")
    print(f"report: {trained.run.report.path}")
