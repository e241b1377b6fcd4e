"""A task is a value: what it reads and answers, its settings, its measures and its baselines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Generator

from throughtime.cells.cell import form
from throughtime.cells.engine import ORDINARY, Execution
from throughtime.cells.equations import Graph
from throughtime.data.fields import Field
from throughtime.errors import UsageError
from throughtime.models.encoders import encoder_for
from throughtime.models.encoders.encoder import Surroundings
from throughtime.models.heads import heads
from throughtime.models.model import Model
from throughtime.models.settings import NetworkSettings, refuse_idle
from throughtime.registry import Registry
from throughtime.settings import Group


@dataclass(frozen=True)
class Task:
    """What the commands need to know of a task.

    ``metric`` gives for each kind of output column that the task can learn the metric to watch, or a rule by which what
    is learnt decides it (the column, or how many series). ``head`` names the head for each of these kinds, where it is
    not the one registered under the kind itself. ``baselines`` name those that stand beside it. ``defaults`` replace
    the general defaults of settings of any group, and ``kind_defaults`` these where an output of that kind is learnt.
    ``texts`` is how many of the inputs must be texts; where it is set, all inputs are read as texts unless another kind
    is said. ``guessed``: proposed for a column of its kinds where the material names no task. Settings that are
    ``idle`` mean nothing for it.
    """

    name: str
    title: str  # a plain sentence
    shape: str  # "many to one", ...
    reads: str  # formats in words
    settings: type[Group]
    metric: Mapping[str, str | Callable[[Any], str]]
    baselines: tuple[str, ...]
    head: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, object] = field(default_factory=dict)
    kind_defaults: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    example: str = ""
    texts: int = 0
    guessed: bool = True
    idle: frozenset[str] = frozenset()

    def metric_for(self, output: Field) -> str:
        """The metric to watch where this column is learnt."""
        metric = self.metric[output.kind]
        return metric if isinstance(metric, str) else metric(output)


tasks: Registry[Task] = Registry("task", "throughtime.models.tasks")


def task_for(kind: str) -> Task:
    """The task that learns an output column of this kind; the first by name where several do."""
    for _, task in tasks.items():
        if task.guessed and kind in task.metric:
            return task
    raise UsageError(f"no task learns a column of kind {kind}")


def require_kind(task: Task, column: str, kind: str) -> None:
    """Raise UsageError unless the task can learn a column of this kind."""
    if kind not in task.metric:
        can = " or ".join(task.metric)
        raise UsageError(
            f'task {task.name} learns {can}, but the column "{column}" holds {kind}; '
            f"choose --task {task_for(kind).name}, or say --set kinds={column}={next(iter(task.metric))}"
        )


def require_texts(task: Task, kinds: Mapping[str, str]) -> None:
    """Raise UsageError unless as many inputs, given with their kinds, are texts as the task needs."""
    texts = [column for column, kind in kinds.items() if kind in ("tokens", "sentences")]
    if len(texts) < task.texts:
        held = ", ".join(f'"{column}" ({kind})' for column, kind in kinds.items())
        raise UsageError(
            f"task {task.name} reads {task.texts} texts, but the {'input is' if len(kinds) == 1 else 'inputs are'} "
            f"{held}; name further texts with --input, or choose another --task"
        )


def build_model(
    task: Task,
    inputs: Mapping[str, Field],
    output: Field,
    settings: NetworkSettings,
    task_settings: Group,
    *,
    cell: Graph | None = None,
    execution: Execution = ORDINARY,
    target: np.ndarray | None = None,
    generator: Generator | None = None,
    vectors: Mapping[str, np.ndarray] | None = None,
) -> Model:
    """A new model for this task: an encoder for each input, and the head of the output's kind.

    ``cell`` takes the place of the one that the settings name; ``target`` is what the training rows hold, for heads
    that weigh by it, and is not needed to use a trained model; ``vectors`` are first embeddings, by column.
    """
    _refuse_idle(settings, [field.kind for field in inputs.values()], output.kind)
    graph = form(settings.cell) if cell is None else cell

    def around(place: str, column: str) -> Surroundings:
        return Surroundings(settings, graph, execution, place, generator, (vectors or {}).get(column))

    encoders = {
        column: encoder_for(field, around(f"input{index}", column))
        for index, (column, field) in enumerate(inputs.items())
    }
    make = heads[task.head.get(output.kind, output.kind)]
    head = make(output, list(encoders.values()), around("head", output.column), task_settings, target)
    return Model(encoders, output.column, head)


def _refuse_idle(settings: NetworkSettings, kinds: Collection[str], output: str) -> None:
    """Raise UsageError for what was said about columns of another kind than there are."""
    if "words" not in kinds:
        refuse_idle(settings, ("letters", "letters_size"), "no input holds words each of which is answered")
    if not {"tokens", "words", "sentences"} & {*kinds, output}:
        names = ("embeddings", "embedding_size", "frozen_embeddings", "token_dropout", "bag")
        refuse_idle(settings, names, "no input holds words or letters")
