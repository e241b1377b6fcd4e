"""Panels, backtests and windows: what is read lies before what is forecast, whatever else there is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from throughtime.batch import Sequences
from throughtime.data.scaling import Scaling
from throughtime.data.series.backtest import Backtest
from throughtime.data.series.panel import Panel, carried_forward
from throughtime.data.series.recent import behind, going_on, recent
from throughtime.data.series.scales import Scales, naive_error
from throughtime.data.series.windows import AHEAD, NEXT, PAST, PLACE, WHICH, Windows, drawn, in_order


def panel(lengths: tuple[int, ...] = (30, 7, 19), holes: bool = True, known: int = 2, further: int = 4) -> Panel:
    """Series of unequal length with holes, one covariate of the past and some known ahead."""
    chance = np.random.default_rng(5)
    values, past, ahead = [], [], []
    for steps in lengths:
        one = chance.normal(size=steps)
        if holes and steps > 4:
            one[[2, steps - 3]] = np.nan
        values.append(one)
        past.append(chance.normal(size=(steps, 1)))
        ahead.append(chance.normal(size=(steps + further, known)))
    names = tuple("abcdefgh"[: len(lengths)])
    begins = np.arange(len(lengths), dtype=np.int64) * 3
    columns = tuple(f"k{i}" for i in range(known))
    return Panel(None, names, begins, tuple(values), tuple(past), tuple(ahead), ("p",), columns)


def windows_over(of: Panel, normalise: str = "last", context: int = 5, horizon: int = 3) -> Windows:
    return Windows(of, context, horizon, normalise, of.names, True)  # type: ignore[arg-type]


def test_missing_values_are_carried_forward_and_the_first_one_back() -> None:
    assert carried_forward(np.array([np.nan, 2.0, np.nan, 3.0, np.nan])).tolist() == [2.0, 2.0, 2.0, 3.0, 3.0]


def test_a_panel_until_a_step_holds_only_what_was_there_before() -> None:
    whole = panel()
    early = whole.until(8)
    assert early.names == ("a", "b", "c") and early.steps.tolist() == [8, 5, 2]
    assert whole.until(4).names == ("a", "b")
    np.testing.assert_array_equal(early.values[1], whole.values[1][:5])
    assert len(early.known[0]) == len(whole.known[0])  # what was planned was known


def test_all_forecasts_within_a_stretch_are_asked_for_from_every_step() -> None:
    of = Panel.of_values([np.arange(10.0), np.arange(4.0)])
    asked = Backtest.over(of, 3, 9, 2)
    assert asked.series.tolist() == [0, 0, 0, 0, 0] and asked.first.tolist() == [3, 4, 5, 6, 7]
    assert Backtest.over(of, 0, 9, 2).first.tolist() == [1, 2, 3, 4, 5, 6, 7, 1, 2]
    assert Backtest.over(of, 0, 9, 2, context=6).first.tolist() == [6, 7]


def test_forecasts_of_which_no_truth_is_known_are_not_asked_for() -> None:
    of = Panel.of_values([np.array([1.0, np.nan, np.nan, np.nan, 5.0, 6.0])])
    assert Backtest.over(of, 0, 6, 2).first.tolist() == [3, 4]
    assert np.isnan(Backtest.over(of, 0, 6, 2).truth[0, 0])


def test_lags_reach_back_to_the_first_value_and_no_further() -> None:
    of = Panel.of_values([np.array([3.0, 4.0, np.nan, 6.0, 7.0])])
    assert Backtest.over(of, 0, 5, 1).lags(3).tolist() == [[3, 3, 3], [3, 4, 4], [4, 4, 6]]


@pytest.mark.parametrize("normalise", ["none", "last", "mean", "standard"])
def test_a_window_is_the_same_alone_and_in_any_batch(normalise: str) -> None:
    of = panel()
    asked = Backtest.over(of, 0, 99, 3)
    reads = windows_over(of, normalise)
    together = reads.batch(asked, np.arange(len(asked)))
    past = together[PAST]
    assert isinstance(past, Sequences) and past.data.shape[2] == len(reads.features) == 5
    for n in range(len(asked)):
        alone = reads.batch(asked, np.array([n]))
        one, length = alone[PAST], int(past.lengths[n])
        assert isinstance(one, Sequences) and int(one.lengths[0]) == length
        np.testing.assert_array_equal(one.data[0, :length], past.data[n, :length])
        for column in (AHEAD, PLACE, WHICH, NEXT):
            np.testing.assert_array_equal(alone[column][0], together[column][n])  # type: ignore[index]


@pytest.mark.parametrize("normalise", ["none", "last", "mean", "standard"])
def test_what_is_read_hangs_on_nothing_that_comes_later(normalise: str) -> None:
    of = panel()
    asked = Backtest.over(of, 0, 99, 3)
    before = windows_over(of, normalise).batch(asked, np.arange(len(asked)))
    for n in range(0, len(asked), 3):
        s, first = int(asked.series[n]), int(asked.first[n])
        values, past = list(of.values), list(of.past)
        values[s], past[s] = values[s].copy(), past[s].copy()
        values[s][first:], past[s][first:] = 1e6, -1e6
        changed = Panel(None, of.names, of.begins, tuple(values), tuple(past), of.known, of.past_names, of.known_names)
        after = windows_over(changed, normalise).batch(asked, np.array([n]))
        length = int(after[PAST].lengths[0])  # type: ignore[union-attr]
        np.testing.assert_array_equal(after[PAST].data[0, :length], before[PAST].data[n, :length])  # type: ignore[union-attr]
        np.testing.assert_array_equal(after[PLACE][0], before[PLACE][n])  # type: ignore[index]
        np.testing.assert_array_equal(after[AHEAD][0], before[AHEAD][n])  # type: ignore[index]


def test_what_came_is_marked_where_it_is_known_and_zero_where_not() -> None:
    of = Panel.of_values([np.array([1.0, 2.0, np.nan, 4.0])])
    asked = Backtest(of, np.array([0, 0]), np.array([1, 4]), 3)
    came = windows_over(of).batch(asked, np.arange(2))[NEXT]
    assert came.tolist() == [[[2, 1], [0, 0], [4, 1]], [[0, 0], [0, 0], [0, 0]]]  # type: ignore[union-attr]


def test_a_series_that_training_did_not_have_has_the_number_after_the_last() -> None:
    of = panel()
    reads = Windows(of, 5, 3, "last", ("a", "c"), True)
    asked = Backtest.over(of, 0, 99, 3)
    which = reads.batch(asked, np.arange(len(asked)))[WHICH]
    assert {int(s): int(w) for s, w in zip(asked.series, which, strict=True)} == {0: 0, 1: 2, 2: 1}  # type: ignore[arg-type]


def test_training_windows_are_drawn_by_seed_and_epoch_alone() -> None:
    of = panel()
    asked = Backtest.over(of, 0, 99, 3)
    reads = windows_over(of)

    def numbers(seed: int, epoch: int, start: int = 0) -> list[list[int]]:
        found = drawn(reads, asked, batch_size=4, most=10, seed=seed, epoch=epoch, start=start)
        return [batch.sample_ids.tolist() for batch in found]

    assert numbers(1, 1) == numbers(1, 1) and numbers(1, 1, 2) == numbers(1, 1)[2:]
    assert sum(map(len, numbers(1, 1))) == 10 and numbers(1, 1) != numbers(1, 2) != numbers(2, 2)
    assert sum(len(batch) for batch in in_order(reads, asked, batch_size=4)) == len(asked)


def test_a_series_is_scaled_by_its_own_training_part() -> None:
    of = panel(holes=False)
    found = Scales.fit(of.until(6), 1, 0)
    assert found.series["a"] == Scaling.fit(of.values[0][:6])
    scaled = found.scaled(of)
    np.testing.assert_allclose(scaled.values[0], (of.values[0] - of.values[0][:6].mean()) / of.values[0][:6].std())
    later = Panel.of_values([np.array([5.0, 9.0])])
    assert found.of(later)[0] == Scaling.fit([5.0, 9.0])  # of a series that it does not know


def test_scales_come_back_from_json() -> None:
    found = Scales.fit(panel(), 1, 1)
    again = Scales.from_json(found.to_json())
    assert again == found and found.known[0] == Scaling(0.0, 1.0) != found.known[1]


def test_the_error_of_the_naive_forecast_leaves_out_what_is_missing() -> None:
    assert naive_error(np.array([1.0, 4.0, np.nan, 2.0, 3.0]), 1) == 2.0
    assert naive_error(np.array([1.0, 4.0, 3.0, 2.0]), 2) == 2.0
    assert np.isnan(naive_error(np.array([1.0]), 1))


def test_the_last_steps_begin_with_a_value_where_the_first_of_them_is_missing() -> None:
    of = Panel.of_values([np.array([30.0, np.nan, np.nan, 4.0, 5.0]), np.arange(5.0)])
    cut = recent(of, 3)
    assert cut.steps.tolist() == [5, 3] and cut.begins.tolist() == [0, 2]
    assert cut.filled[0][-3:].tolist() == of.filled[0][-3:].tolist() == [30.0, 4.0, 5.0]


def test_what_was_known_ahead_stays_known_behind_new_rows() -> None:
    before = Panel.of_values([np.array([1.0, 2.0])], [np.arange(8.0)[:, None]])
    new = replace(Panel.of_values([np.array([3.0])], [np.array([[2.0]])]), begins=np.array([2]))
    joined = going_on(before, new)
    assert joined.values[0].tolist() == [1.0, 2.0, 3.0]
    assert joined.known[0][:, 0].tolist() == list(range(8))


def test_rows_without_times_keep_their_distances_behind_the_last_ones() -> None:
    before = Panel.of_values([np.zeros(4), np.zeros(4)])
    new = replace(
        before, begins=np.array([0, 2]), values=(np.ones(3), np.ones(1)), past=(np.zeros((3, 0)), np.zeros((1, 0)))
    )
    assert behind(before, new).begins.tolist() == [4, 6]


def test_a_new_series_is_scaled_by_all_that_is_given() -> None:
    known = Scales({"old": Scaling(0.0, 1.0)}, {"old": 1.0}, 1, (), ())
    values = np.arange(20.0) ** 2
    found = known.knowing(replace(Panel.of_values([values]), names=("new",)))
    assert found.series["new"] == Scaling.fit(values) and found.errors["new"] == naive_error(values, 1)
    assert found.series["old"] == Scaling(0.0, 1.0)
