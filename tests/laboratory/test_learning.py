"""The loop learns what can be learned, stops when it is solved, broken or stopped, and is the same every time."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Generator

from tests.laboratory.small import SMALL, findings
from throughtime.laboratory import investigate
from throughtime.laboratory.clipping import CLIPPED, UNCLIPPED, by_clipping
from throughtime.laboratory.grammar import picking, two_sets
from throughtime.laboratory.learning import Lesson, learn, share_right
from throughtime.laboratory.network import GRU, IRNN, KINDS, LSTM_1997, Kind, Network
from throughtime.laboratory.page.grammar import weights
from throughtime.laboratory.trial import attempt
from throughtime.synthetic import problems
from throughtime.synthetic.reber import examples_of

LATCH = Lesson(problems["latch"], 8, updates=300, judged_every=20)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_network_learns_a_short_latch_and_stops_there(kind: Kind) -> None:
    trial = attempt(kind, LATCH, hidden_size=8, seed=1)
    learned = trial.learned
    assert learned.solved and not learned.broke and learned.shares[-1] >= 0.95
    assert learned.updates == 20 * len(learned.shares) < 300 and learned.sequences == 32 * learned.updates
    assert all(share < 0.95 for share in learned.shares[:-1])
    assert len(trial.before) == len(trial.after) == 8 and f"{kind.name}, lag 8, seed 1: solved after" in str(trial)


def test_the_same_seed_learns_the_same_and_another_does_not() -> None:
    lesson = replace(LATCH, updates=12)
    first, again, other = (attempt(GRU, lesson, 8, seed).learned.losses for seed in (1, 1, 2))
    assert first == again and first != other


def test_what_is_not_solved_uses_all_its_updates() -> None:
    learned = attempt(GRU, replace(LATCH, updates=3, judged_every=2), 4, 1).learned
    assert (learned.updates, len(learned.shares), learned.solved, learned.broke) == (3, 1, False, False)


def test_a_loss_that_is_no_number_ends_it() -> None:
    lesson = replace(LATCH, lag=60, learning_rate=1e6, clip_norm=None, optimizer="sgd")
    trial = attempt(IRNN, lesson, 8, 1)
    assert trial.learned.broke and trial.learned.updates < 300 and "broke off" in str(trial)


def test_clipping_bounds_the_step_and_only_then_the_irnn_learns() -> None:
    found = list(by_clipping(50, [1], updates=200, hidden_size=32))
    assert [trial.name for trial in found] == [UNCLIPPED, CLIPPED]
    assert [trial.learned.solved for trial in found] == [False, True]
    assert found[0].learned.norms[0] == found[1].learned.norms[0]  # before clipping, so the same
    assert max(found[0].learned.norms) > 10


def test_each_is_asked_before_every_update_and_may_stop() -> None:
    asked: list[int] = []

    def each() -> None:
        asked.append(1)
        if len(asked) == 5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        investigate(SMALL, each=each)
    assert len(asked) == 5


def test_it_runs_on_one_thread_and_gives_the_others_back() -> None:
    seen: set[int] = set()
    torch.set_num_threads(2)
    try:
        investigate(replace(SMALL, adding_seeds=1), each=lambda: seen.add(torch.get_num_threads()))
        assert (seen, torch.get_num_threads()) == ({1}, 2)
    finally:
        torch.set_num_threads(1)


def test_a_sentence_for_each_trial() -> None:
    said: list[str] = []
    found = investigate(replace(SMALL, adding_lags=(4,), adding_seeds=1), said.append)
    trials = [*found.adding, *found.latch, *found.beginnings, *found.clipping, *found.grammar]
    assert len(said) == len(trials) and said[0].startswith("adding: RNN, lag 4, seed 1: not solved after 2 updates")


def test_findings_have_every_network_lag_and_seed() -> None:
    found = findings()
    names = [kind.name for kind in KINDS]
    expected = {(name, lag, seed) for name in names for lag in (4, 6) for seed in (1, 2)}
    assert {(trial.name, trial.lag, trial.seed) for trial in found.adding} == expected
    assert {trial.name for trial in found.latch} == {*names, "LSTM, chrono"}
    assert [trial.name for trial in found.beginnings] == ["uniform"] * 2 + ["xavier"] * 2 + ["orthogonal"] * 2
    assert found.grammar[0].learned.sequences == 2 and found.seconds > 0


def test_the_grammars_two_sets_have_nothing_in_common_and_only_one_is_learned_from() -> None:
    first, second = two_sets(30, Generator().manual_seed(1))
    assert len(first) == len(second) == 30 and not set(first) & set(second)
    examples = examples_of(first)
    batch = picking(problems["reber"], examples).batch(40, 6, Generator().manual_seed(2))
    known = {tuple(row[: int(length)].tolist()) for row, length in zip(examples.target, examples.lengths, strict=True)}
    found = {tuple(row[: int(length)].tolist()) for row, length in zip(batch.target, batch.lengths, strict=True)}
    assert found <= known and len(found) > 10 and batch.x.shape[1] == int(batch.lengths.max())


def test_the_weights_of_the_grammars_network_are_counted() -> None:
    for hidden_size in (1, 6):
        network = Network(LSTM_1997, 7, hidden_size, 7, seed=1)
        assert sum(weight.numel() for weight in network.parameters()) == weights(hidden_size)


def test_the_share_right_is_a_mean_over_sequences() -> None:
    network = Network(GRU, 1, 4, 1, seed=1)
    torch.nn.init.zeros_(network.output.weight)
    torch.nn.init.ones_(network.output.bias)  # always class 1
    examples = problems["latch"].batch(64, 8, Generator().manual_seed(1))
    assert share_right(network, problems["latch"], examples) == pytest.approx(float(examples.target.float().mean()))


def test_the_judges_are_the_ones_given() -> None:
    network, judge = Network(GRU, 1, 8, 1, seed=1), LATCH.problem.batch(10, 8, Generator().manual_seed(4))
    learned = learn(network, LATCH, judge, seed=1)
    assert learned.shares[-1] == pytest.approx(share_right(network, LATCH.problem, judge))
