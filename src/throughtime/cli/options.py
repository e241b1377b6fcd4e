"""The options that several commands share, and options and ``--set`` as one set of choices.

Values are read as text here and checked where the settings are declared, so that every door gives the same message.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from typer import Argument, Option

from throughtime.errors import UsageError

Text = str | None
Texts = list[str] | None

FinishedRun = Annotated[str, Argument(help="A finished run.", metavar="RUN")]
Task = Annotated[Text, Option(help="Task; proposed from the data if not given.", metavar="NAME")]
Input = Annotated[Texts, Option(help="Column to learn from (repeatable).", metavar="COLUMN")]
Output = Annotated[Texts, Option(help="Column to learn.", metavar="COLUMN")]
Valid = Annotated[
    Text,
    Option(help="Validation split: a fraction, a file, or values of a column.", metavar="FRACTION|FILE|COLUMN=VALUE"),
]
Test = Annotated[
    Text, Option(help="Test split: a fraction, a file, or values of a column.", metavar="FRACTION|FILE|COLUMN=VALUE")
]
Split = Annotated[Text, Option(help="Column that says train, valid or test.", metavar="COLUMN")]
Group = Annotated[Text, Option(help="Column whose equal values stay in one split.", metavar="COLUMN")]
MaxLength = Annotated[Text, Option(help="Tokens kept of a text.", metavar="N")]
Set = Annotated[Texts, Option(help="Any other setting (throughtime tasks NAME lists them).", metavar="KEY=VALUE")]
Use = Annotated[Texts, Option(help="File with cells, tasks or formats of your own.", metavar="FILE.py")]
Json = Annotated[bool, Option("--json", help="Print JSON.")]
Quiet = Annotated[bool, Option("--quiet", help="No progress.")]


def chosen(pairs: Sequence[str] | None, **options: object) -> dict[str, object]:
    """The options that were given, and the ``key=value`` pairs of ``--set``.

    Raises UsageError for a pair without ``=``, and for a setting that is given in both ways.

    >>> chosen(["min-count=3"], epochs="5", cell=None)
    {'epochs': '5', 'min_count': '3'}
    """
    found = {name: value for name, value in options.items() if value is not None}
    for pair in pairs or ():
        key, sign, value = pair.partition("=")
        name = key.strip().replace("-", "_")
        if not sign or not name:
            raise UsageError(f"--set {pair}: write it as key=value")
        if name in found:
            raise UsageError(f"--set {pair}: {name} is given twice; give it once")
        found[name] = value.strip()
    return found
