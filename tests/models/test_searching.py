"""Writing answers: greedy, drawn and beam search, against each other, the model's own probabilities and all answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.models.writers import SIZE, decoder_of, rows_of, source_of
from throughtime.batch import Sequences
from throughtime.errors import UsageError
from throughtime.models.decoder import Decoder, Source
from throughtime.models.decoding import Beam, Ends, Hypothesis, Sampling, beam_search, greedy, sampled
from throughtime.models.decoding.likeliest import likeliest
from throughtime.models.decoding.penalties import length_penalty

SOS, EOS = 2, 3
LENGTHS = torch.tensor([5, 0, 2, 4, 5, 3, 1, 2])
KINDS: list[dict[str, Any]] = [{}, {"input_feeding": True, "copying": True, "attention": "coverage", "layers": 2}]


def ends_of(longest: int = 8, **chosen: Any) -> Ends:
    return Ends(SOS, EOS, longest, **chosen)


def writing(lengths: Tensor = LENGTHS, ending: float = 1.0, sure: float = 3.0, **chosen: Any) -> tuple[Decoder, Source]:
    """A decoder that is sure of something at every step, and ends now and then."""
    decoder = decoder_of(tied=False, **chosen).eval()
    with torch.no_grad():
        decoder.following.weight.mul_(sure)
        decoder.following.bias[EOS] += ending
    return decoder, source_of(lengths=lengths)


def searched(decoder: Decoder, source: Source, beam: Beam, ends: Ends) -> list[list[Hypothesis]]:
    return beam_search(decoder.step, decoder.begin(source), len(source.lengths), ends, beam)


def followed(decoder: Decoder, source: Source, ends: Ends) -> list[Hypothesis]:
    return greedy(decoder.step, decoder.begin(source), len(source.lengths), ends)


def rescored(decoder: Decoder, source: Source, row: int, found: Hypothesis) -> float:
    """What the model says of the answer, given it whole."""
    tokens = torch.tensor([[SOS, *found.ids, *([EOS] if found.finished else [])]])
    read = Sequences(tokens[:, :-1], torch.tensor([tokens.shape[1] - 1]))
    return -float(decoder.surprises(read, tokens[:, 1:], rows_of(source, torch.tensor([row]))).sum().detach())


def same(found: list[Hypothesis], expected: list[Hypothesis]) -> None:
    assert [(each.ids, each.finished) for each in found] == [(each.ids, each.finished) for each in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.log_probability == pytest.approx(other.log_probability, abs=1e-11)
        assert one.score == pytest.approx(other.score, abs=1e-11)


# ---- against each other


@pytest.mark.parametrize("chosen", KINDS)
def test_a_beam_of_one_is_greedy(chosen: dict[str, Any]) -> None:
    decoder, source = writing(**chosen)
    for longest in (1, 3, 12):
        expected = followed(decoder, source, ends_of(longest))
        found = [some[0] for some in searched(decoder, source, Beam(1), ends_of(longest))]
        assert [each.ids for each in found] == [each.ids for each in expected]
        same(found, expected)
    assert {each.finished for each in expected} == {True, False} or len({each.ids for each in expected}) > 3


@pytest.mark.parametrize("chosen", KINDS)
def test_a_sentence_alone_is_the_sentence_in_its_batch(chosen: dict[str, Any]) -> None:
    decoder, source = writing(**chosen)
    beam, uniform = Beam(4, 0.7, 0.2, n_best=3), torch.rand(8, 8, generator=torch.Generator().manual_seed(0))
    together, paths = searched(decoder, source, beam, ends_of()), followed(decoder, source, ends_of())
    draws = sampled(decoder.step, decoder.begin(source), 8, ends_of(), Sampling(), uniform)
    for row in range(8):
        alone = rows_of(source, torch.tensor([row]))
        same(searched(decoder, alone, beam, ends_of())[0], together[row])
        same(followed(decoder, alone, ends_of()), paths[row : row + 1])
        drawn = sampled(decoder.step, decoder.begin(alone), 1, ends_of(), Sampling(), uniform[row : row + 1])
        same(drawn, draws[row : row + 1])


@pytest.mark.parametrize("chosen", KINDS)
def test_scores_are_the_models_own(chosen: dict[str, Any]) -> None:
    decoder, source = writing(**chosen)
    beam = Beam(4, length_penalty=0.7, n_best=4)
    for row, found in enumerate(searched(decoder, source, beam, ends_of())):
        assert len({each.ids for each in found}) == len(found) == 4
        keys = [(not each.finished, -each.score) for each in found]
        assert keys == sorted(keys)
        for each in found:
            assert each.log_probability == pytest.approx(rescored(decoder, source, row, each), abs=1e-9)
            length = len(each.ids) + each.finished
            assert each.score == pytest.approx(each.log_probability / length_penalty(length, 0.7), abs=1e-12)
    paths = followed(decoder, source, ends_of())
    paths += sampled(decoder.step, decoder.begin(source), 8, ends_of(), Sampling(2.0), torch.rand(8, 8))
    for row, each in enumerate(paths):
        assert each.log_probability == pytest.approx(rescored(decoder, source, row % 8, each), abs=1e-9)


def test_a_beam_finds_likelier_answers_than_greedy() -> None:
    """Of those that end. It is no theorem for each of them, as the likeliest path can leave a beam: so of the mean."""
    gains = []
    for seed in range(10):
        decoder, source = writing(seed=seed, ending=2.0, sure=2.0)
        found = [some[0] for some in searched(decoder, source, Beam(5), ends_of(20))]
        for one, other in zip(found, followed(decoder, source, ends_of(20)), strict=True):
            if one.finished and other.finished:
                gains.append(one.log_probability - other.log_probability)
    assert len(gains) > 20 and sum(gain > 1e-9 for gain in gains) > 3
    assert sum(gain < -1e-9 for gain in gains) <= len(gains) // 20 and sum(gains) > 0


# ---- against all answers


def everything(decoder: Decoder, source: Source, row: int, size: int, longest: int, beam: Beam) -> list[Hypothesis]:
    """All answers of at most so many tokens, scored one by one, the best first."""
    others = [token for token in range(size) if token != EOS]
    found = []
    for length in range(longest + 1):
        for ids in product(others, repeat=length):
            finished = length < longest
            plain = Hypothesis(ids, 0.0, 0.0, finished)
            total = rescored(decoder, source, row, plain)
            covered = coverage_of(decoder, source, row, plain) if beam.coverage_penalty else 0.0
            score = total / ((5 + length + finished) / 6) ** beam.length_penalty + beam.coverage_penalty * covered
            found.append(Hypothesis(ids, total, score, finished))
    return sorted(found, key=lambda each: (not each.finished, -each.score))


def coverage_of(decoder: Decoder, source: Source, row: int, found: Hypothesis) -> float:
    tokens = torch.tensor([[SOS, *found.ids]])[:, : None if found.finished else -1]
    some = rows_of(source, torch.tensor([row]))
    weights = decoder.look(Sequences(tokens, torch.tensor([tokens.shape[1]])), some).weights[0].sum(0)
    return float(weights[: int(source.lengths[row])].clamp(max=1).log().sum().detach())


@pytest.mark.parametrize("beam", [Beam(100), Beam(100, 0.8, 0.3)])
def test_a_beam_that_holds_everything_finds_the_best(beam: Beam) -> None:
    """A vocabulary of 5 (4 and the end), at most 2 tokens and the end or 3 without: 1 + 4 + 16 + 64 answers."""
    decoder = decoder_of(size=5, tied=False).eval()
    source = source_of(lengths=LENGTHS[:4], size=5)
    every = searched(decoder, source, replace(beam, n_best=85), ends_of(3))
    best = searched(decoder, source, beam, ends_of(3))
    for row in range(3):
        expected = everything(decoder, source, row, 5, 3, beam)
        assert len(expected) == 85
        assert [each.ids for each in every[row]] == [each.ids for each in expected]
        assert [each.score for each in every[row]] == pytest.approx([each.score for each in expected], abs=1e-9)
        assert best[row][0].ids == expected[0].ids


class Nothing:
    """A state that is none."""

    def select(self, index: Tensor) -> Nothing:
        return self


def test_a_beam_stays_full_when_one_has_ended() -> None:
    """Of the first tokens 4 has 0.5, the end 0.3 and 5 has 0.2; after 5 the end is sure, after 4 it is not."""
    table = torch.full((6, 6), 1e-9, dtype=torch.float64)
    table[SOS, 4], table[SOS, EOS], table[SOS, 5] = 0.5, 0.3, 0.2
    table[4, EOS], table[4, 4], table[5, EOS] = 0.1, 0.9, 1.0
    found = beam_search(lambda ids, state: (table[ids].log(), state), Nothing(), 1, ends_of(), Beam(2, n_best=2))[0]
    assert [each.ids for each in found] == [(), (5,)]
    assert [each.log_probability for each in found] == pytest.approx(torch.tensor([0.3, 0.2]).log().tolist(), abs=1e-6)


@pytest.mark.parametrize("power", [0.0, 0.6])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_unlikely_ends_do_not_crowd_out_a_sure_answer(size: int, power: float) -> None:
    """4 5 6 7 8 9 is sure to 0.98 at each step; the end, with less than 0.02, is second each time."""
    table = torch.full((10, 10), 1e-4, dtype=torch.float64)
    for token, following in zip((SOS, 4, 5, 6, 7, 8, 9), (4, 5, 6, 7, 8, 9, EOS), strict=True):
        table[token, following] = 0.98
    table[:, EOS] = torch.where(table[:, EOS] > 0.5, 0.98, 0.019)
    beam = Beam(size, power, n_best=min(size, 2))
    found = beam_search(lambda ids, state: (table[ids].log(), state), Nothing(), 1, ends_of(20), beam)[0]
    assert found[0].ids == (4, 5, 6, 7, 8, 9) and found[0].finished
    assert found[0].log_probability == pytest.approx(7 * torch.tensor(0.98).log().item(), abs=1e-6)
    assert power or [each.ids for each in found[1:]] == [()][: size - 1]


@pytest.mark.parametrize("power", [0.0, 0.6, 1.0, 2.0])
def test_a_search_that_stops_early_has_lost_nothing(power: float) -> None:
    """With as many answers as hypotheses nothing is left out; with one the search may stop before."""
    for seed in range(6):
        decoder, source = writing(seed=seed, ending=2.0, sure=2.0)
        early, late = Counted(decoder), Counted(decoder)
        one = beam_search(early, decoder.begin(source), 8, ends_of(20), Beam(4, power))
        all_four = beam_search(late, decoder.begin(source), 8, ends_of(20), Beam(4, power, n_best=4))
        same([found[0] for found in one], [found[0] for found in all_four])
        assert early.rows <= late.rows


# ---- ends and prefixes


def test_answers_that_never_end_are_cut_and_say_so() -> None:
    decoder, source = writing(ending=-1000.0)
    for found in (
        [some[0] for some in searched(decoder, source, Beam(3), ends_of(5))],
        followed(decoder, source, ends_of(5)),
    ):
        assert all(len(each.ids) == 5 and not each.finished for each in found)
    at_once, _ = writing(ending=1000.0)
    for found in searched(at_once, source, Beam(3, n_best=3), ends_of(5)):
        assert found[0].ids == () and found[0].finished and len(found) == 3


@pytest.mark.parametrize("chosen", KINDS)
def test_a_prefix_is_kept(chosen: dict[str, Any]) -> None:
    decoder, source = writing(**chosen)
    prefixes = [[4, 5, 6], [], [7], [8, 8], [4], [0, 1], [5, 5, 5], []]
    ends = ends_of(prefixes=prefixes)
    free = searched(decoder, source, Beam(4, n_best=4), ends_of())
    uniform = torch.rand(8, 8, generator=torch.Generator().manual_seed(1))
    answers = searched(decoder, source, Beam(4, n_best=4), ends)
    paths = followed(decoder, source, ends)
    draws = sampled(decoder.step, decoder.begin(source), 8, ends, Sampling(), uniform)
    for row, prefix in enumerate(prefixes):
        for each in [*answers[row], paths[row], draws[row]]:
            assert list(each.ids[: len(prefix)]) == prefix
            assert each.log_probability == pytest.approx(rescored(decoder, source, row, each), abs=1e-9)
        assert len(answers[row]) == 4
    same(answers[1], free[1])
    same([some[0] for some in searched(decoder, source, Beam(1), ends)], paths)


def test_impossible_ends_are_refused() -> None:
    for chosen, message in (
        ({"longest": 0}, "longest 0"),
        ({"longest": 1, "prefixes": [[4], [5, 6]]}, "prefix 2 has 2 tokens"),
        ({"prefixes": [[4, EOS]]}, "holds the token that ends"),
    ):
        with pytest.raises(UsageError, match=message):
            ends_of(**chosen)
    for size, n_best in ((0, 1), (2, 3), (2, 0)):
        with pytest.raises(UsageError):
            Beam(size, n_best=n_best)
    with pytest.raises(UsageError, match="penalty"):
        Beam(2, length_penalty=-1.0)


# ---- options and costs


def test_every_option_changes_something() -> None:
    decoder, source = writing()
    plain = searched(decoder, source, Beam(3), ends_of())
    for beam, ends in (
        (Beam(3, length_penalty=2.0), ends_of()),
        (Beam(3, coverage_penalty=5.0), ends_of()),
        (Beam(8), ends_of()),
        (Beam(3, n_best=2), ends_of()),
        (Beam(3), ends_of(2)),
        (Beam(3), ends_of(prefixes=[[5]] * 8)),
    ):
        assert searched(decoder, source, beam, ends) != plain


def test_a_length_penalty_gives_longer_answers() -> None:
    decoder, source = writing(ending=4.0)
    found = [searched(decoder, source, Beam(5, length_penalty=power), ends_of(20)) for power in (0.0, 1.5)]
    short, long = (sum(len(some[0].ids) for some in answers) for answers in found)
    assert long > short


def test_draws_follow_the_distribution() -> None:
    decoder, source = writing(lengths=LENGTHS[:1])
    many = rows_of(source, torch.zeros(3000, dtype=torch.int64))
    uniform = torch.rand(3000, 8, generator=torch.Generator().manual_seed(2))
    found = sampled(decoder.step, decoder.begin(many), 3000, ends_of(), Sampling(), uniform)
    logs, _ = decoder.step(torch.tensor([SOS]), decoder.begin(source))
    first = torch.bincount(torch.tensor([[*each.ids, EOS][0] for each in found]), minlength=SIZE) / 3000
    assert (first - logs[0].exp()).abs().max() < 4 * (0.25 / 3000) ** 0.5
    cold = sampled(decoder.step, decoder.begin(source), 1, ends_of(), Sampling(0), uniform[:1])
    same(cold, followed(decoder, source, ends_of()))


@dataclass
class Counted:
    """Counts calls, and rows."""

    decoder: Decoder
    calls: int = 0
    rows: int = 0

    def __call__(self, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
        self.calls, self.rows = self.calls + 1, self.rows + len(tokens)
        return self.decoder.step(tokens, state)


def test_a_batch_takes_far_fewer_calls_and_what_has_ended_costs_nothing() -> None:
    lengths = torch.randint(0, 6, (64,), generator=torch.Generator().manual_seed(0))
    decoder, source = writing(lengths=lengths)
    together, alone = Counted(decoder), Counted(decoder)
    ends, beam = ends_of(30), Beam(3)
    beam_search(together, decoder.begin(source), 64, ends, beam)
    for row in range(64):
        beam_search(alone, decoder.begin(rows_of(source, torch.tensor([row]))), 1, ends, beam)
    assert together.calls <= 30 and alone.calls > 3 * together.calls
    assert together.rows == alone.rows
    together, alone = Counted(decoder), Counted(decoder)
    found = greedy(together, decoder.begin(source), 64, ends)
    assert together.rows == sum(len(each.ids) + each.finished for each in found)


def test_no_sentence_at_all() -> None:
    decoder, source = writing(lengths=LENGTHS[:0])
    assert searched(decoder, source, Beam(3), ends_of()) == [] and followed(decoder, source, ends_of()) == []


def test_the_likeliest_are_those_of_topk() -> None:
    chance = torch.Generator().manual_seed(3)
    for size, count in ((5, 5), (700, 10), (1000, 7), (1001, 15), (4096, 64)):
        values = torch.randn(6, size, generator=chance)
        values[0, :] = -torch.inf
        values[0, 3] = 0.0
        values[1, 1::2] = -torch.inf
        found, places = likeliest(values, count)
        assert torch.equal(found, torch.topk(values, count, 1).values)
        assert torch.equal(values.gather(1, places), found)
        assert all(len(set(row.tolist())) == count for row in places)
