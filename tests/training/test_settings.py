"""Options that cannot work together are refused; every option has its effect."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.training.tiny import Tiny, plain, tiny_job, weights, without_times
from throughtime.errors import UsageError
from throughtime.settings import build, declared, spelt
from throughtime.training.loop import fit
from throughtime.training.settings import TrainingSettings


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"momentum": 0.5}, "--set momentum goes with --set optimizer=sgd or rmsprop; here it is adamw"),
        ({"step_every": 2}, "--set step_every goes with --set schedule=step; here it is cosine"),
        ({"schedule": "step", "plateau_patience": 2}, "--set plateau_patience goes with --set schedule=plateau"),
        (
            {"schedule": "cosine", "schedule_factor": 0.5},
            "--set schedule_factor goes with --set schedule=step or plateau",
        ),
        (
            {"average": "uniform", "average_decay": 0.9},
            "--set average_decay goes with --set average=ema; here it is uniform",
        ),
        ({"average": "ema", "average_from": 0.9}, "--set average_from goes with --set average=uniform; here it is ema"),
        ({"warmup": 1.5}, "--set warmup=1.5: it must be a whole number of updates, or a share below 1"),
        ({"schedule": "step", "epochs": 1}, "a step every 1 epochs never comes in 1"),
        ({"schedule": "step", "epochs": 5, "step_every": 5}, "a step every 5 epochs never comes in 5"),
        ({"schedule": "plateau", "patience": 2}, "training ends before 2 epochs without a better metric"),
        ({"schedule": "plateau", "epochs": 3}, "training ends before 2 epochs without a better metric"),
    ],
)
def test_what_cannot_work_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("(", r"\(")):
        TrainingSettings(**values)


@pytest.mark.parametrize(("name", "text"), [("epochs", "0"), ("patience", "0"), ("clip_norm", "-1"), ("momentum", "1")])
def test_bounds(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=spelt(name, text)):
        build([TrainingSettings], {"optimizer": "sgd", name: text})


def test_text_is_converted_and_none_switches_off() -> None:
    settings = build([TrainingSettings], {"clip_norm": "none", "patience": "3", "warmup": "0.1"})[TrainingSettings]
    assert settings == TrainingSettings(clip_norm=None, patience=3, warmup=0.1)


FREE = {
    "observe",  # looks, and changes nothing; see test_recorder
    "metric",  # a name, which the task resolves before training
    "init_from",  # a run, whose weights the model has before training begins; see tests/laws/test_language.py
    "unfreeze_every",  # these two act on layers by their names; see test_transfer
    "layer_factor",
    "checkpoint_seconds",  # changes no result; that it acts is seen in test_loop
}
FLIPS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {  # what must stand beside it, and the flip
    "epochs": ({}, {"epochs": 5}),
    "max_minutes": ({}, {"max_minutes": 1e-9}),
    "batch_size": ({}, {"batch_size": 6}),
    "learning_rate": ({}, {"learning_rate": 0.03}),
    "optimizer": ({}, {"optimizer": "rmsprop"}),
    "momentum": ({"optimizer": "rmsprop"}, {"momentum": 0.5}),
    "weight_decay": ({}, {"weight_decay": 0.1}),
    "schedule": ({}, {"schedule": "cosine"}),
    "warmup": ({}, {"warmup": 3}),
    "step_every": ({"schedule": "step"}, {"step_every": 3}),
    "plateau_patience": ({"schedule": "plateau", "learning_rate": 0.5, "epochs": 12}, {"plateau_patience": 1}),
    "schedule_factor": ({"schedule": "step"}, {"schedule_factor": 0.3}),
    "clip_norm": ({}, {"clip_norm": 0.05}),
    "clip_value": ({}, {"clip_value": 0.01}),
    "patience": ({"learning_rate": 0.5, "epochs": 12}, {"patience": 1}),
    "average": ({}, {"average": "ema"}),
    "average_decay": ({"average": "ema"}, {"average_decay": 0.5}),
    "average_from": ({"average": "uniform"}, {"average_from": 0.8}),
    "seed": ({}, {"seed": 2}),
}


def test_every_setting_has_a_flip() -> None:
    assert {setting.name for setting in declared(TrainingSettings)} == set(FLIPS) | FREE


@pytest.mark.parametrize("name", sorted(FLIPS))
def test_every_setting_changes_the_result(name: str) -> None:
    beside, flip = FLIPS[name]
    base = plain(**{"epochs": 4, "batch_size": 5, "learning_rate": 0.02, **beside})
    results = []
    for settings in (base, msgspec.structs.replace(base, **flip)):
        model = Tiny()
        fitted = fit(model, tiny_job(settings))
        results.append((weights(model), without_times(fitted.history)))
    assert results[0] != results[1]
