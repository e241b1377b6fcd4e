"""The compiled engine: found, loaded, and told which thread pool to use."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import c_char_p, c_int64, c_void_p
from functools import cache
from pathlib import Path
from typing import NoReturn

import torch

from throughtime.errors import unknown

FILE = "_engine.so"
PANEL = 16  # units that lie side by side in packed weights; rows are padded to whole panels


# What the engine answers where it has not run, in words
_PROBLEMS = {
    1: "it is of another version than the package; install throughtime anew",
    2: "sizes do not fit each other",
    3: "there is not enough memory",
}


def library() -> ctypes.CDLL | None:
    """The engine, None where it was not built or cannot be loaded."""
    return _loaded()[0]


def status() -> str:
    """What is live, or why nothing is, in words."""
    engine, problem = _loaded()
    if engine is None:
        return problem
    *others, best = isas()
    more = f" (this machine can also run {', '.join(others)})" if others and isa_name() == best else ""
    return f"live, {isa_name()}{more}; {problem or 'threads of the pool of torch'}"


@cache
def _loaded() -> tuple[ctypes.CDLL | None, str]:
    """The engine, and what is wrong."""
    file = Path(os.environ.get("THROUGHTIME_ENGINE_FILE", Path(__file__).with_name(FILE)))
    if not file.exists():
        return None, (
            "not built: there was no C++ compiler when the package was installed; torch and the reference do the work. "
            "To build it, install g++ or clang++, and throughtime anew"
        )
    try:
        engine = ctypes.CDLL(str(file))
        _declare(engine)
    except (OSError, AttributeError) as error:
        return None, f"not live: {file} cannot be loaded ({error}); install throughtime anew"
    everything = ctypes.CDLL(None)  # torch has brought an OpenMP; two pools would spin against each other
    try:
        pool = [getattr(everything, name) for name in ("GOMP_parallel", "omp_get_thread_num", "omp_get_num_threads")]
    except AttributeError:
        return engine, "one thread, since torch has brought no OpenMP pool that can be shared"
    engine.tt_set_pool(*(ctypes.cast(function, c_void_p) for function in pool))
    return engine, ""


def _declare(engine: ctypes.CDLL) -> None:
    engine.tt_program.argtypes, engine.tt_program.restype = [c_void_p, c_int64, c_char_p, c_int64], c_void_p
    engine.tt_program_free.argtypes, engine.tt_program_free.restype = [c_void_p], None
    engine.tt_packed_size.argtypes, engine.tt_packed_size.restype = [c_void_p, c_int64, c_int64], c_int64
    engine.tt_run.argtypes, engine.tt_run.restype = [c_void_p], c_int64
    engine.tt_step.argtypes, engine.tt_step.restype = [c_void_p, c_char_p], c_int64
    engine.tt_best_isa.restype = c_int64
    engine.tt_isa_runs.argtypes, engine.tt_isa_runs.restype = [c_int64], c_int64
    engine.tt_isa_has_bf16.argtypes, engine.tt_isa_has_bf16.restype = [c_int64], c_int64
    engine.tt_isa_name.argtypes, engine.tt_isa_name.restype = [c_int64], c_char_p
    engine.tt_set_pool.argtypes, engine.tt_set_pool.restype = [c_void_p] * 3, None
    engine.tt_flush.argtypes, engine.tt_flush.restype = [c_int64, c_int64], None
    engine.tt_poison.argtypes, engine.tt_poison.restype = [c_int64], None
    engine.tt_poison(os.environ.get("THROUGHTIME_POISON") == "1")


def refused(problem: int) -> NoReturn:
    """Raise RuntimeError with what the engine's answer means."""
    raise RuntimeError(f"the engine refused a run: {_PROBLEMS.get(problem, problem)}")


@contextmanager
def flushed() -> Iterator[None]:
    """Denormal numbers count as 0: gradients that have faded to them would slow products down."""
    engine, threads = library(), torch.get_num_threads()
    assert engine is not None
    engine.tt_flush(threads, 1)
    try:
        yield
    finally:
        engine.tt_flush(threads, 0)


def isas() -> tuple[str, ...]:
    """The instruction sets that this machine has and this build knows, the best last; () without an engine."""
    return tuple(_numbers())


def isa() -> int:
    """Which instruction set runs: the best, or the one that THROUGHTIME_ISA names."""
    return _chosen(os.environ.get("THROUGHTIME_ISA"))


def isa_name() -> str:
    """Its name."""
    return next(name for name, number in _numbers().items() if number == isa())


def why_not_bf16() -> str | None:
    """Why there are no products of bfloat16, in words; None if there are."""
    engine = library()
    if engine is None:
        return "the native engine was not built; throughtime doctor says more"
    if not engine.tt_isa_has_bf16(isa()):
        return f"it needs AVX-512 instructions, and the native engine runs with {isa_name()}"
    return None


@cache
def _numbers() -> dict[str, int]:
    """The engine's numbers of the instruction sets that run, the best last."""
    engine = library()
    if engine is None:
        return {}
    best: int = engine.tt_best_isa()
    known: list[str] = []
    while engine.tt_isa_name(len(known)):
        known.append(engine.tt_isa_name(len(known)).decode())
    running = [k for k in range(len(known)) if k != best and engine.tt_isa_runs(k)]
    return {known[k]: k for k in (*running, best)}


@cache
def _chosen(name: str | None) -> int:
    numbers = _numbers()
    if name is not None and name not in numbers:
        raise unknown("instruction set in THROUGHTIME_ISA", name, numbers)
    return [*numbers.values()][-1] if name is None else numbers[name]
