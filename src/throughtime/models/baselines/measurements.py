"""Features of measurements that know no order: statistics of whole series, and the values of single steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from throughtime.models.baselines import logistic_regression, ridge
from throughtime.models.baselines.bags import Bags
from throughtime.models.baselines.baseline import Answer, Material, Score, baselines
from throughtime.models.baselines.features import Features, category_features, joined, number_features
from throughtime.models.baselines.linear import Settings, choose

Form = Callable[[Sequence[np.ndarray]], np.ndarray]


def statistics(series: Sequence[np.ndarray]) -> np.ndarray:
    """Of every channel mean, deviation, least, most and quartiles, then the length: ``(T_r, C) -> (R, 7 C + 1)``.

    A series without steps has all of them 0.

    >>> statistics([np.array([[1.0], [3.0]])]).tolist()
    [[2.0, 1.0, 1.0, 3.0, 1.5, 2.0, 2.5, 2.0]]
    """
    rows = [_of_one(steps) if len(steps) else np.zeros(7 * steps.shape[1]) for steps in series]
    return np.column_stack([np.array(rows), [len(steps) for steps in series]])


def _of_one(steps: np.ndarray) -> np.ndarray:
    quartiles = np.quantile(steps, (0.25, 0.5, 0.75), axis=0)
    parts = [steps.mean(axis=0), steps.std(axis=0), steps.min(axis=0), steps.max(axis=0), *quartiles]
    return np.concatenate(parts)


def moments(series: Sequence[np.ndarray]) -> np.ndarray:
    """Mean and deviation of every channel: ``(R, 2 C)``; 0 for a series without steps."""
    rows = [
        np.concatenate([steps.mean(axis=0), steps.std(axis=0)]) if len(steps) else np.zeros(2 * steps.shape[1])
        for steps in series
    ]
    return np.array(rows)


def values(series: Sequence[np.ndarray]) -> np.ndarray:
    """The values of each step of all series, one after the other: ``(N, C)``."""
    return np.concatenate(series)


def products(series: Sequence[np.ndarray]) -> np.ndarray:
    """The same, with the squares and products of the values: ``(N, C + C (C + 1) / 2)``.

    >>> products([np.array([[2.0, 3.0]])]).tolist()
    [[2.0, 3.0, 4.0, 6.0, 9.0]]
    """
    steps = np.concatenate(series)
    first, second = np.triu_indices(steps.shape[1])
    return np.concatenate([steps, steps[:, first] * steps[:, second]], axis=1)


STATISTICS: Mapping[str, Form] = {
    "mean, deviation, extremes and quartiles of each channel, and the length": statistics,
    "mean and deviation of each channel": moments,
}
STEPS: Mapping[str, Form] = {"the values of the step": values, "with their squares and products": products}
MOST = 400  # features: with more channels only the first form is tried


@dataclass(frozen=True)
class Measured:
    """The inputs of all splits in several forms, by the name of the form; what stands beside them in each."""

    forms: Mapping[str, Features]

    @classmethod
    def of(cls, forms: Mapping[str, Form], train: Material, valid: Material, test: Material) -> Measured:
        """``forms`` say what is made of the measurements of a split; of whole rows, other columns stand beside."""
        splits = (train, valid, test)
        beside = [] if train.lengths is not None else [category_features(*splits), number_features(*splits)]
        others = [part for part in beside if part is not None]
        made: dict[str, Features] = {}
        for name, form in forms.items():
            columns = [tuple(form(part.series[column]) for part in splits) for column in sorted(train.series)]
            if not made or sum(parts[0].shape[1] for parts in columns) <= MOST:
                made[name] = joined([*(_scaled(*parts) for parts in columns), *others])
        return cls(made)

    def questions(self) -> dict[str, tuple[Any, ...]]:
        return {"form": tuple(self.forms)}

    def features(self, settings: Settings) -> Features:
        return self.forms[settings.form]

    def in_words(self, settings: Settings) -> str:
        return f"{settings.form}; penalty {settings.strength:g}"


def _scaled(train: np.ndarray, valid: np.ndarray, test: np.ndarray) -> Features:
    """Each column less its mean in training and over its deviation there."""
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    deviation[deviation < 1e-9] = 1.0
    first, second, third = (Bags.of((part - mean) / deviation) for part in (train, valid, test))
    return Features(first, second, third, np.zeros(train.shape[1], np.int64))


def _asked(train: Material, kinds: tuple[str, ...], stepwise: bool) -> bool:
    """Whether there are measurements, and such answers to them, of each step or of each row."""
    return train.kind in kinds and bool(train.series) and (train.lengths is not None) == stepwise


def of_classes(
    name: str,
    forms: Mapping[str, Form],
    stepwise: bool,
    train: Material,
    valid: Material,
    test: Material,
    better: Score,
) -> Answer | None:
    """Logistic regression; None without measurements, and where classes are answered in the other way."""
    if not _asked(train, ("classes", "labels"), stepwise):
        return None
    labels = train.kind == "labels"
    wanted = train.target if labels else np.eye(len(train.classes))[train.target]
    fit = partial(logistic_regression.fitted, torch.from_numpy(wanted.astype(np.float32)), labels)
    return choose(name, Measured.of(forms, train, valid, test), fit, valid, test, better)


def of_numbers(
    name: str,
    forms: Mapping[str, Form],
    stepwise: bool,
    train: Material,
    valid: Material,
    test: Material,
    better: Score,
) -> Answer | None:
    """Ridge regression; None without measurements, and where numbers are answered in the other way."""
    if not _asked(train, ("numbers",), stepwise):
        return None
    return choose(
        name, Measured.of(forms, train, valid, test), partial(ridge.fitted, train.target), valid, test, better
    )


for _end, _forms, _stepwise in (("statistics", STATISTICS, False), ("steps", STEPS, True)):
    for _start, _baseline in (("logistic_regression", of_classes), ("ridge", of_numbers)):
        _name = f"{_start}_{_end}"
        baselines.add(_name, partial(_baseline, _name, _forms, _stepwise))
