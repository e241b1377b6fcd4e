"""Memory for what one pass leaves to the next, used again and again.

Fresh pages cost more than what is written into them: the system clears each before it hands it over. So a block that is
no longer needed is kept for the next pass that wants as much, and large ones lie in large pages.
"""

from __future__ import annotations

import mmap
import os
import threading
import weakref
from functools import cache

import torch
from torch import Tensor

LARGE = 1 << 20  # bytes, from which on a block has pages of its own
GRAIN = 1 << 21  # a large page
ROOM = 1.25  # a block may be so much larger than what is asked for
_PRIVATE = (
    {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}
)  # shared has no large pages


class Workspaces:
    """Blocks of bytes that are free. A block comes back by itself when the tensors over it are gone.

    At most as many bytes wait here as have been in use at one time; the longest unused go first.
    """

    def __init__(self) -> None:
        self._free: list[mmap.mmap] = []
        self._used = self._most = 0
        self._lock = threading.Lock()

    def empty(self, rows: int, columns: int, dtype: torch.dtype) -> Tensor:
        """A tensor ``(rows, columns)`` with anything in it."""
        size = rows * columns * dtype.itemsize
        if size < LARGE:
            found = torch.empty(rows, columns, dtype=dtype)
            return found.fill_(torch.nan) if poisoned() else found
        block = self._take(-(-size // GRAIN) * GRAIN)
        found = torch.frombuffer(block, dtype=dtype, count=rows * columns).view(rows, columns)
        weakref.finalize(found.untyped_storage(), self._back, block)
        return found.fill_(torch.nan) if poisoned() else found

    def _take(self, size: int) -> mmap.mmap:
        with self._lock:
            fitting = [block for block in self._free if size <= len(block) <= ROOM * size]
            block = min(fitting, key=len) if fitting else None
            if block is not None:
                self._free.remove(block)
            self._used += size if block is None else len(block)
            self._most = max(self._most, self._used)
        if block is None:
            block = mmap.mmap(-1, size, **_PRIVATE)
            if hasattr(mmap, "MADV_HUGEPAGE"):
                block.madvise(mmap.MADV_HUGEPAGE)
        return block

    def _back(self, block: mmap.mmap) -> None:
        with self._lock:
            self._used -= len(block)
            self._free.append(block)
            while sum(map(len, self._free)) > self._most - self._used:
                self._free.pop(0)


workspaces = Workspaces()


@cache
def poisoned() -> bool:
    """Whether memory is filled with NaN before use, so that a test sees what is read without having been written."""
    return os.environ.get("THROUGHTIME_POISON", "") == "1"
