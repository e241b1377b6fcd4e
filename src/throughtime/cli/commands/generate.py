"""throughtime generate"""

from __future__ import annotations

from typing import Annotated, Any

from typer import Option

from throughtime.cli import options
from throughtime.cli.main import app
from throughtime.errors import UsageError


@app.command()
def generate(
    run: options.FinishedRun,
    prompt: Annotated[str, Option(help="The text to go on from.", metavar="TEXT")] = "",
    length: Annotated[str, Option(help="Tokens to write, at most.", metavar="N")] = "500",
    temperature: Annotated[str, Option(help="Below 1 more of what is likely; 0 always the likeliest.")] = "0.8",
    top_k: Annotated[str | None, Option(help="Keep the so many likeliest tokens.", metavar="N")] = None,
    top_p: Annotated[str | None, Option(help="Keep the likeliest tokens that make up this share.")] = None,
    seed: Annotated[str, Option(help="The same seed gives the same text.", metavar="N")] = "0",
    use: options.Use = None,
) -> None:
    """Let a language model write, and show every token as it is made."""
    from throughtime.api import load

    pieces = load(run, use=use or ()).generate(
        prompt,
        _number("length", length, int),
        temperature=_number("temperature", temperature, float),
        top_k=None if top_k is None else _number("top-k", top_k, int),
        top_p=None if top_p is None else _number("top-p", top_p, float),
        seed=_number("seed", seed, int),
    )
    print(prompt, end="", flush=True)
    for piece in pieces:
        print(piece, end="", flush=True)
    print()


def _number(option: str, text: str, kind: type[int] | type[float]) -> Any:
    try:
        return kind(text)
    except ValueError:
        words = "a whole number" if kind is int else "a number"
        raise UsageError(f"--{option} {text}: it must be {words}") from None
