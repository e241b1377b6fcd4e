"""throughtime predict"""

from __future__ import annotations

from typing import Annotated, Any

from typer import Argument, Option

from throughtime.cli import options
from throughtime.cli.main import app
from throughtime.cli.output import print_json, print_note
from throughtime.errors import UsageError


@app.command()
def predict(
    run: options.FinishedRun,
    file: Annotated[
        str | None,
        Argument(
            help="A file or a folder with the run's input columns; of a forecaster, rows that go on from its own.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    text: Annotated[list[str] | None, Option(help="A text to answer (repeatable).", metavar="TEXT")] = None,
    beam: Annotated[
        int | None,
        Option(
            help="Hypotheses kept while a text is written.",
        ),
    ] = None,
    n_best: Annotated[
        int | None,
        Option(
            help="Texts written for an input, the best first.",
        ),
    ] = None,
    length_penalty: Annotated[
        float | None, Option(help="Power of the length by which log-probabilities are divided.")
    ] = None,
    coverage_penalty: Annotated[
        float | None, Option(help="Weight of how little of the input a text looked at.")
    ] = None,
    longest: Annotated[int | None, Option(help="Tokens after which a text ends, finished or not.")] = None,
    prefix: Annotated[str | None, Option(help="What written texts begin with.", metavar="TEXT")] = None,
    temperature: Annotated[
        float | None, Option(help="Draw texts, and how freely: 1 as the network says, below 1 more of what is likely.")
    ] = None,
    top_k: Annotated[int | None, Option(help="Draw among the so many likeliest tokens.")] = None,
    top_p: Annotated[float | None, Option(help="Draw among the likeliest tokens that make up this share.")] = None,
    seed: Annotated[int | None, Option(help="Of what is drawn.")] = None,
    use: options.Use = None,
    json: Annotated[bool, Option("--json", help="Print a JSON object a row, or a step that is forecast.")] = False,
    csv: Annotated[bool, Option("--csv", help="Print what is forecast as a table.")] = False,
) -> None:
    """Answer a FILE, or a TEXT, with the probabilities; a language model shows the likeliest next tokens, or notes.

    A forecaster says what comes after the last row of FILE, or after its own last row.

    The options from --beam to --seed say how a run that writes texts does so, where its own settings shall not hold.
    """
    if not all(one.strip() for one in text or ()):
        raise UsageError("--text: the text is empty; give one with something to read")
    from throughtime.api import load
    from throughtime.use.predictions import best_and_sure, n_best_lines

    trained = load(run, use=use or ())
    forecasts = trained.task.name == "forecast"
    if (text and (file is not None or forecasts)) or (file is None and not text and not forecasts):
        no_text = "--text: a forecaster reads no text; give a FILE with rows that go on from its own, or nothing"
        raise UsageError(no_text if forecasts else "give either a FILE or --text TEXT")
    if csv and not forecasts:
        raise UsageError(f"--csv: a run of the task {trained.task.name} forecasts nothing; say --json, or leave it out")
    asked: dict[str, Any] = {
        "beam": beam,
        "n_best": n_best,
        "length_penalty": length_penalty,
        "coverage_penalty": coverage_penalty,
        "longest": longest,
        "prefix": prefix,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "seed": seed,
    }
    writing = {name: value for name, value in asked.items() if value is not None}
    found = trained.predict(text or file, tell=print_note, **writing)
    if forecasts:
        _print_future(found, trained.metrics["forecast"]["level"], json=json, csv=csv)
        return
    for number, row in enumerate(found):
        if json:
            print_json(row)
        elif trained.task.name == "language_model" and not trained.composes:
            print("  ".join(f"{token!r} {share:.3f}" for token, share in row["probabilities"].items()))
        elif "n_best" in row:
            print("\n" * bool(number) + n_best_lines(row["n_best"]))
        else:
            print((f"{row['series']}: " if "series" in row else "") + best_and_sure(row))


def _print_future(rows: list[dict[str, Any]], level: float, *, json: bool, csv: bool) -> None:
    from throughtime.use.future import future_csv, future_lines, future_text

    if json and csv:
        raise UsageError("--json and --csv: say one of them")
    if csv:
        print(future_csv(rows), end="")
    elif json:
        for line in future_lines(rows):
            print_json(line)
    else:
        print(future_text(rows, level))
