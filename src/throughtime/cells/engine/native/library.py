"""The compiled engine: found, loaded, and told which thread pool to use."""

from __future__ import annotations

import ctypes
import os
from ctypes import c_char_p, c_int64, c_void_p
from functools import cache
from pathlib import Path

FILE = "_engine.so"
PANEL = 16  # units that lie side by side in packed weights; rows are padded to whole panels


@cache
def library() -> ctypes.CDLL | None:
    """The engine, None where it was not built."""
    file = Path(os.environ.get("THROUGHTIME_ENGINE_FILE", Path(__file__).with_name(FILE)))
    if not file.exists():
        return None
    engine = ctypes.CDLL(str(file))
    engine.tt_program.argtypes, engine.tt_program.restype = [c_void_p, c_int64, c_char_p, c_int64], c_void_p
    engine.tt_program_free.argtypes, engine.tt_program_free.restype = [c_void_p], None
    engine.tt_packed_size.argtypes, engine.tt_packed_size.restype = [c_void_p, c_int64, c_int64], c_int64
    engine.tt_run.argtypes, engine.tt_run.restype = [c_void_p], c_int64
    engine.tt_best_isa.restype = c_int64
    engine.tt_isa_name.argtypes, engine.tt_isa_name.restype = [c_int64], c_char_p
    engine.tt_set_pool.argtypes, engine.tt_set_pool.restype = [c_void_p] * 3, None
    engine.tt_flush.argtypes, engine.tt_flush.restype = [c_int64, c_int64], None
    engine.tt_poison.argtypes, engine.tt_poison.restype = [c_int64], None
    engine.tt_poison(os.environ.get("THROUGHTIME_POISON") == "1")
    everything = ctypes.CDLL(None)  # torch has brought an OpenMP; two pools would spin against each other
    try:
        pool = [getattr(everything, name) for name in ("GOMP_parallel", "omp_get_thread_num", "omp_get_num_threads")]
    except AttributeError:
        return engine
    engine.tt_set_pool(*(ctypes.cast(function, c_void_p) for function in pool))
    return engine


def isas() -> tuple[str, ...]:
    """The instruction sets that this machine has and this build knows, the best last; () without an engine."""
    engine = library()
    if engine is None:
        return ()
    return tuple(engine.tt_isa_name(k).decode() for k in range(engine.tt_best_isa() + 1))


@cache
def isa() -> int:
    """Which instruction set runs: the best, or the one that THROUGHTIME_ISA names."""
    names = isas()
    name = os.environ.get("THROUGHTIME_ISA", names[-1])
    if name not in names:
        from throughtime.errors import unknown

        raise unknown("instruction set in THROUGHTIME_ISA", name, names)
    return names.index(name)
