"""Learning on from another run's weights: the lower a layer, the later it moves and the smaller its steps.

Staged unfreezing and discriminative rates are those of ULMFiT (Howard and Ruder 2018).
"""

from __future__ import annotations

import re

from torch import nn

from throughtime.training.settings import TrainingSettings

LAYER = re.compile(r"(?:^|\.)recurrent\.\w+?_l(\d+)(?:_reverse)?$")
HEAD = "head."


def depths(model: nn.Module) -> dict[str, int]:
    """How deep each parameter lies: 0 for the head, 1 for the topmost recurrent layer, and so on to the embeddings.

    >>> from throughtime.cells.recurrent import Recurrent
    >>> layers = Recurrent("rnn:bias=no", 1, 1, num_layers=2)
    >>> model = nn.ModuleDict({"recurrent": layers, "head": nn.Linear(1, 1, False)})
    >>> depths(model)
    {'recurrent.weight_ih_l0': 2, 'recurrent.weight_hh_l0': 2, 'recurrent.weight_ih_l1': 1, \
'recurrent.weight_hh_l1': 1, 'head.weight': 0}
    """
    names = [name for name, _ in model.named_parameters()]
    layers = [int(found.group(1)) for name in names if (found := _layer(name))]
    top = max(layers, default=0)

    def depth(name: str) -> int:
        if found := _layer(name):
            return top - int(found.group(1)) + 1
        return top + 2 if name.rpartition(".")[2] == "embedding" and not name.startswith(HEAD) else 0

    return {name: depth(name) for name in names}


def _layer(name: str) -> re.Match[str] | None:
    """The number of a recurrent layer in a parameter's name; those that belong to a head do not count."""
    return None if name.startswith(HEAD) else LAYER.search(name)


def rate_factors(model: nn.Module, settings: TrainingSettings) -> dict[str, float]:
    """What the learning rate of each parameter is multiplied by: ``layer_factor`` for every layer of depth."""
    factor = 1.0 if settings.layer_factor is None else settings.layer_factor
    return {name: factor**depth for name, depth in depths(model).items()}


def freeze(model: nn.Module, settings: TrainingSettings, epoch: int) -> None:
    """Take the gradients of the layers away that do not learn yet in this epoch (from 1)."""
    if settings.unfreeze_every is None:
        return
    learning = (epoch - 1) // settings.unfreeze_every
    for (_, parameter), depth in zip(model.named_parameters(), depths(model).values(), strict=True):
        if depth > learning:
            parameter.grad = None
