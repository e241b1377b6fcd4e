"""throughtime bench"""

from __future__ import annotations

import os
import sys
from typing import Annotated

from typer import Argument, Option

from throughtime.cli import options
from throughtime.cli.main import app
from throughtime.cli.output import print_json


@app.command()
def bench(
    tables: Annotated[
        list[str] | None, Argument(help="Some of the tables; all of them if none is named.", metavar="TABLE")
    ] = None,
    shape: Annotated[
        list[str] | None,
        Option(help="Steps, batch, input size, hidden size, in the place of a table's shapes.", metavar="T,B,I,H"),
    ] = None,
    quick: Annotated[bool, Option("--quick", help="Few samples of few shapes: a first look.")] = False,
    out: Annotated[
        str | None, Option(help="Write results.json, results.md and results.html there.", metavar="DIR")
    ] = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Measure the native engine on this machine beside torch, in the same run.

    \b
    Tables:
      grid       lstm, gru and rnn against torch's layers, the peephole LSTM against a loop
      cells      every cell's products a second, beside the LSTM's
      own        a cell in a reader's own file, beside the same one built in
      lengths    rows of unequal length, against packed sequences
      last       the loss on the last step alone
      streaming  one step at a time: nn.LSTM, nn.LSTMCell, ONNX Runtime if it is there, ours
      memory     peak memory of a training step
      bf16       products of bfloat16, beside torch's autocast

    All of them take a quarter of an hour. Ctrl-C ends earlier, and what was measured is kept.
    """
    if "torch" not in sys.modules:
        # main() lets waiting threads sleep, which is right for training beside other programs. torch is measured here,
        # and shall be as it is in a script of the reader's: with the waiting that OpenMP has by itself.
        os.environ.pop("OMP_WAIT_POLICY", None)
    from throughtime.api.bench import Folder, Plan, Shape, chosen, in_words, progress_on
    from throughtime.api.bench import bench as measure
    from throughtime.training.interrupts import InterruptionError

    wanted = chosen(tables or ())
    plan = Plan(tuple(Shape.read(text) for text in shape or ()), quick)
    folder = None if out is None else Folder.made(out)
    results = measure(wanted, plan, progress_on(quiet=quiet), *([] if folder is None else [folder.keep]))
    if json:
        print_json(results.to_json())
    else:
        print(in_words(results))
        if folder is not None:
            print(f"\nresults: {folder.path / 'results.html'}")
    if not results.complete:
        raise InterruptionError(f"bench was stopped: {results.done} of {results.cases} cases were measured")
