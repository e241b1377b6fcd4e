"""Small runs that write texts, for tests: letters turned round, and rows with inputs of every kind."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

import throughtime as tt
from throughtime.api.prepare import prepare
from throughtime.api.rows import PreparedRows
from throughtime.data.fields import Field
from throughtime.models.heads.tokens import TextHead
from throughtime.models.model import Model
from throughtime.models.tasks import build_model

LETTERS = "abcdefgh"
SMALL: dict[str, Any] = {
    "task": "transduce",
    "cell": "gru",
    "hidden_size": 6,
    "embedding_size": 5,
    "epochs": 2,
    "batch_size": 16,
    "threads": 1,
    "baselines": ("copy",),
    "valid": "0.1",
    "test": "0.1",
    "beam": 2,
    "longest": 12,
}
OF_SEVERAL = {
    "input": ("given", "more", "shop", "size"),
    "output": ("said",),
    "kinds": ("shop=category", "size=number"),
    "tokens": "words",
}
MADE = {**{name: SMALL[name] for name in ("hidden_size", "embedding_size", "valid", "test", "beam")}, "longest": 6}
LEARNT = {"hidden_size": 32, "embedding_size": 16, "dropout": 0.0, "epochs": 12, "batch_size": 32, "beam": 1}


def turned_round(count: int, seed: int = 0, longest: int = 7) -> list[dict[str, str]]:
    """Letters, none of them twice, and the same from the last to the first."""
    chance, rows = random.Random(seed), []
    for _ in range(count):
        letters = chance.sample(LETTERS, chance.randint(1, longest))
        rows.append({"given": " ".join(letters), "said": " ".join(letters[::-1])})
    return rows


def several(count: int = 60, seed: int = 1) -> list[dict[str, Any]]:
    """Two texts, a category and a number; what is said is made of all of them."""
    chance, found = random.Random(seed), []
    for row in turned_round(count, seed, longest=4):
        more, shop = " ".join(chance.choices(LETTERS, k=chance.randint(1, 4))), chance.choice("AB")
        found.append({**row, "more": more, "shop": shop, "size": round(chance.gauss(3, 2), 3)})
    return found


def learnt(folder: Path) -> tt.TrainedRun:
    """A network that has learnt to turn letters round, and looks where it must; in seconds."""
    settings = {**SMALL, **LEARNT, "learning_rate": 0.01, "label_smoothing": 0.0}
    return tt.train(turned_round(1000), folder, input=("given",), output=("said",), **settings)


def small(folder: Path, **changes: Any) -> tt.TrainedRun:
    """A network that has learnt next to nothing."""
    return tt.train(turned_round(60), folder, **{"input": ("given",), "output": ("said",), **SMALL, **changes})


def of_several(folder: Path, **changes: Any) -> tt.TrainedRun:
    """One that reads two texts, a category and a number."""
    return tt.train(several(), folder, **{**OF_SEVERAL, **SMALL, **changes})


def built(only: Sequence[str] = (), **changes: Any) -> tuple[PreparedRows, dict[str, Field], Model]:
    """Material with inputs of every kind, those that are read, and a network whose weights are random and large."""
    material = prepare(several(), "transduce", {**OF_SEVERAL, **MADE, **changes}, lambda said: None)
    assert isinstance(material, PreparedRows)
    settings = material.settings
    inputs = {name: field for name, field in material.inputs.items() if not only or name in only}
    model = build_model(material.task, inputs, material.output_field, settings.network, settings.task).eval()
    chance = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weight in model.parameters():
            weight.uniform_(-0.9, 0.9, generator=chance)
        assert isinstance(model.head, TextHead)
        model.head.decoder.following.bias[model.head.last] -= 3  # so that answers are not empty
    return material, inputs, model
