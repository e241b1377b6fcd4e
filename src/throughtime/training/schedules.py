"""Schedules: the learning rate as a function of where training stands; nothing is remembered here."""

from __future__ import annotations

import math

from throughtime.errors import UsageError
from throughtime.training.settings import TrainingSettings, epochs_per_plateau, epochs_per_step


def learning_rate(settings: TrainingSettings, update: int, updates_per_epoch: int, falls: int = 0) -> float:
    """The rate of update number ``update`` (from 0); ``falls`` counts the falls that the plateau has caused.

    With n updates in all, of which the first w warm up, and the highest rate r::

        warm-up    r (update + 1) / w                      update < w
        constant   r
        cosine     r (1 + cos(pi (update - w) / (n - w))) / 2
        step       r factor^floor(epoch / step_every)
        plateau    r factor^falls

    >>> settings = TrainingSettings(epochs=2, learning_rate=1.0, schedule="cosine", warmup=2)
    >>> [round(learning_rate(settings, update, 3), 3) for update in range(6)]
    [0.5, 1.0, 1.0, 0.854, 0.5, 0.146]
    """
    total = settings.epochs * updates_per_epoch
    warmup = warmup_updates(settings, total)
    rate = settings.learning_rate
    if settings.schedule == "cosine":
        rate *= (1 + math.cos(math.pi * max(update - warmup, 0) / (total - warmup))) / 2
    elif settings.schedule == "step":
        rate *= _factor(settings) ** (update // updates_per_epoch // epochs_per_step(settings))
    elif settings.schedule == "plateau":
        rate *= _factor(settings) ** falls
    return rate * min(1.0, (update + 1) / warmup) if warmup else rate


def warmup_updates(settings: TrainingSettings, total: int) -> int:
    """Updates that warm up, of ``total``; a UsageError where none would be left after them.

    >>> warmup_updates(TrainingSettings(warmup=0.05), 100), warmup_updates(TrainingSettings(warmup=0.05), 1)
    (5, 0)
    """
    if 0 < settings.warmup < 1:
        return min(math.ceil(settings.warmup * total), total - 1)
    updates = int(settings.warmup)
    if updates >= total and updates > 0:
        raise UsageError(
            f"--set warmup={settings.warmup:g}: training has only {total} updates; give fewer, or a share below 1"
        )
    return updates


def plateau_falls(settings: TrainingSettings, stale: int) -> bool:
    """Whether the rate falls now, after ``stale`` epochs without a better metric."""
    return settings.schedule == "plateau" and stale > 0 and stale % epochs_per_plateau(settings) == 0


def _factor(settings: TrainingSettings) -> float:
    return 0.5 if settings.schedule_factor is None else settings.schedule_factor
