"""throughtime generate"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from throughtime.cli import options
from throughtime.cli.main import app
from throughtime.errors import UsageError

if TYPE_CHECKING:
    from throughtime.api.load import TrainedRun

TOKENS, FRAMES = 500, 64  # what is usual of text and of music


@app.command()
def generate(
    run: options.FinishedRun,
    prompt: Annotated[
        str, Option(help="The text to go on from; for music a MIDI or JSON file with a piece.", metavar="TEXT|FILE")
    ] = "",
    length: Annotated[
        str | None, Option(help="Tokens to write, at most (500), or frames of music (64).", metavar="N")
    ] = None,
    temperature: Annotated[str, Option(help="Below 1 more of what is likely; 0 always the likeliest.")] = "0.8",
    top_k: Annotated[str | None, Option(help="Keep the so many likeliest tokens.", metavar="N")] = None,
    top_p: Annotated[str | None, Option(help="Keep the likeliest tokens that make up this share.")] = None,
    seed: Annotated[str, Option(help="The same seed gives the same text, or music.", metavar="N")] = "0",
    output: Annotated[
        str | None, Option(help="The MIDI file that music is written to; RUN-music.mid here if not given.")
    ] = None,
    use: options.Use = None,
) -> None:
    """Let a language model write, and show every token as it is made; music goes into a MIDI file."""
    from throughtime.api import load

    trained = load(run, use=use or ())
    usual = FRAMES if trained.composes else TOKENS
    chosen: dict[str, Any] = {
        "length": usual if length is None else _number("length", length, int),
        "temperature": _number("temperature", temperature, float),
        "seed": _number("seed", seed, int),
    }
    if trained.composes:
        for option, value in (("top-k", top_k), ("top-p", top_p)):
            if value is not None:
                raise UsageError(f"--{option} {value}: each note of a frame is drawn by itself; leave it out")
        _compose(trained, prompt, output, chosen)
        return
    if output is not None:
        raise UsageError(f"--output {output}: text is shown as it is made, and only music is a file; leave it out")
    pieces = trained.generate(
        prompt,
        top_k=None if top_k is None else _number("top-k", top_k, int),
        top_p=None if top_p is None else _number("top-p", top_p, float),
        **chosen,
    )
    print(prompt, end="", flush=True)
    for piece in pieces:
        print(piece, end="", flush=True)
    print()


def _compose(trained: TrainedRun, prompt: str, output: str | None, chosen: dict[str, Any]) -> None:
    """Write what goes on from the prompt, behind it, to a file that is not there yet."""
    from throughtime.data.midi import MUSIC as LIBRARY

    LIBRARY.require("music as a MIDI file")
    path = Path(f"{trained.path.resolve().name}-music.mid" if output is None else output)
    if path.exists():
        raise UsageError(f"{path} is there already; name another file with --output, or remove it")
    before = trained.prompted(prompt)
    frames = [*map(list, before.frames), *trained.compose(prompt, **chosen)]
    trained.write_midi(frames, path, tempo=before.tempo)
    made = "the frame that most pieces begin with" if not prompt else f"the {len(before.frames):,} frames of {prompt}"
    print(f"{path}: {len(frames) - len(before.frames):,} frames of {trained.settings.data.frame} behind {made}")


def _number(option: str, text: str, kind: type[int] | type[float]) -> Any:
    try:
        return kind(text)
    except ValueError:
        words = "a whole number" if kind is int else "a number"
        raise UsageError(f"--{option} {text}: it must be {words}") from None
