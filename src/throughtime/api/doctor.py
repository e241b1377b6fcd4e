"""What is live on this machine, and whether it computes a known answer."""

from __future__ import annotations

from typing import Any

import torch

from throughtime.api.machine import versions
from throughtime.cells.engine import ENGINES, default_engine
from throughtime.cells.engine.native.library import library, status, why_not_bf16
from throughtime.cells.recurrent import Recurrent
from throughtime.errors import ThroughtimeError

# the textbook's recurrent unit: inputs 1, weights 0.5, state 0, tanh
KNOWN = (0.46211716, 0.62371255, 0.67061300)


def examine() -> dict[str, Any]:
    """Versions, devices, threads, and for each engine how far it is from the known answer.

    Raises ThroughtimeError if an engine is wrong by more than rounding.
    """
    cuda = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    live = [name for name in ENGINES if name != "auto" and (name != "native" or library() is not None)]
    errors = {name: _error(name) for name in live}
    for name, error in errors.items():
        if error > 1e-6:
            raise ThroughtimeError(
                f"the engine {name} is wrong by {error:.1e} on a known answer; choose another with --engine"
            )
    return {
        **versions(),
        "processor": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "cuda": cuda,
        "engine by default": default_engine(),
        "native engine": status(),
        "bf16": "live" if (problem := why_not_bf16()) is None else f"not live: {problem}",
        **{f"engine {name}, error on a known answer": f"{error:.1e}" for name, error in errors.items()},
    }


@torch.no_grad()
def _error(engine: str) -> float:
    layer = Recurrent("rnn", 1, 1, engine=engine)
    half = torch.full((1, 1), 0.5)
    layer.load_state_dict({"weight_ih_l0": half, "weight_hh_l0": half, "bias_l0": torch.zeros(1)})
    output, _ = layer(torch.ones(1, 3, 1))
    return float((output[0, :, 0] - torch.tensor(KNOWN)).abs().max())
