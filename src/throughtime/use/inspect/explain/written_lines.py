"""What each token of an answer rests on, in cells of a table and as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from throughtime.use.inspect.explain.tokens import visible

HEADER = ("step", "token", "probability", "looks most at", "rests most on", "read gave", "written gave")
WIDEST = 20  # letters of a token


def written_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """For a terminal; ``found`` as :meth:`WrittenText.to_json` gives it."""
    yield f"written: {visible(found['text'])}"
    rows = [HEADER, *written_cells(found)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(HEADER))]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield from (f"  ({remark})" for remark in remarks(found))


def written_cells(found: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Of each token its probability, the token that was read at which the decoder looked most, and that which spoke
    most for it; and what all that was read gave to its score, and all that had been written.
    """
    for step, sure in enumerate(found["sure"]):
        looked, rests = found["looked_at"][step], found["rests_on"][step]
        given = found["given"][step]
        yield (
            str(step),
            _short(found["tokens"][step]),
            f"{sure:.3f}",
            "-" if looked is None else f"{_place(found, looked)} ({found['weights'][step][looked]:.2f})",
            "-" if rests is None else f"{_place(found, rests)} ({given[rests]:+.2f})",
            f"{sum(given):+.4f}",
            f"{sum(found['before'][step]):+.4f}",
        )


def remarks(found: Mapping[str, Any]) -> Iterator[str]:
    """What must be known beside the table."""
    explained, count = len(found["sure"]), len(found["tokens"])
    if explained < count:
        yield f"the first {explained} of {count:,} tokens"
    if not found["complete"]:
        yield "what was given does NOT add up to the score of every token"


def _place(found: Mapping[str, Any], at: int) -> str:
    """A token that was read, and where it stands."""
    column = f"{found['columns'][at]} " if len(set(found["columns"])) > 1 else ""
    return f"{_short(found['read'][at])} at {column}{found['steps'][at]}"


def _short(token: str) -> str:
    shown = visible(token)
    return shown if len(shown) <= WIDEST else shown[: WIDEST - 1] + "…"
