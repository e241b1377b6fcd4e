"""Each schedule against its formula."""

from __future__ import annotations

import math

import pytest

from tests.training.tiny import plain
from throughtime.errors import UsageError
from throughtime.training.schedules import learning_rate, plateau_falls, warmup_updates
from throughtime.training.settings import TrainingSettings

PER_EPOCH = 7


def rates(settings: TrainingSettings) -> list[float]:
    return [learning_rate(settings, update, PER_EPOCH) for update in range(settings.epochs * PER_EPOCH)]


def test_constant() -> None:
    assert rates(plain(epochs=3, learning_rate=0.3)) == [0.3] * 21


def test_warmup_rises_in_equal_steps_to_the_full_rate() -> None:
    found = rates(plain(epochs=3, learning_rate=0.3, warmup=4))
    assert found[:4] == pytest.approx([0.075, 0.15, 0.225, 0.3])
    assert found[4:] == [0.3] * 17


def test_warmup_below_one_is_a_share_of_all_updates() -> None:
    assert warmup_updates(plain(warmup=0.25), 21) == 6
    assert warmup_updates(plain(warmup=1), 21) == 1
    assert warmup_updates(plain(warmup=0), 21) == 0


def test_warmup_that_never_ends_is_refused() -> None:
    with pytest.raises(UsageError, match="--set warmup=21: training has only 21 updates"):
        warmup_updates(plain(warmup=21), 21)


def test_cosine_falls_from_the_end_of_the_warmup_towards_zero() -> None:
    found = rates(plain(epochs=3, learning_rate=0.3, warmup=5, schedule="cosine"))
    assert found[4] == found[5] == 0.3
    assert found[5:] == pytest.approx([0.15 * (1 + math.cos(math.pi * k / 16)) for k in range(16)])
    assert 0 < found[-1] < 0.003


def test_step_falls_every_so_many_epochs() -> None:
    settings = plain(epochs=5, learning_rate=0.3, schedule="step", step_every=2, schedule_factor=0.1)
    assert rates(settings) == pytest.approx([0.3] * 14 + [0.03] * 14 + [0.003] * 7)


def test_step_falls_twice_by_default() -> None:
    found = rates(plain(epochs=9, learning_rate=0.4, schedule="step"))
    assert found == pytest.approx([0.4] * 21 + [0.2] * 21 + [0.1] * 21)


def test_plateau_falls_whenever_its_patience_is_used_up() -> None:
    settings = plain(learning_rate=0.4, schedule="plateau", plateau_patience=3)
    assert [plateau_falls(settings, stale) for stale in range(8)] == [
        False,
        False,
        False,
        True,
        False,
        False,
        True,
        False,
    ]
    assert [learning_rate(settings, 9, PER_EPOCH, falls) for falls in range(3)] == [0.4, 0.2, 0.1]
    assert not plateau_falls(plain(), 3)
