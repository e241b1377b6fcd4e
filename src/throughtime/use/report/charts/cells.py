"""What charts of cells in rows and columns share: their ground, their shades, the names beside them."""

from __future__ import annotations

from throughtime.use.report.html import Markup, join, tag

MOST_LETTERS = 16  # of a name; the whole stands in its tooltip


def ground(rows: int, columns: int, side: int, left: int, top: int) -> Markup:
    """What empty cells stand on: one rectangle with lines through it, since most cells of a large chart are empty."""
    width, height = side * columns - 1, side * rows - 1
    across = "".join(f"M{left} {top + side * i - 0.5:.1f}h{width}" for i in range(1, rows))
    down = "".join(f"M{left + side * i - 0.5:.1f} {top}v{height}" for i in range(1, columns))
    return join(
        tag("rect", x=left, y=top, width=width, height=height, class_="empty"),
        tag("path", d=across + down, class_="gaps"),
    )


def strength(share: float) -> float:
    """Opacity of a cell: a power below one, so that small shares are still seen."""
    return 0.0 if share == 0 else 0.06 + 0.94 * share**0.7


def shortened(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"
