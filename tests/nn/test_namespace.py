"""One changed import is enough: all of torch.nn is there, and nothing heavy before it is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

import throughtime
from throughtime import nn

OURS = {"RNN", "LSTM", "GRU"}


@pytest.mark.parametrize("name", [name for name in dir(torch.nn) if not name.startswith("__")])
def test_torchs_names_are_here(name: str) -> None:
    assert name in dir(nn)
    here, there = getattr(nn, name), getattr(torch.nn, name)
    if name in OURS:  # torch.compile refuses torch's three classes, and what is derived from them
        assert issubclass(here, torch.nn.RNNBase) and not issubclass(here, there) and here.__name__ == name
    else:
        assert here is there


def test_other_ways_to_ask() -> None:
    from throughtime.nn import LSTM, Linear, functional

    assert (LSTM, Linear, functional) == (nn.LSTM, torch.nn.Linear, torch.nn.functional)
    assert throughtime.nn is nn and "nn" in dir(throughtime)
    assert {"Layer", "LSTMPeephole", "IndRNN"} <= set(dir(nn)) and dir(nn) == sorted(dir(nn))


def test_importing_all() -> None:
    names: dict[str, object] = {}
    exec("from throughtime.nn import *", names)
    assert names["GRU"] is nn.GRU and names["Linear"] is torch.nn.Linear and names["MGU"] is nn.MGU
    theirs: dict[str, object] = {}
    exec("from torch.nn import *", theirs)
    assert set(theirs) <= set(names)


def test_a_name_that_nobody_has() -> None:
    with pytest.raises(AttributeError, match="neither torch.nn nor a registered cell is called 'Linaer'"):
        nn.Linaer  # noqa: B018
    with pytest.raises(ImportError):
        from throughtime.nn import Linaer  # noqa: F401
    assert not hasattr(nn, "__wrapped__")


def test_torch_is_loaded_when_nn_is_asked_for() -> None:
    program = """
import sys, throughtime as tt
assert 'torch' not in sys.modules
tt.nn.LSTM(3, 5)
assert 'torch' in sys.modules
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
