"""What is to be measured: shapes, and how long one looks at each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from throughtime.api.bench.timing import Effort
from throughtime.errors import UsageError


class Shape(NamedTuple):
    """T, B, I, H.

    >>> print(Shape.read("100,32,128,256"))
    100,32,128,256
    """

    steps: int
    batch: int
    input_size: int
    hidden_size: int

    @classmethod
    def read(cls, text: str) -> Shape:
        """The shape that a person wrote; UsageError if it is none."""
        try:
            numbers = [int(part) for part in text.split(",")]
        except ValueError:
            numbers = []
        if len(numbers) != 4 or min(numbers) < 1:
            raise UsageError(
                f"--shape {text}: write steps, batch, input size and hidden size, each 1 or more: 100,32,128,128"
            )
        return cls(*numbers)

    def __str__(self) -> str:
        return ",".join(map(str, self))


SHAPES = (
    Shape(100, 1, 64, 128),
    Shape(1000, 1, 16, 64),
    Shape(100, 32, 128, 128),
    Shape(100, 32, 256, 256),
    Shape(35, 20, 200, 200),
    Shape(100, 64, 512, 512),
    Shape(784, 64, 1, 128),
    Shape(50, 128, 300, 1024),
)
SMALL = (Shape(100, 1, 64, 128), Shape(35, 20, 200, 200))

FULL = Effort(samples=7, sample_seconds=0.02, seconds=0.4)
QUICK = Effort(samples=3, sample_seconds=0.002, seconds=0.0)


@dataclass(frozen=True)
class Plan:
    """The reader's own ``shapes``, if any, stand in the place of a table's; ``quick`` takes few and looks briefly."""

    shapes: tuple[Shape, ...] = ()
    quick: bool = False

    @property
    def effort(self) -> Effort:
        return QUICK if self.quick else FULL

    def of(self, usual: Sequence[Shape] = SHAPES, small: Sequence[Shape] = SMALL) -> tuple[Shape, ...]:
        """The shapes of a table that has these."""
        return self.shapes or tuple(small if self.quick else usual)

    def seconds(self, flops: float, sides: int) -> float:
        """About how long a case will take, good enough for the time that is left."""
        return sides * (self.effort.samples + 2) * max(self.effort.sample_seconds, flops / 1e11)
