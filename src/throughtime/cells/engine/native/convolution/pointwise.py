"""One call into the engine: the pointwise part of a step, or its derivative, over the frames of all samples."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from functools import lru_cache

import torch
from torch import Tensor

from throughtime.cells.engine.native.convolution.layer import Sized
from throughtime.cells.engine.native.library import PANEL, isa, library, refused
from throughtime.cells.engine.native.words import RUN, Compiled

MOST_PANELS = 4  # that an operation treats at a time
SMALL = 1 << 14  # numbers of a state, up to which a second thread takes longer to come than it saves

Buffer = tuple[int, int, int, int]  # as the engine's header says

_STEPS, _ACTIVE, _OFFSETS = RUN.index("steps"), RUN.index("active"), RUN.index("offsets")
_THREADS, _BUFFERS, _PARTSUMS = RUN.index("threads"), RUN.index("buffers"), RUN.index("partsums")


class Pointwise:
    """A program made ready for calls with frames of so many ``places``; the places of a frame are the engine's rows.

    ``stored`` must stay alive. With ``reverse`` samples go from the last to the first, as a total asks for.
    """

    def __init__(
        self, compiled: Compiled, sized: Sized, places: int, stored: Sequence[Tensor], reverse: bool = False
    ) -> None:
        self._compiled, self._places, self._numbers = compiled, places, places * sized.padded
        program, size = compiled.program, stored[0].element_size()
        self.vectors = array("q", [sized.member(stored, name).data_ptr() for name in program.vectors])
        self.constants = array("d", program.constants)
        self.width = sized.units * size
        given = {
            **{"words": len(RUN), "program": compiled.handle or 0, "rows": places, "units": sized.units},
            **{"row_step": 1, "backward": int(reverse), "is_double": int(size == 8), "isa": isa()},
            **{"block": min(MOST_PANELS, sized.padded // PANEL), "is_packed": 1},
            **{"constants": self.constants.buffer_info()[0], "vectors": self.vectors.buffer_info()[0]},
        }
        self._words = array("q", [given.get(word, 0) for word in RUN])
        engine = library()
        assert engine is not None
        self._run = engine.tt_run

    def __call__(self, samples: int, buffers: Mapping[str, Buffer], sums: int = 0) -> None:
        """Run over so many samples. ``sums``: the address of ``(partsums, H)`` for the sums over all of them."""
        words, (active, offsets) = self._words, _samples(samples, self._places)
        places = array("q", [word for name in self._compiled.buffers for word in buffers[name]])
        partsums = array("q", [sums + k * self.width for k in range(len(self._compiled.program.partsums))])
        threads = torch.get_num_threads() if samples * self._numbers > SMALL else 1
        words[_STEPS], words[_THREADS] = samples, min(threads, self._places)
        words[_ACTIVE], words[_OFFSETS] = active.buffer_info()[0], offsets.buffer_info()[0]
        words[_BUFFERS], words[_PARTSUMS] = places.buffer_info()[0], partsums.buffer_info()[0]
        problem = self._run(words.buffer_info()[0])
        if problem:
            refused(problem)


@lru_cache(maxsize=256)
def _samples(samples: int, places: int) -> tuple[array[int], array[int]]:
    """How many places each sample has, and where its first one lies."""
    return array("i", [places] * samples + [0]), array("q", [k * places for k in range(samples + 1)])
