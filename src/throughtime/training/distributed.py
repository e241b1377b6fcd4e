"""Several processes that train one model, on one machine or more, as torchrun starts them.

Every process prepares the same material and holds the same state. Of each batch it takes some rows; the gradients are
added up (torch's DistributedDataParallel), so that an update is the one that a single process would have made of the
whole batch, to rounding. The first process decides, evaluates and writes; the others hear what it found.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from safetensors.torch import load
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from throughtime.batch import Batch
from throughtime.errors import ThroughtimeError, UsageError
from throughtime.training.file_kinds import tensor_bytes

PATIENCE = timedelta(hours=3)  # for each other: the others wait while the first evaluates
SETTLING_SECONDS = 0.2
COUNT, PLACE = "WORLD_SIZE", ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")  # in torchrun's environment

Found = TypeVar("Found")
Result = TypeVar("Result")


class LostProcessError(ThroughtimeError):
    """A process that trains along has ended; the message says how to go on."""


@dataclass(frozen=True)
class Processes:
    """Which of how many processes this one is. What is called here is called by all of them, in the same order.

    ``local_rank`` counts the processes of this machine. Alone, everything below does nothing.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0

    @property
    def first(self) -> bool:
        """Whether this process writes, tells and evaluates."""
        return self.rank == 0

    def device(self, wanted: torch.device) -> torch.device:
        """The device of this process: a GPU each, in the order of the processes of a machine."""
        if self.count == 1 or wanted.type == "cpu":
            return wanted
        if wanted != torch.device("cuda"):
            raise UsageError(f"--device {wanted}: several processes train on cpu, or on cuda with a GPU each")
        if self.local_rank >= (found := torch.cuda.device_count()):
            raise UsageError(f"--nproc-per-node: there are more processes than GPUs ({found}); start one a GPU")
        torch.cuda.set_device(self.local_rank)
        return torch.device("cuda", self.local_rank)

    def add_up(self, compute: Callable[[nn.Module, Batch], Result], model: nn.Module) -> Callable[[Batch], Result]:
        """``compute`` for batches; the way back from it leaves the mean of all processes' gradients in ``model``."""
        if self.count == 1:
            return partial(compute, model)
        # Looking for unused parameters also keeps torch from laying out the gradients anew after the first update: with
        # three processes and more the order of a sum follows the layout, and a resumed run would differ in last bits.
        return DistributedDataParallel(_Together(compute, model), find_unused_parameters=True)

    def part(self, batch: Batch, weight: Callable[[Batch], float]) -> tuple[Batch, float]:
        """This process's rows of a batch, and their share in its ``weight``, over which the loss is the mean.

        Where there are fewer rows than processes, some have the first row with a share of 0. ``batch.state`` is
        of this process's rows already.
        """
        if self.count == 1:
            return batch, 1.0
        begin, end = self._bounds(len(batch))
        part = rows(batch, begin, end) if begin < end else rows(batch, 0, 1)
        whole = weight(batch)
        return part, weight(part) / whole if begin < end and whole else 0.0

    def total(self, value: float) -> float:
        """The sum over all processes."""
        return value if self.count == 1 else float(_reduced([value], dist.ReduceOp.SUM)[0])

    def any(self, *flags: bool) -> tuple[bool, ...]:
        """For each flag whether any process has raised it."""
        return flags if self.count == 1 else tuple(bool(flag) for flag in _reduced(flags, dist.ReduceOp.MAX))

    def of_first(self, find: Callable[[], Found]) -> Found:
        """What the first process finds, on all of them: a value that JSON holds."""
        if self.count == 1:
            return find()
        return json.loads(self._bytes_of_first(json.dumps(find()).encode() if self.first else b""))

    def tensors_of_first(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """The first process's tensors, on all of them."""
        if self.count == 1:
            return tensors
        content = self._bytes_of_first(tensor_bytes(tensors) if self.first else b"")
        return tensors if self.first else load(content)

    def of_each(self, text: str) -> list[str]:
        """The texts of all processes, in their order."""
        if self.count == 1:
            return [text]
        return [content.decode() for content in self._bytes_of_each(text.encode())]

    def whole(self, state: tuple[Tensor, ...] | None) -> tuple[Tensor, ...] | None:
        """From what each process carries for its rows, (L, B, ...) each, what is carried for all rows."""
        if self.count == 1 or state is None:
            return state
        content = tensor_bytes({str(k): part.contiguous() for k, part in enumerate(state)})
        parts = [load(part) for part in self._bytes_of_each(content)]
        return tuple(torch.cat([part[str(k)] for part in parts], 1).to(state[k].device) for k in range(len(state)))

    def own(self, state: tuple[Tensor, ...] | None) -> tuple[Tensor, ...] | None:
        """Of what is carried for all rows what belongs to this process's."""
        if self.count == 1 or state is None:
            return state
        begin, end = self._bounds(state[0].shape[1])
        return tuple(part[:, begin:end] for part in state)

    def require_rows(self, batch: Batch) -> None:
        """Sequences that go on from batch to batch need a process each that carries their state."""
        if len(batch) < self.count:
            raise UsageError(
                f"--batch-size {len(batch)}: {self.count} processes cannot share so few texts that run side by side; "
                "give more, or start fewer processes"
            )

    def require_same(self, digest: str) -> None:
        """Raise UsageError if the processes do not have the same of something, of which this is a digest."""
        if len(set(self.of_each(digest))) > 1:
            raise UsageError(
                "the processes do not have the same data and settings; give each machine a copy of the same files, "
                "and the same command"
            )

    def _bounds(self, count: int) -> tuple[int, int]:
        return count * self.rank // self.count, count * (self.rank + 1) // self.count

    def _bytes_of_first(self, content: bytes) -> bytes:
        length = torch.tensor(len(content))
        dist.broadcast(length, 0)
        held = _held(content) if self.first else torch.empty(int(length), dtype=torch.uint8)
        dist.broadcast(held, 0)
        return held.numpy().tobytes()

    def _bytes_of_each(self, content: bytes) -> list[bytes]:
        lengths = [torch.tensor(0) for _ in range(self.count)]
        dist.all_gather(lengths, torch.tensor(len(content)))
        longest = max(1, *map(int, lengths))
        held = [torch.empty(longest, dtype=torch.uint8) for _ in lengths]
        dist.all_gather(held, _held(content.ljust(longest)))
        return [part[: int(length)].numpy().tobytes() for part, length in zip(held, lengths, strict=True)]


ALONE = Processes()


@contextmanager
def joined() -> Iterator[Processes]:
    """The processes that torchrun has started, this one among them; alone where it has not.

    They stay together until :func:`leave`, or until this process ends. Raises LostProcessError when another one ends
    inside the block.
    """
    processes = _of_environment(os.environ)
    if processes.count == 1:
        yield processes
        return
    try:
        if not dist.is_initialized():
            dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
            atexit.register(leave)  # after the last words: they must be said before torchrun ends whoever is left
        yield processes
    except RuntimeError as error:
        if not is_loss(error):
            raise
        raise lost("another process has ended; its own message says why") from error


def leave() -> None:
    """Let go of the other processes: from here on this one is alone, whatever it does."""
    if dist.is_initialized():
        # Gloo's threads need Python's lock to let go of the last tensors; destroying the group would wait for them
        # with the lock in hand, for ever.
        time.sleep(SETTLING_SECONDS)
        dist.destroy_process_group()
        os.environ[COUNT] = "1"


def is_loss(error: RuntimeError) -> bool:
    """Whether an error says that another process is gone; on processors torch has no class of its own for it."""
    return isinstance(error, dist.DistError) or "gloo" in str(error)


def lost(message: str) -> LostProcessError:
    """The error that says so. This process cannot go on, and will not wait for the others when it ends."""
    atexit.register(_end_at_once)
    return LostProcessError(message)


def _end_at_once() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(LostProcessError.exit_code)  # gloo's threads may still be waiting for the one that is gone


def _of_environment(environment: Mapping[str, str]) -> Processes:
    if environment.get(COUNT, "1") == "1":
        return ALONE
    missing = [name for name in PLACE if name not in environment]
    if missing:
        raise UsageError(f"{COUNT} is {environment[COUNT]}, but {missing[0]} is not set; start with torchrun")
    return Processes(int(environment["RANK"]), int(environment[COUNT]), int(environment["LOCAL_RANK"]))


def rows(batch: Batch, begin: int, end: int) -> Batch:
    """Rows ``begin`` to ``end`` of a batch, with their numbers, and so with their masks."""
    picked = replace(batch, state=None).rows(torch.arange(begin, end))
    return replace(picked, state=batch.state)  # which is of this process's rows already


class _Together(nn.Module):
    """``compute`` as DistributedDataParallel wants it, beside the parameters alone: buffers are the same everywhere."""

    def __init__(self, compute: Callable[[nn.Module, Batch], Any], model: nn.Module) -> None:
        super().__init__()
        weights = list(model.parameters())
        self.weights = nn.ParameterList(weights)
        self.idle = nn.Parameter(weights[0].new_zeros(1))  # where all parameters are used, torch warns of the search
        self.compute = partial(compute, model)

    def forward(self, batch: Batch) -> Any:
        return self.compute(batch)


def _reduced(values: Iterable[float], operation: Any) -> Tensor:
    held = torch.tensor([float(value) for value in values], dtype=torch.float64)
    dist.all_reduce(held, operation)
    return held


def _held(content: bytes) -> Tensor:
    return torch.frombuffer(bytearray(content), dtype=torch.uint8)
