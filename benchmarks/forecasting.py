"""Windows a second that a forecaster learns from, beside the same network in a plain torch loop, in turn.

    python benchmarks/forecasting.py [--rounds 5]

Both read series of the same values: a GRU over the context; a second one over the horizon, begun from its last state
over a linear map and tanh; a linear map to one number a step, beside a fixed linear map of the context; the squared
error, AdamW, gradients clipped. The plain loop gathers its windows by index from one tensor, which is the fastest
simple way; ours is the loop that ``throughtime train`` runs. Written to benchmarks/FORECASTING.md.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

import throughtime as tt

OUT = Path(__file__).resolve().parent / "FORECASTING.md"
SERIES, STEPS, BATCH = 200, 420, 64
SHAPES = ((28, 14, 32), (96, 24, 32), (168, 24, 64))  # context, horizon, hidden size


class Plain(nn.Module):
    """As somebody would write it."""

    def __init__(self, context: int, horizon: int, hidden: int) -> None:
        super().__init__()
        self.encoder = nn.GRU(1, hidden, batch_first=True)
        self.decoder = nn.GRU(1, hidden, batch_first=True)
        self.bridge = nn.Linear(hidden, hidden)
        self.last = nn.Linear(hidden, 1)
        self.register_buffer("linear", torch.randn(horizon, context) / context)
        self.register_buffer("ahead", (torch.arange(horizon) + 1.0)[:, None] / horizon)

    def forward(self, past: Tensor) -> Tensor:
        _, state = self.encoder(past[..., None])
        ahead = self.ahead.expand(len(past), -1, -1)
        hidden, _ = self.decoder(ahead, torch.tanh(self.bridge(state)))
        return past @ self.linear.T + self.last(hidden)[..., 0]


def plainly(values: Tensor, context: int, horizon: int, hidden: int, count: int) -> float:
    """Windows a second."""
    torch.manual_seed(1)
    model = Plain(context, horizon, hidden)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.002, fused=True)
    span = torch.arange(context + horizon)
    choices = (STEPS * 8 // 10) - context - horizon
    begins = torch.randint(0, SERIES * choices, (count,))
    begins = begins // choices * STEPS + begins % choices
    started = time.perf_counter()
    for part in begins.split(BATCH):
        window = values[part[:, None] + span]
        loss = nn.functional.mse_loss(model(window[:, :context]), window[:, context:])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return count / (time.perf_counter() - started)


def ours(rows: dict[str, list[object]], context: int, horizon: int, hidden: int, count: int, folder: Path) -> float:
    """Windows a second of the training loop alone, by the run's own history."""
    run = tt.train(
        rows,
        folder,
        task="forecast",
        output="value",
        series="series",
        horizon=horizon,
        context_length=context,
        hidden_size=hidden,
        batch_size=BATCH,
        windows=count,
        epochs=1,
        dropout=0.0,
        identity="no",
        calendar=False,
        observe=False,
        baselines=("naive",),
    ).run
    return float(run.history.read()[-1]["samples_per_second"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--windows", type=int, default=6_400)
    asked = parser.parse_args()
    chance = np.random.default_rng(1)
    values = chance.normal(size=(SERIES, STEPS)).cumsum(1)
    rows: dict[str, list[object]] = {
        "series": [s for s in range(SERIES) for _ in range(STEPS)],
        "time": list(range(STEPS)) * SERIES,
        "value": values.ravel().tolist(),
    }
    scaled = torch.from_numpy(((values - values.mean(1)[:, None]) / values.std(1)[:, None]).ravel()).float()
    lines = [
        "# Forecasters: windows a second",
        "",
        f"Written by `python benchmarks/forecasting.py`; medians of {asked.rounds} rounds in turn, in one process; "
        f"{SERIES} series, batches of {BATCH}, {torch.get_num_threads()} threads, {platform.machine()} "
        f"({torch.backends.cpu.get_cpu_capability()}), torch {torch.__version__}.",
        "",
        "| context, horizon, hidden size | throughtime | plain torch | ratio |",
        "|---|---|---|---|",
    ]
    for context, horizon, hidden in SHAPES:
        found: dict[str, list[float]] = {"ours": [], "plain": []}
        for _ in range(asked.rounds):
            with tempfile.TemporaryDirectory() as folder:
                found["ours"].append(ours(rows, context, horizon, hidden, asked.windows, Path(folder) / "run"))
            found["plain"].append(plainly(scaled, context, horizon, hidden, asked.windows))
        mine, theirs = (statistics.median(found[name]) for name in ("ours", "plain"))
        ratio = statistics.median(a / b for a, b in zip(found["ours"], found["plain"], strict=True))
        lines.append(f"| {context}, {horizon}, {hidden} | {mine:,.0f} | {theirs:,.0f} | {ratio:.2f} |")
        print(lines[-1], flush=True)
    OUT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
