"""Trains in several processes that are forks of this one, with the environment that torchrun would give them.

``python -m tests.training.together SCENARIO FOLDER`` prints what came of it. The forks have torch loaded already, so
that many trainings take little time.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import throughtime as tt
from tests.laws.material import WORDS, rows, tiny
from tests.training.tiny import INPUTS, TRAIN, UNITS, Tiny, evaluate, plain, tiny_job
from throughtime.batch import Batch
from throughtime.errors import ThroughtimeError
from throughtime.training.distributed import Processes, joined
from throughtime.training.loop import fit
from throughtime.training.progress import Moment, Silent
from throughtime.training.runs import Run
from throughtime.training.settings import TrainingSettings

SETTINGS = plain(epochs=4, batch_size=7, learning_rate=0.02, average="ema", checkpoint_seconds=0)


@dataclass(frozen=True)
class Ended:
    """How each process ended, and what it said on standard error."""

    codes: list[int]
    said: list[str]


class Group:
    """Processes that train together."""

    def __init__(self, folder: Path, count: int, work: Callable[[], object]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            port = listening.getsockname()[1]
        self.files = [folder / f"said-{rank}" for rank in range(count)]
        self.pids = [self._fork(rank, count, port, work) for rank in range(count)]

    def _fork(self, rank: int, count: int, port: int, work: Callable[[], object]) -> int:
        child = os.fork()
        if child:
            return child
        code = 1
        try:
            os.dup2(os.open(self.files[rank], os.O_CREAT | os.O_WRONLY | os.O_TRUNC), 2)
            places = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "MASTER_PORT": port}
            os.environ.update({"MASTER_ADDR": "127.0.0.1", **{name: str(value) for name, value in places.items()}})
            work()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        except ThroughtimeError as error:
            os.write(2, str(error).encode())
            code = error.exit_code
        except BaseException:
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(code)

    def kill(self, *ranks: int) -> None:
        for rank in ranks:
            os.kill(self.pids[rank], signal.SIGKILL)

    def ended(self) -> Ended:
        """Wait for all; when one has ended badly the others are asked to end, as torchrun does it."""
        codes: dict[int, int] = {}
        while len(codes) < len(self.pids):
            pid, status = os.wait()
            codes[pid] = os.waitstatus_to_exitcode(status)
            if codes[pid] != 0 and len(codes) == 1:
                time.sleep(0.2)
                for other in set(self.pids) - set(codes):
                    os.kill(other, signal.SIGTERM)
        return Ended([codes[pid] for pid in self.pids], [file.read_text() for file in self.files])


class Slow(Tiny):
    """Slow enough for kills to come before the end; its gradients are ready in another order than it declares them in.

    DistributedDataParallel as it comes lays such gradients out anew after the first update, and then sums them up in
    another order.
    """

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(2)
        shapes = {"second": (UNITS, 31), "third": (31, 31), "first": (INPUTS, UNITS), "fourth": (31, 1)}
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(torch.randn(shape, generator=generator) / 5))

    def loss(self, batch: Batch) -> Tensor:
        time.sleep(0.005 if batch.draw is not None else 0)
        x = batch["x"]
        for name in ("first", "second", "third", "fourth"):
            x = torch.tanh(x @ self.get_parameter(name))
        return super().loss(batch) + x.square().mean()


class Running(nn.Module):
    """A model that carries a state over the batches of an epoch: a running mean, half of which is forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.tiny = Tiny()
        self.keep = nn.Parameter(torch.tensor(0.5))

    def loss(self, batch: Batch) -> tuple[Tensor, tuple[Tensor, ...]]:
        x = batch["x"]
        assert isinstance(x, Tensor)
        before = torch.zeros(1, *x.shape) if batch.state is None else batch.state[0]
        after = self.keep * before + (1 - self.keep) * x
        return self.tiny.loss(Batch({"x": after[0], "y": batch["y"]}, batch.sample_ids, draw=batch.draw)), (after,)


def evaluated(model: nn.Module) -> dict[str, float]:
    """Of a model that carries a state, without it."""
    return evaluate(model.tiny)  # type: ignore[arg-type]


class Blowing(Tiny):
    """Of which one sample's loss is infinite from the ninth update on."""

    def loss(self, batch: Batch) -> Tensor:
        loss = super().loss(batch)
        bad = batch.draw is not None and batch.draw.update >= 8 and bool((batch.sample_ids % 5 == 3).any())
        return loss * float("inf") if bad else loss


class Signalled(Silent):
    """Sends itself a signal after one update."""

    def __init__(self, update: int) -> None:
        self.left = update

    def update(self, moment: Moment) -> None:
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(signal.SIGTERM)


def fitting(
    path: Path,
    settings: TrainingSettings = SETTINGS,
    make: Callable[[], nn.Module] = Tiny,
    listening: Callable[[Processes], Silent] = lambda processes: Silent(),
    **parts: Any,
) -> Callable[[], None]:
    """What each process does: fit, and the first one writes the run."""

    def work() -> None:
        with joined() as processes:
            model = make()
            job = tiny_job(settings, processes=processes, progress=listening(processes), **parts)
            if not processes.first:
                fit(model, job, resume=True)
                return
            with Run.create(path, resume=True) as run:
                fit(
                    model, tiny_job(settings, processes=processes, progress=job.progress, run=run, **parts), resume=True
                )
                run.model.write(model.state_dict())

    return work


def agreeing(folder: Path) -> list[list[int]]:
    """The same training by one, two and three processes; batches have 7 rows, the last one 2."""
    return [Group(folder / f"of-{n}", n, fitting(folder / str(n))).ended().codes for n in (1, 2, 3)]


def streaming(folder: Path) -> dict[str, Any]:
    """A model that carries a state: by one process, by two, and stopped and gone on with by other numbers of them."""
    settings = plain(epochs=3, batch_size=7, learning_rate=0.05, checkpoint_seconds=1000)
    for count in (1, 2):
        Group(
            folder / f"of-{count}",
            count,
            fitting(folder / str(count), settings, Running, batches=whole, evaluate=evaluated),
        ).ended()
    codes = []
    for count in (2, 3, 1, 2):
        work = fitting(
            folder / "changing", settings, Running, lambda processes: Signalled(2), batches=whole, evaluate=evaluated
        )
        codes.append(Group(folder / "changing-said", count, work).ended().codes)
    work = fitting(folder / "changing", settings, Running, batches=whole, evaluate=evaluated)
    codes.append(Group(folder / "changing-said", 2, work).ended().codes)
    few = plain(epochs=1, batch_size=2)
    work = fitting(
        folder / "few", few, Running, batches=lambda epoch, start: whole(epoch, start, 2), evaluate=evaluated
    )
    return {"codes": codes, "few": asdict(Group(folder / "few-said", 3, work).ended())}


def whole(epoch: int, start: int, size: int = 7) -> Any:
    """Batches of which each row goes on in the next one: three windows of as many rows."""
    ids = [torch.arange(size) + window * size for window in range(3)]
    found = [Batch({"x": TRAIN[0][k], "y": TRAIN[1][k]}, k, offset=n) for n, k in enumerate(ids)]

    class Rest(list):
        def __len__(self) -> int:
            return 3

    return Rest(found[start:])


def under_fire(folder: Path) -> dict[str, Any]:
    """Three processes, of which all or one are killed again and again; then the rest, and all of it undisturbed."""
    chance, kills, path = random.Random(5), 0, folder / "killed"
    survivors: list[list[Any]] = []
    while updates(path) < 14:
        group = Group(folder / "killed-said", 3, fitting(path, make=Slow))
        target = updates(path) + chance.randint(0, 3)
        while updates(path) < target:
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.03 if target else 0.1))
        victims = [0, 1, 2] if kills % 2 else [chance.randrange(3)]
        group.kill(*victims)
        ended = group.ended()
        kills += 1
        survivors += [[ended.codes[k], ended.said[k]] for k in range(3) if k not in victims]
    last = Group(folder / "killed-said", 3, fitting(path, make=Slow)).ended()
    Group(folder / "undisturbed-said", 3, fitting(folder / "undisturbed", make=Slow)).ended()
    return {"kills": kills, "survivors": survivors, "last": asdict(last)}


def updates(path: Path) -> int:
    """How many are saved."""
    latest = path / "checkpoint" / "latest.json"
    return json.loads(latest.read_text())["position"]["update"] if latest.exists() else 0


def stopped(folder: Path) -> dict[str, Any]:
    """A signal to one process stops all of them; a value that is not finite too; and the time limit of the first."""

    def second(processes: Processes) -> Silent:
        return Signalled(5) if processes.rank == 1 else Silent()

    found = {"interrupted": asdict(Group(folder / "a", 2, fitting(folder / "interrupted", listening=second)).ended())}
    Group(folder / "b", 2, fitting(folder / "interrupted")).ended()
    Group(folder / "b", 2, fitting(folder / "whole")).ended()
    found["blown"] = asdict(Group(folder / "c", 2, fitting(folder / "blown", make=Blowing)).ended())
    late = plain(epochs=50, batch_size=7, max_minutes=0.2 / 60)
    found["late"] = asdict(Group(folder / "d", 2, fitting(folder / "late", late)).ended())
    return found


def trained(folder: Path) -> dict[str, Any]:
    """``tt.train`` of steps and of a text, by one process and by two; what is refused; what follows in a program."""
    text = folder / "text.txt"
    chance = random.Random(3)
    text.write_text("\n".join(" ".join(chance.choices(WORDS, k=9)) for _ in range(60)))
    small = {"epochs": 2, "hidden_size": 6, "threads": 1, "baselines": ("kneser_ney",), "tokens": "characters"}
    plans: dict[str, tuple[Any, dict[str, Any]]] = {
        "tags": (rows("tags"), tiny("tags", batch_size=11)),
        "language_model": (
            str(text),
            {**small, "batch_size": 5, "bptt": 20, "task": "language_model", "sample_lines": 1},
        ),
    }
    found = {}
    for name, (data, settings) in plans.items():
        for count in (1, 2):
            path = folder / f"{name}-{count}"

            work = partial(tt.train, data, path, **settings)
            found[path.name] = asdict(Group(folder / f"{path.name}-said", count, work).ended())

    (folder / "who").touch()

    def different() -> None:
        tt.train(rows("classify", 60 + int(os.environ["RANK"])), folder / "different", **tiny("classify"))

    def seeds() -> None:
        tt.train(rows("classify"), folder / "seeds", **tiny("classify", seeds=2))

    def taken() -> None:
        tt.train(rows("classify"), folder / "tags-2", **tiny("classify"))

    def alone_afterwards() -> None:
        tt.train(rows("classify"), folder / "first", **tiny("classify", epochs=1))
        (folder / "who").write_text((folder / "who").read_text() + os.environ["RANK"])
        tt.train(rows("classify"), folder / "second", **tiny("classify", epochs=1))

    for work in (different, seeds, taken, alone_afterwards):
        found[work.__name__] = asdict(Group(folder / f"{work.__name__}-said", 2, work).ended())
    return found


SCENARIOS = {scenario.__name__: scenario for scenario in (agreeing, streaming, under_fire, stopped, trained)}

if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.optim.AdamW([torch.zeros(1)])  # loads what every child would load on its own
    print(json.dumps(SCENARIOS[sys.argv[1]](Path(sys.argv[2]))))
