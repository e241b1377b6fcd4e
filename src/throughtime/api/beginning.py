"""Beginning from another run: its vocabulary, its embeddings and its recurrent layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from throughtime.api.settings import chosen_in, resolve
from throughtime.data.fields import fields_from_json
from throughtime.data.fields.tokens import Tokens
from throughtime.errors import UsageError
from throughtime.models.settings import NetworkSettings
from throughtime.models.tasks import tasks
from throughtime.settings import spelt
from throughtime.training.runs import Run

SAME = ("hidden_size", "layers", "bidirectional", "learned_state")  # what the layers of both must share


@dataclass(frozen=True)
class Beginning:
    """What another run gives: the field of its text, its network, and the weights, as they are named there.

    ``encoder`` holds those of the embedding and the layers, under the names that an encoder has for them.
    """

    path: Path
    task: str
    network: NetworkSettings
    field: Tokens
    weights: Mapping[str, Tensor]
    encoder: Mapping[str, Tensor]

    @classmethod
    def of(cls, path: str) -> Beginning:
        """Raises UsageError where the run has read no text, or none in tokens."""
        try:
            run = Run.open(path)
        except UsageError as error:
            raise UsageError(f"--init-from {error}") from None
        saved = run.fields.read()
        fields, inputs = fields_from_json(saved["fields"]), saved["inputs"]
        field = fields[inputs[0]]
        if len(inputs) != 1 or not isinstance(field, Tokens):
            held = ", ".join(f"{column} ({fields[column].kind})" for column in inputs)
            raise UsageError(f"--init-from {path}: the run must have read one text in tokens; it read {held}")
        task = tasks[run.metrics.read()["task"]]
        network = resolve(task, chosen_in(run)).network
        weights = run.model.read()
        found = {name.removeprefix("encoders.0."): value for name, value in weights.items()}
        encoder = {name: value for name, value in found.items() if name.split(".")[0] in ("embedding", "recurrent")}
        return cls(run.path, task.name, network, field, weights, encoder)

    def inherited(self, chosen: Mapping[str, object]) -> dict[str, object]:
        """The settings of the network that must be those of the run; a UsageError where others are chosen."""
        network = self.network
        size = self.encoder["embedding"].shape[1] if "embedding" in self.encoder else None
        wanted: dict[str, Any] = {name: getattr(network, name) for name in SAME} | {"cell": network.cell}
        wanted |= {"embedding_size": size, "embeddings": "learned" if size else "one-hot"}
        for name, value in wanted.items():
            if name in chosen and str(chosen[name]).lower() not in (str(value).lower(), _word(value)):
                raise UsageError(f"{spelt(name, chosen[name])}: the run {self.path} has {_word(value)}; leave it out")
        return wanted

    def known(self, column: str, max_length: int | None) -> Tokens:
        """The field of the run, for this column."""
        field = self.field
        pieces = field.subwords
        return Tokens(column, field.vocabulary, field.unit, field.lower, max_length, field.missing, subwords=pieces)

    def note(self) -> str:
        return f"begins from {self.path}: its vocabulary, its embeddings and its recurrent layers"


@torch.no_grad()
def put(weights: Mapping[str, Tensor], module: nn.Module) -> None:
    """Copy the weights into the parameters of the same names."""
    own = dict(module.named_parameters())
    for name, value in weights.items():
        if name not in own or own[name].shape != value.shape:
            raise UsageError(f"--init-from: the weights {name} of the run do not fit this network")
        own[name].copy_(value)


def _word(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
