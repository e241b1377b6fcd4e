"""throughtime inspect"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from typer import Argument, Option

from throughtime.cli import inspecting, options
from throughtime.cli.main import app
from throughtime.cli.output import print_json
from throughtime.errors import UsageError

Number = int | None


@app.command()
def inspect(
    run: Annotated[str, Argument(help="A finished run; with --nan one that stopped.", metavar="RUN")],
    text: Annotated[options.Text, Option(help="Why it answers this text so.", metavar="TEXT")] = None,
    row: Annotated[
        Number, Option(help="With --data: why it answers this row so, counted from 1.", metavar="N", min=1)
    ] = None,
    series: Annotated[
        options.Text,
        Option(help="Why it forecasts the future of this series so; with --data: answers it so.", metavar="NAME"),
    ] = None,
    answer: Annotated[
        options.Text,
        Option(
            help="With --text, --row or --series: explain this class or token, not the predicted one.", metavar="CLASS"
        ),
    ] = None,
    at: Annotated[
        Number,
        Option(
            help="With these: explain the answer at this step, or this token of a text that is written, counted "
            "from 0, the least sure one if not given; of a forecast this step ahead, from 0, the last if not given.",
            metavar="N",
        ),
    ] = None,
    step: Annotated[Number, Option(help="With these: this step in numbers, counted from 0.", metavar="N")] = None,
    layer: Annotated[Number, Option(help="With --step: the layer, counted from 0 (0).", metavar="N")] = None,
    backward: Annotated[bool, Option("--backward", help="With --step: the direction that reads backwards.")] = False,
    unit: Annotated[
        Number, Option(help="With --step: the unit; the one that matters most if not given.", metavar="N")
    ] = None,
    record: Annotated[
        options.Text,
        Option(
            help="With these: these quantities at every step, as JSON, such as f,c; all for every one.", metavar="Q"
        ),
    ] = None,
    find: Annotated[
        options.Texts,
        Option(
            help="Units that stand for this: a name, or a regular expression (repeatable); list shows the names.",
            metavar="WHAT",
        ),
    ] = None,
    data: Annotated[
        options.Text,
        Option(
            help="The run's data, where it was moved; with --find texts to read, with --row and --series where it "
            "stands, of a forecast rows to go on from.",
            metavar="PATH",
        ),
    ] = None,
    nan: Annotated[bool, Option("--nan", help="Where the value came from that stopped training.")] = False,
    try_: Annotated[bool, Option("--try", help="Try the advice in a short training: before and after.")] = False,
    epochs: Annotated[Number, Option(help="With --try: passes over the training rows (3).", metavar="N", min=1)] = None,
    use: options.Use = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Look into a RUN: how far back it learns and what stands in its way; or why it answers, or forecasts, so.

    What is found is printed, and kept in the run's report.
    """
    asked = inspecting.Asked(text, data, row, series)
    of_answers = {"--answer": answer, "--at": at, "--step": step, "--record": record}
    _require("--text, --row or --series", asked.given, of_answers)
    _require("--step", step is not None, {"--layer": layer, "--backward": backward or None, "--unit": unit})
    _require("the verdict, --find, --row or --series", text is None and not nan, {"--data": data})
    _require("--try", try_, {"--epochs": epochs})
    kinds = {"--text": text is not None, "--row": row is not None, "--series": series is not None}
    _only_one({**kinds, "--find": bool(find), "--nan": nan, "--try": try_})
    explained = {"--answer": answer is not None, "--at": at is not None}
    for name, given in explained.items():
        _only_one({"--step": step is not None, name: given, "--record": record is not None})
    if nan:
        value, lines = inspecting.the_nan(run, use)
    elif find:
        value, lines = inspecting.the_units(run, use, find, data, json)
    elif not asked.given:
        value, lines = inspecting.the_memory(run, use, data, try_, epochs or 3, quiet, json)
    elif record is not None:
        value, lines = inspecting.the_quantities(run, use, asked, record)
    elif step is not None:
        value, lines = inspecting.the_step(run, use, asked, step, layer or 0, backward, unit)
    else:
        value, lines = inspecting.the_answer(run, use, asked, answer, at)
    print_json(value) if json or record is not None else print("\n".join(lines))


def _require(option: str, given: bool, others: Mapping[str, object]) -> None:
    """Raise UsageError where an option is given without the one that it belongs to."""
    for name, value in others.items():
        if value is not None and not given:
            raise UsageError(f"{name} goes with {option}; give {option} too, or leave {name} out")


def _only_one(given: dict[str, bool]) -> None:
    named = [name for name, wanted in given.items() if wanted]
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)}: one inspection at a time; leave out all but one of them")
