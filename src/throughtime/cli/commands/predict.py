"""throughtime predict"""

from __future__ import annotations

from typing import Annotated, Any

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
    json: Annotated[bool, Option("--json", help="Print a JSON object a row.")] = False,
) -> None:
    """Answer a FILE, or a TEXT, with the probabilities; a language model shows the likeliest next tokens.

    The options from --beam to --seed say how a run that writes texts does so, where its own settings shall not hold.
    """
    if (file is None) == (not text):
        raise UsageError("give either a FILE or --text TEXT")
    if not all(one.strip() for one in text or ()):
        raise UsageError("--text: the text is empty; give one with something to read")
    from throughtime.api import load
    from throughtime.use.predictions import best_and_sure, n_best_lines

    trained = load(run, use=use or ())
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
    for number, row in enumerate(trained.predict(text or file, **writing)):
        if json:
            print_json(row)
        elif trained.task.name == "language_model":
            print("  ".join(f"{token!r} {share:.3f}" for token, share in row["probabilities"].items()))
        elif "n_best" in row:
            print("\n" * bool(number) + n_best_lines(row["n_best"]))
        else:
            print((f"{row['series']}: " if "series" in row else "") + best_and_sure(row))
