"""A graph is plain data: written and read it is the same, and data that is none is refused."""

from __future__ import annotations

import copy
import json
import os
import pickle
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.cells.forms import FORMS, NAMES, assert_same_bits, inputs, layer
from throughtime.cells import Graph, cells, form, record, tanh
from throughtime.cells.equations.parameters import parameters, stacks
from throughtime.cells.recurrent import Recurrent
from throughtime.errors import UsageError


@pytest.mark.parametrize("text", FORMS)
def test_written_and_read_it_is_equal(text: str) -> None:
    graph = form(text)
    again = Graph.from_json(json.loads(json.dumps(graph.to_json())))
    assert again == graph and hash(again) == hash(graph)
    assert again.signature == graph.signature and stacks(again) == stacks(graph)


@pytest.mark.parametrize("text", NAMES)
def test_a_layer_from_the_written_graph_computes_the_same(text: str) -> None:
    made = layer(text, num_layers=2)
    again = layer(text, num_layers=2, seed=2)
    again.graph = Graph.from_json(json.loads(json.dumps(made.graph.to_json())))
    again.load_state_dict(made.state_dict())
    assert_same_bits(again(inputs(made, 2, 3))[0], made(inputs(made, 2, 3))[0])


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda graph: pickle.loads(pickle.dumps(graph))])
def test_a_copy_is_found_under_the_same_hash(copied: Any) -> None:
    graph = form("lstm")
    assert hash(graph) == graph._hash
    assert graph.signature and "_hash" not in graph.__getstate__()
    again = copied(graph)
    assert "_hash" not in vars(again)
    assert again == graph and {graph: 1}[again] == 1


@pytest.mark.parametrize("seed", ["1", "2"])
def test_a_pickle_is_found_in_a_process_with_other_hashes(seed: str, tmp_path: Path) -> None:
    graph, file = form("lstm"), tmp_path / "graph.pickle"
    hash(graph)
    file.write_bytes(pickle.dumps(graph))
    program = f"""
import pickle, pathlib
from throughtime.cells import form
graph = pickle.loads(pathlib.Path({str(file)!r}).read_bytes())
assert graph == form("lstm") and hash(graph) == hash(form("lstm"))
"""
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env=environment)
    assert run.returncode == 0, run.stderr


def test_recording_twice_gives_equal_graphs() -> None:
    assert form("lstm") == form("lstm") == cells["lstm"].graph()
    assert form("lstm") != form("lstm_peephole")


def test_equal_parts_are_recorded_once() -> None:
    def twice(p, x, h):
        return tanh(p.W @ x + p.U @ h) * tanh(p.W @ x + p.U @ h)

    graph = record(twice)
    assert [node.op for node in graph.nodes].count("tanh") == 1
    assert [node.op for node in graph.nodes].count("product") == 2


LSTM = form("lstm_peephole").to_json()
SMALL: dict[str, Any] = {
    "format": 1,
    "cell": "small",
    "convolution": False,
    "nodes": [
        ["input", "x"],
        ["state", "h"],
        ["parameter", "W"],
        ["product", 2, 0],
        ["mul", 3, 1],
        ["constant", 0.5],
        ["add", 4, 5],
    ],
    "states": ["h"],
    "new_states": [6],
    "output": 6,
    "names": [["h", 6]],
}


def test_the_small_graph_is_sound() -> None:
    graph = Graph.from_json(SMALL)
    assert [p.name for p in parameters(graph)] == ["W"]
    assert Recurrent(graph, 2, 3)(torch.ones(1, 4, 2))[0].shape == (1, 4, 3)


NODES = SMALL["nodes"]
DAMAGED: list[tuple[str, object, str]] = [
    ("format", 2, "cell.json has format 2; this version reads format 1"),
    ("nodes", [*NODES, ["system", 1]], r"node 7 \(system\) is not a valid operation"),
    ("nodes", [*NODES, ["tanh"]], r"node 7 \(tanh\) is not a valid operation"),
    ("nodes", [*NODES, ["tanh", 7]], "is not a valid operation"),
    ("nodes", [*NODES, ["tanh", -1]], "is not a valid operation"),
    ("nodes", [*NODES, ["tanh", 1.0]], "is not a valid operation"),
    ("nodes", [*NODES, ["tanh", True]], "is not a valid operation"),
    ("nodes", [*NODES, ["tanh", "x"]], "is not a valid operation"),
    ("nodes", [*NODES, [["tanh"], 1]], "is not an operation"),
    ("nodes", [*NODES, []], "does not hold a recorded cell"),
    ("nodes", [*NODES, ["constant"]], "does not hold a recorded cell"),
    ("nodes", [*NODES, ["constant", "much"]], "does not hold a recorded cell"),
    ("nodes", [*NODES, ["constant", 10**400]], "does not hold a recorded cell"),
    ("nodes", [*NODES, ["constant", float("nan")]], "is the number nan"),
    ("nodes", [*NODES, ["parameter", "a.b"]], '"a.b" is not a name'),
    ("nodes", [*NODES, ["parameter", ""]], '"" is not a name'),
    ("nodes", [*NODES, ["parameter", "W"]], "a parameter appears twice"),
    ("nodes", [*NODES, ["product", 0, 1]], "confuses a linear map with a vector"),
    ("nodes", [*NODES, ["tanh", 2]], "confuses a linear map with a vector"),
    ("nodes", [*NODES, ["product", 2, 2]], "confuses a linear map with a vector"),
    ("nodes", [*NODES, ["state", "c"]], "states and new states do not agree"),
    ("nodes", None, "does not hold a recorded cell"),
    ("nodes", 7, "does not hold a recorded cell"),
    ("states", [], "states and new states do not agree"),
    ("states", ["h", "h"], "a state appears twice"),
    ("states", [["h"]], "is not a name"),
    ("states", ["h", 3], "3 is not a name"),
    ("new_states", [6, 6], "states and new states do not agree"),
    ("new_states", [7], "a result refers to node 7"),
    ("new_states", [2], "a result refers to node 2"),
    ("output", -1, "a result refers to node -1"),
    ("output", None, "a result refers to node None"),
    ("output", "6", "a result refers to node '6'"),
    ("names", [["h", 99]], "a result refers to node 99"),
    ("names", [["h"]], "does not hold a recorded cell"),
    ("names", [["a b", 6]], "'a b' is not a name"),
    ("names", [[["h"], 6]], "is not a name"),
    ("names", [["h", 6], ["h", 4]], "a name appears twice"),
]


@pytest.mark.parametrize(("key", "value", "message"), DAMAGED)
def test_damaged_data_is_refused(key: str, value: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Graph.from_json({**SMALL, key: value})


@pytest.mark.parametrize("key", SMALL)
def test_a_missing_part_is_refused(key: str) -> None:
    with pytest.raises(UsageError, match=f"does not hold a recorded cell: KeyError\\('{key}'\\)"):
        Graph.from_json({name: part for name, part in SMALL.items() if name != key})


@pytest.mark.parametrize("data", [None, [], "graph", 3, {"format": 1}])
def test_other_data_is_refused(data: Any) -> None:
    with pytest.raises(UsageError, match="does not hold a recorded cell"):
        Graph.from_json(data)


def shaken(data: Any, chance: random.Random) -> Any:
    """The data with one part, at any depth, taken out, doubled or replaced by something else."""
    others = [None, -1, 2, 10**9, 0.5, "h", "W", "", [], {}, True, float("inf"), ["h", 1]]
    if isinstance(data, dict):
        key = chance.choice(list(data))
        return {**data, key: shaken(data[key], chance)}
    if isinstance(data, list) and data and chance.random() < 0.85:
        place = chance.randrange(len(data))
        change = chance.random()
        if change < 0.1:
            return data[:place] + data[place + 1 :]
        if change < 0.2:
            return data[: place + 1] + data[place:]
        return [*data[:place], shaken(data[place], chance), *data[place + 1 :]]
    return chance.choice(others)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_damaged_it_is_sound_or_refused(seed: int) -> None:
    chance, refused = random.Random(seed), 0
    x = torch.ones(2, 2, 2)
    for _ in range(250):
        data = json.loads(json.dumps(shaken(LSTM, chance)))
        try:
            made = Recurrent(Graph.from_json(data), 2, 3)
        except UsageError:
            refused += 1
            continue
        if not made.graph.convolution:
            output, state = made(x)
            assert output.shape == (2, 2, 3) and all(part.shape == (1, 2, 3) for part in state)
    assert 100 < refused < 250
