"""Programs given to the engine word by word, as another program could: what it accepts must run within its memory."""

from __future__ import annotations

import ctypes
import random
from array import array
from collections.abc import Callable

import numpy as np

from throughtime.cells.engine.native.library import PANEL, isa, library, why_not_bf16
from throughtime.cells.engine.native.recipe import recipe
from throughtime.cells.engine.native.words import (
    CARRIED,
    NEXT,
    NEXT_RING,
    OTHER_RING,
    RECENT,
    RING,
    RUN,
    STATE,
    STATE_RING,
    STEP,
    STEP_OF_STREAM,
    USER,
    Compiled,
    words_of,
)
from throughtime.cells.equations.graph import Graph

STEPS, ROWS, UNITS, INPUTS = 3, 7, 21, 5
PADDED = -(-UNITS // PANEL) * PANEL


def programs(graph: Graph, variant: object) -> list[Compiled]:
    made = recipe(graph, variant)  # type: ignore[arg-type]
    return [made.backward, *(made.forward(training, False) for training in (True, False))]


def changed(words: array[int], draws: random.Random) -> array[int]:
    """One to three words another number: mostly small ones, as in a program."""
    made = array("i", words)
    for _ in range(draws.randint(1, 3)):
        made[draws.randrange(len(made))] = draws.choice((0, 1, 2, 3, 5, 8, 13, 40, -1, 10**6, draws.randint(0, 30)))
    return made


def compile_words(words: array[int]) -> int | str:
    """The address of the program, or what is wrong with it."""
    engine = library()
    assert engine is not None
    problem = ctypes.create_string_buffer(200)
    handle = engine.tt_program(words.buffer_info()[0], len(words), problem, len(problem))
    return handle or problem.value.decode()


def run(handle: int, words: array[int], bf16: bool = False) -> int:
    """Run a program with as much memory as its words say, and not more; returns what the engine says."""
    engine = library()
    assert engine is not None
    _, _, _, buffers, vectors, partsums, maps, constants, _ = words[:9]
    alive: list[np.ndarray] = []

    def memory(count: int) -> int:
        alive.append(np.full(max(1, count), 0.5, dtype=np.float32))
        return alive[-1].ctypes.data

    places = array("q")
    for number in range(buffers):
        kind, parts, width = words[9 + 3 * number : 12 + 3 * number]
        features = UNITS if width == 1 else INPUTS
        pitch = parts * (PADDED if width == 1 else INPUTS)
        base = memory(STEPS * ROWS * (features if kind == USER else pitch) if kind else 1)
        if kind in (STEP, RING, OTHER_RING, NEXT, NEXT_RING, STATE, STATE_RING, CARRIED, RECENT):
            base = memory(max(STEPS, 2) * ROWS * max(pitch, PADDED))
        if kind == USER:
            places.extend((base, 0, STEPS * features, features))
        elif kind in (NEXT, NEXT_RING, STATE, STATE_RING):
            places.extend((base, memory(ROWS * UNITS), UNITS, 0))
        elif kind == CARRIED:
            places.extend((base, memory(ROWS * UNITS), UNITS, memory(ROWS * UNITS)))
        else:
            places.extend((base, 0, 0, 0))
    pitch = max(UNITS, INPUTS)
    of_maps = array("q", [word for _ in range(maps) for word in (memory(pitch * pitch), pitch)])
    of_vectors = array("q", [memory(UNITS) for _ in range(vectors)])
    of_sums = array("q", [memory(UNITS) for _ in range(partsums)])
    numbers = array("d", [0.5] * constants)
    active = np.array([ROWS, ROWS - 2, 3, 0], dtype=np.int32)
    offsets = np.concatenate([[0], np.cumsum(active[:-1])]).astype(np.int64)
    lengths = np.array([3, 3, 3, 2, 2, 1, 1], dtype=np.int64)
    order = np.array([4, 2, 0, 6, 1, 3, 5], dtype=np.int64)
    packed = memory(engine.tt_packed_size(handle, UNITS, INPUTS))
    given = array("q", (len(RUN), handle, STEPS, ROWS, UNITS, INPUTS, 0, 1))
    given.extend(values.ctypes.data for values in (active, offsets, lengths, order))
    given.extend((0, 0, 0, isa(), bf16, 2, 0, 4, 0, packed, numbers.buffer_info()[0]))
    given.extend(values.buffer_info()[0] for values in (places, of_maps, of_vectors, of_sums))
    given.extend((0, 0, 0, 0, 0))
    assert len(given) == len(RUN)
    return engine.tt_run(given.buffer_info()[0])


def step(handle: int, words: array[int], units: int = UNITS, change: Callable[[array[int]], None] | None = None) -> int:
    """The same for two equal layers of one step of a stream, which hold as many states as the program has."""
    engine = library()
    assert engine is not None
    buffers, vectors, maps, constants = words[3], words[4], words[6], words[7]
    alive: list[np.ndarray] = []

    def memory(count: int) -> int:
        alive.append(np.full(max(1, count), 0.5, dtype=np.float32))
        return alive[-1].ctypes.data

    kinds = [tuple(words[9 + 3 * number : 12 + 3 * number]) for number in range(buffers)]
    found = {kind: [n for n, (k, *_) in enumerate(kinds) if k == kind] for kind in (USER, STATE_RING, NEXT_RING)}
    x = [number for number in found[USER] if kinds[number][2] == 0]
    y = [number for number in found[USER] if kinds[number][2] == 1]
    states = max(1, len(found[STATE_RING]), len(found[NEXT_RING]))
    numbers = [*(x or [-1])[:1], *(y or [-1])[:1]]
    for k in range(states):
        numbers += [of[k] if k < len(of) else -1 for of in (found[STATE_RING], found[NEXT_RING])]
    of_maps = array("q", [word for _ in range(maps) for word in (memory(units * units), units)])
    of_vectors = array("q", [memory(units) for _ in range(vectors)])
    values = array("d", [0.5] * constants)
    active, offsets = np.array([ROWS, 0], dtype=np.int32), np.zeros(2, dtype=np.int64)
    lengths = np.ones(ROWS, dtype=np.int64)
    packed = memory(engine.tt_packed_size(handle, units, units))
    given = array("q", (len(RUN), handle, 1, ROWS, units, units, 0, 1))
    given.extend((active.ctypes.data, offsets.ctypes.data, lengths.ctypes.data, 0))
    given.extend((0, 0, 0, isa(), 0, 2, 1, 4, 0, packed, values.buffer_info()[0], 0))
    given.extend((of_maps.buffer_info()[0], of_vectors.buffer_info()[0], 0, 0, 0, 0, 0, 0))
    assert len(given) == len(RUN)
    if change is not None:
        change(given)
    runs, places = array("q", [given.buffer_info()[0]] * 2), array("q", numbers * 2)
    of_step = array("q", (len(STEP_OF_STREAM), 2, states, runs.buffer_info()[0], places.buffer_info()[0]))
    addresses = [memory(ROWS * units), memory(ROWS * units), *(memory(2 * ROWS * units) for _ in range(2 * states))]
    return engine.tt_step(of_step.buffer_info()[0], array("q", addresses).tobytes())


def attack(seed: int, count: int) -> tuple[int, int]:
    """How many of so many changed programs were refused, and how many were run."""
    from tests.engine.drawn import FORMS
    from throughtime.cells.engine.native.quantities import Variant
    from throughtime.cells.engine.native.run import why_not_cell

    draws, engine = random.Random(seed), library()
    assert engine is not None
    refused = ran = 0
    graphs = [graph for graph in FORMS if graph.output in graph.new_states and why_not_cell(graph) is None]
    for _ in range(count):
        compiled = draws.choice(programs(draws.choice(graphs), Variant(zoneout=draws.choice(((), "masks")))))
        words = changed(words_of(compiled.program), draws)
        found = compile_words(words)
        if isinstance(found, str):
            assert found.startswith("the program "), found
            refused += 1
            continue
        assert run(found, words, bf16=ran % 2 == 1 and why_not_bf16() is None) == 0
        assert {step(found, words, units) for units in (UNITS, PADDED)} <= {0, 2}
        engine.tt_program_free(found)
        ran += 1
    return refused, ran
