"""A batch at which training stopped, run again: where the value that is not finite comes from, and what led to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from throughtime.batch import Batch
from throughtime.training.asking import loss_of
from throughtime.training.clipping import gradient_norm
from throughtime.training.failure import Failure
from throughtime.training.observe import Inside, Located, locate
from throughtime.training.settings import TrainingSettings
from throughtime.training.transfer import freeze
from throughtime.use.inspect.replay.trail import Call, Site, Trail, before_forward, before_gradient, calls

Read = Callable[[str, int], Sequence[str] | None]


@dataclass(frozen=True)
class Replayed:
    """What training said when it stopped, and what running the batch again gives.

    ``gradient_norm`` is None where the loss is not finite. ``found`` is the first value that is not finite, None where
    each is finite (``remarks`` then say why); ``place`` says where its sample stands in the user's material. ``trail``
    shows the steps before it; None where no step is to blame, as for a weight.
    """

    said: str
    update: int
    loss: float
    gradient_norm: float | None
    found: Located | None
    place: str
    trail: Trail | None
    remarks: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """For a terminal; steps count from 0."""
        norm = self.gradient_norm
        length = "" if norm is None else f", the length of its gradient {norm:g}"
        shown = [self.said, f"run again: the loss is {self.loss:g}{length}", *self.remarks]
        if self.found is not None:
            shown += ["", *(f"{name:<10} {value}" for name, value in self.parts().items())]
        if self.trail is not None:
            shown += ["", *self.trail.lines()]
        return shown

    def parts(self) -> dict[str, str]:
        """Where the value is, by what is known: sample, step, layer, direction, quantity, and the value itself."""
        found = self.found
        if found is None:
            return {}
        parts = {}
        if found.sample is not None:
            parts["sample"] = f"{found.sample}, {self.place}" if self.place else str(found.sample)
        inside = found.inside
        if inside is None:
            parts["in"] = found.tensor
        if found.step is not None:
            parts["step"] = str(found.step if self.trail is None or inside is None else self.trail.failing)
        if inside is not None:
            parts["module"] = inside.module
            parts["layer"] = str(inside.layer)
            parts["direction"] = "backward" if inside.backward else "forward"
            parts["gradient" if inside.gradient else "quantity"] = inside.quantity
        return parts | {"value": f"{found.value:g}"}

    def to_json(self) -> dict[str, Any]:
        """The same as values that JSON holds; what is not finite stands as text, "nan" or "inf"."""
        return {
            "said": self.said,
            "update": self.update,
            "loss": _plain(self.loss),
            "gradient_norm": None if self.gradient_norm is None else _plain(self.gradient_norm),
            "found": self.parts(),
            "remarks": list(self.remarks),
            "trail": None if self.trail is None else self.trail.to_json(),
        }


def replay(
    model: nn.Module, failure: Failure, settings: TrainingSettings, said: str, read: Read = lambda module, row: None
) -> Replayed:
    """Run the kept batch again on ``model``, whose weights are those before the update that failed.

    ``read(module, row)`` gives the tokens that a recurrent module reads in a row of the batch, where they are known.
    The model is left in training, and without gradients.
    """
    _put_back(model, failure.buffers)
    model.train()
    loss, norm = _loss_and_length(model, failure.batch, settings)
    found = locate(model, failure.batch)
    trail = _trail(model, failure.batch, found, read)
    place = _place(failure, None if found is None else found.sample)
    remarks = tuple(_remarks(failure, loss, norm, found, trail))
    return Replayed(said, failure.update, loss, norm, found, place, trail, remarks)


def _put_back(model: nn.Module, buffers: Mapping[str, Tensor]) -> None:
    for name, buffer in buffers.items():
        module, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(module), leaf, buffer)


def _loss_and_length(model: nn.Module, batch: Batch, settings: TrainingSettings) -> tuple[float, float | None]:
    """The loss, and the length of its gradient where it is finite."""
    model.zero_grad(set_to_none=True)
    loss, _ = loss_of(model, batch)
    value = float(loss.detach())
    if not math.isfinite(value):
        return value, None
    loss.backward()
    if batch.draw is not None:
        freeze(model, settings, batch.draw.epoch)
    norm = gradient_norm([weight.grad for weight in model.parameters() if weight.grad is not None])
    model.zero_grad(set_to_none=True)
    return value, norm


def _trail(model: nn.Module, batch: Batch, found: Located | None, read: Read) -> Trail | None:
    """The steps before what was found; where it lies behind the layers, those of the last one, to their end."""
    if found is None or found.tensor.startswith(("the weight ", "the column ")):
        return None
    made = calls(model, batch)
    if not made:
        return None
    gradient = found.tensor.startswith("the gradient ")
    inside = found.inside or _nearest(made, found, gradient)
    call = next(call for call in made if call.name == inside.module)
    row = call.largest if found.sample is None else batch.sample_ids.tolist().index(found.sample)
    running = inside.running if found.inside is not None or gradient else call.steps(row) - 1
    site = Site(call, inside.layer, inside.backward, row, running, found.inside is not None)
    tokens = read(inside.module, row)
    return (before_gradient if gradient else before_forward)(model, batch, site, tokens)


def _nearest(made: Sequence[Call], found: Located, gradient: bool) -> Inside:
    """Of a gradient the layer of the weight that it belongs to, else the last layer; from its first step on."""
    if gradient:
        for call in made:
            for direction in call.layer.directions:
                if f"weight {call.name}." in found.tensor and found.tensor.endswith(direction.suffix):
                    return Inside(call.name, direction.layer, direction.backward, "", 0, gradient=True)
    last = made[-1].layer.directions[-1].layer
    return Inside(made[-1].name, last, False, "", 0, gradient)


def _place(failure: Failure, sample: int | None) -> str:
    ids = failure.batch.sample_ids.tolist()
    return failure.places[ids.index(sample)] if sample in ids else ""


def _remarks(
    failure: Failure, loss: float, norm: float | None, found: Located | None, trail: Trail | None
) -> list[str]:
    """What a reader must know before he trusts the replay."""
    said = []
    if failure.processes > 1:
        said.append(f"training ran in {failure.processes} processes; only the first one's rows were kept and run again")
    elif not (_same(loss, failure.loss) and _same(norm, failure.gradient_norm)):
        then = f"the loss was {failure.loss:g}"
        then += "" if failure.gradient_norm is None else f", the length of its gradient {failure.gradient_norm:g}"
        said.append(f"in training {then}: this machine, or the engine here, gives other numbers")
    if found is None:
        said.append("step by step all values are finite: another engine rounds otherwise, and this one stays below")
    elif found.tensor.startswith("the weight "):
        said.append("the weights were not finite before this batch: the update before it made them so")
    elif trail is not None and trail.module.startswith(found.tensor.removeprefix("the output of ")) and trail.finite:
        said.append("the layer's steps, run by the reference, are finite: the engine that trained gives other values")
    return said


def _same(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return (math.isnan(a) and math.isnan(b)) or a == b or math.isclose(a, b, rel_tol=1e-3)


def _plain(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)
