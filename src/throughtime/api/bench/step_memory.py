"""A program of its own: how much memory a training step takes at its peak, in bytes.

python -m throughtime.api.bench.step_memory ours|torch T,B,I,H THREADS
"""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path

import torch

from throughtime.api.bench.plan import Shape
from throughtime.api.bench.sides import Side, material, ours, output_of

STEPS = 3  # what is kept from one step to the next is there by then
TINY = Shape(2, 2, 3, 16)  # loads and starts whatever a first step does


def side_of(name: str, shape: Shape) -> Side:
    """Only what this side needs comes to be."""
    given = material(shape)
    layer = ours("lstm", shape) if name == "ours" else torch.nn.LSTM(*shape[2:], batch_first=True)
    return given.side(output_of(layer), layer.parameters())


def reset_peak() -> int:
    """Let the peak begin anew, where the system can; the memory now."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return peak()


def peak() -> int:
    """The most memory that the process ever had, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        row = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return 1024 * int(row.split()[1])
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def main() -> None:
    name, text, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    side_of(name, TINY).train()
    side = side_of(name, Shape.read(text))
    before = reset_peak()
    for _ in range(STEPS):
        side.train()
    print(peak() - before)


if __name__ == "__main__":
    main()
