"""Drawing the next token: what is left of a distribution, and that it is drawn so often."""

from __future__ import annotations

import pytest
import torch

from throughtime.errors import UsageError
from throughtime.models.decoding.sampling import Sampling

SHARES = torch.tensor([[0.1, 0.4, 0.2, 0.3], [0.7, 0.05, 0.15, 0.1]], dtype=torch.float64)
LOGS = SHARES.log()


def test_the_distribution_itself() -> None:
    torch.testing.assert_close(Sampling().probabilities(LOGS), SHARES)
    shifted = Sampling().probabilities(LOGS + torch.tensor([[3.0], [-800.0]]))  # need not be normalised
    torch.testing.assert_close(shifted, SHARES)


def test_temperature() -> None:
    for temperature in (0.25, 0.5, 2.0):
        expected = SHARES ** (1 / temperature)
        expected = expected / expected.sum(1, keepdim=True)
        torch.testing.assert_close(Sampling(temperature).probabilities(LOGS), expected)
    likeliest = torch.tensor([[0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]], dtype=torch.float64)
    for temperature in (0, 1e-300, 5e-324):
        assert torch.equal(Sampling(temperature).probabilities(LOGS), likeliest)
        assert Sampling(temperature).draw(LOGS, torch.tensor([0.999, 0.0])).tolist() == [1, 0]
    torch.testing.assert_close(Sampling(1e300).probabilities(LOGS), torch.full_like(SHARES, 0.25))


def test_the_k_likeliest() -> None:
    expected = torch.tensor([[0, 0.4, 0, 0.3], [0.7, 0, 0.15, 0]], dtype=torch.float64)
    torch.testing.assert_close(Sampling(top_k=2).probabilities(LOGS), expected / expected.sum(1, keepdim=True))
    assert torch.equal(Sampling(top_k=1).probabilities(LOGS), Sampling(0).probabilities(LOGS))
    for most in (4, 5, 1000):
        torch.testing.assert_close(Sampling(top_k=most).probabilities(LOGS), SHARES)
    equal = Sampling(top_k=2).probabilities(torch.zeros(1, 5))  # of equally likely ones the first
    assert equal.tolist() == [[0.5, 0.5, 0, 0, 0]]


def test_the_likeliest_that_make_up_a_share() -> None:
    for share, kept in ((0.3, [1, 1]), (0.39, [1, 1]), (0.5, [2, 1]), (0.69, [2, 1]), (0.75, [3, 2]), (1.0, [4, 4])):
        found = Sampling(top_p=share).probabilities(LOGS)
        assert (found > 0).sum(1).tolist() == kept, share
        torch.testing.assert_close(found.sum(1), torch.ones(2, dtype=torch.float64))
        for row in range(2):
            left = found[row] > 0
            torch.testing.assert_close(
                found[row, left] / found[row, left].sum(), SHARES[row, left] / SHARES[row, left].sum()
            )
    both = Sampling(top_k=3, top_p=0.65).probabilities(LOGS)
    assert (both > 0).sum(1).tolist() == [2, 1]
    cold = Sampling(0.5, top_p=0.7).probabilities(LOGS)  # after the temperature: 16 and 9 of 30, 49 of 52.5
    assert (cold > 0).sum(1).tolist() == [2, 1]


def test_what_is_impossible_is_never_drawn() -> None:
    logs = LOGS.clone()
    logs[:, 1] = -torch.inf
    for sampling in (Sampling(), Sampling(0), Sampling(3.0), Sampling(top_k=3), Sampling(top_p=0.99)):
        shares = sampling.probabilities(logs.clone())
        assert (shares[:, 1] == 0).all()
        for uniform in (0.0, 0.1, 0.5, 1 - 2.0**-53):
            drawn = sampling.draw(logs, torch.full((2,), uniform, dtype=torch.float64))
            assert (shares.gather(1, drawn[:, None]) > 0).all()


def test_a_draw_is_where_the_number_falls_among_the_sums() -> None:
    sampling = Sampling()
    for uniform, expected in ((0.0, [0, 0]), (0.0999, [0, 0]), (0.1001, [1, 0]), (0.4999, [1, 0]), (0.5001, [2, 0])):
        assert sampling.draw(LOGS, torch.full((2,), uniform, dtype=torch.float64)).tolist() == expected
    last = torch.full((2,), 1 - 2.0**-53, dtype=torch.float64)
    assert sampling.draw(LOGS, last).tolist() == [3, 3]
    assert sampling.draw(LOGS.float(), last).tolist() == [3, 3]
    assert Sampling(top_k=1).draw(LOGS, last).tolist() == [1, 0]


def test_each_token_is_drawn_as_often_as_it_is_likely() -> None:
    uniform = (torch.arange(10_000, dtype=torch.float64) + 0.5) / 10_000
    for sampling in (Sampling(), Sampling(0.5), Sampling(top_p=0.8)):
        drawn = sampling.draw(LOGS[:1].expand(10_000, 4), uniform)
        shares = torch.bincount(drawn, minlength=4) / 10_000
        torch.testing.assert_close(shares.double(), sampling.probabilities(LOGS)[0], rtol=0, atol=2e-4)


def test_rows_are_drawn_each_for_itself() -> None:
    torch.manual_seed(0)
    logs, uniform = torch.randn(9, 30, dtype=torch.float64), torch.rand(9, dtype=torch.float64)
    for sampling in (Sampling(), Sampling(0), Sampling(0.7, 5), Sampling(1.3, None, 0.6)):
        together = sampling.draw(logs, uniform)
        assert together.tolist() == [int(sampling.draw(logs[k : k + 1], uniform[k : k + 1])) for k in range(9)]


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"temperature": -0.1}, "--temperature -0.1: it must be a number of at least 0"),
        ({"temperature": float("nan")}, "--temperature nan: "),
        ({"temperature": float("inf")}, "--temperature inf: "),
        ({"top_k": 0}, "--top-k 0: it must be at least 1"),
        ({"top_p": 0.0}, "--top-p 0: it must be above 0 and at most 1"),
        ({"top_p": 1.01}, "--top-p 1.01: "),
        ({"top_p": float("nan")}, "--top-p nan: "),
    ],
)
def test_what_is_no_way_to_draw(chosen: dict[str, float], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        Sampling(**chosen)  # type: ignore[arg-type]
    assert str(caught.value).startswith(words) and caught.value.exit_code == 2
