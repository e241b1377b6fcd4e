"""Trains in child processes that are killed at random instants, until one comes to its end; then once undisturbed.

``python -m tests.training.killed FOLDER`` prints the number of kills and of children that found a checkpoint. The
children are forks of one process that has loaded torch already, so that many kills take little time.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import msgspec
import torch
from torch import Tensor

from tests.training.tiny import Tiny, tiny_job
from throughtime.batch import Batch
from throughtime.training.loop import fit
from throughtime.training.runs import Run
from throughtime.training.settings import TrainingSettings

SETTINGS = TrainingSettings(epochs=16, batch_size=5, learning_rate=0.01, average="ema", checkpoint_seconds=0)


class Slow(Tiny):
    """Slow enough for ten kills to come before the end of 80 updates, however fast the disk."""

    def loss(self, batch: Batch) -> Tensor:
        time.sleep(0.008 if batch.draw is not None else 0)
        return super().loss(batch)


def train(path: Path, settings: TrainingSettings) -> None:
    with Run.create(path, resume=True) as run:
        model = Slow()
        fit(model, tiny_job(settings, run=run), resume=True)
        run.model.write(model.state_dict())
        run.finish()


def train_under_fire(path: Path, seed: int) -> tuple[int, int]:
    """Kills and resumptions; later children live longer, so that an end comes on the slowest machine too."""
    chance = random.Random(seed)
    kills = resumed = 0
    while True:
        resumed += (path / "checkpoint" / "latest.json").exists()
        child = os.fork()
        if child == 0:
            train(path, SETTINGS)
            os._exit(0)
        deadline = time.monotonic() + chance.uniform(0, 0.015) * (kills + 1)
        while time.monotonic() < deadline:
            time.sleep(0.0005)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0
            return kills, resumed
        kills += 1


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.optim.AdamW([torch.zeros(1)])  # loads what every child would load on its own
    folder = Path(sys.argv[1])
    print(json.dumps(train_under_fire(folder / "killed", seed=4)))
    train(folder / "whole", msgspec.structs.replace(SETTINGS, checkpoint_seconds=60))
