"""The conditional random field against the sum over every path, and its laws: padding, batches, gradients, schemes."""

from __future__ import annotations

import itertools
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from throughtime.data.schemes import Scheme, illegal, legal, whole
from throughtime.models.decoding import Allowed, log_likelihood, log_normaliser, marginals, score, viterbi

SCHEMES: tuple[Scheme, ...] = ("IOB1", "IOB2", "BIOES")
LENGTHS = torch.tensor([2, 4, 0, 1, 3])


class Field(NamedTuple):
    """Random weights, what is allowed of them, and sequences of unequal lengths with garbage behind them."""

    emissions: Tensor
    tags: Tensor
    weights: tuple[Tensor, Tensor, Tensor]
    allowed: Allowed


def some_field(seed: int, classes: int, lengths: Tensor = LENGTHS, spread: float = 1.0) -> Field:
    """The first class is allowed everywhere, so a path always is."""
    generator = torch.Generator().manual_seed(seed)
    draw = partial(torch.randn, generator=generator, dtype=torch.float64)
    emissions = spread * draw(len(lengths), int(lengths.max()), classes)
    tags = torch.randint(classes, emissions.shape[:2], generator=generator)
    weights = draw(classes), draw(classes, classes), draw(classes)
    allowed = [torch.rand(weight.shape, generator=generator) < 0.6 for weight in weights]
    allowed[0][0] = allowed[1][0, 0] = allowed[2][0] = True
    return Field(emissions, tags, weights, (allowed[0], allowed[1], allowed[2]))


def all_paths(emissions: Tensor, weights: tuple[Tensor, Tensor, Tensor], allowed: Allowed | None) -> dict:
    """Every path over the steps of ``emissions (T, C)`` that is allowed, and its score."""
    start, transitions, end = (weight.numpy() for weight in weights)
    e, scores = emissions.numpy(), {}
    for path in itertools.product(range(e.shape[1]), repeat=len(e)):
        pairs = list(itertools.pairwise(path))
        if path and allowed is not None:
            may = [allowed[0][path[0]], allowed[2][path[-1]], *(allowed[1][pair] for pair in pairs)]
            if not all(may):
                continue
        borders = start[path[0]] + end[path[-1]] if path else 0.0
        scores[path] = borders + sum(e[t, k] for t, k in enumerate(path)) + sum(transitions[pair] for pair in pairs)
    return scores


def near(found: Tensor, expected: float | np.ndarray, tolerance: float = 1e-10) -> None:
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=0, atol=tolerance)


CASES = [(seed, classes, masked) for seed in range(6) for classes in (1, 2, 3, 4) for masked in (False, True)]


@pytest.mark.parametrize(("seed", "classes", "masked"), CASES)
def test_against_the_sum_over_all_paths(seed: int, classes: int, masked: bool) -> None:
    field = some_field(seed, classes)
    allowed = field.allowed if masked else None
    together = field.emissions, LENGTHS, *field.weights
    scores = score(field.emissions, field.tags, LENGTHS, *field.weights)
    totals = log_normaliser(*together, allowed)
    likelihoods = log_likelihood(field.emissions, field.tags, LENGTHS, *field.weights, allowed)
    beliefs, best = marginals(*together, allowed), viterbi(*together, allowed)
    assert best.dtype == torch.int64 and beliefs.shape == field.emissions.shape
    for row, length in enumerate(LENGTHS.tolist()):
        every = all_paths(field.emissions[row, :length], field.weights, None)
        paths = all_paths(field.emissions[row, :length], field.weights, allowed)
        truth = tuple(field.tags[row, :length].tolist())
        total = np.log(sum(np.exp(value) for value in paths.values()))
        near(scores[row], every[truth])
        near(totals[row], total)
        near(likelihoods[row], paths[truth] - total if truth in paths else -np.inf)
        shares = np.zeros(field.emissions.shape[1:])
        for path, value in paths.items():
            shares[np.arange(length), list(path)] += np.exp(value - total)
        near(beliefs[row], shares)
        near(beliefs[row, :length].sum(1), np.ones(length))
        assert tuple(best[row, :length].tolist()) == max(paths, key=paths.__getitem__)
        assert not best[row, length:].any() and not beliefs[row, length:].any()


def test_the_probabilities_of_all_paths_sum_to_one() -> None:
    field = some_field(7, 3, torch.tensor([4]))
    paths = torch.tensor(list(itertools.product(range(3), repeat=4)))
    repeated = field.emissions.expand(len(paths), -1, -1), paths, torch.full((len(paths),), 4)
    for allowed in (None, field.allowed):
        near(log_likelihood(*repeated, *field.weights, allowed).exp().sum(), 1.0)


def test_a_sequence_without_steps() -> None:
    field = some_field(8, 3)
    nothing, none = torch.zeros(2, 0, 3, dtype=torch.float64, requires_grad=True), torch.tensor([0, 0])
    no_tags = torch.zeros(2, 0, dtype=torch.int64)
    for emissions, tags in ((nothing, no_tags), (field.emissions[:2], field.tags[:2])):
        for allowed in (None, field.allowed):
            assert log_likelihood(emissions, tags, none, *field.weights, allowed).tolist() == [0.0, 0.0]
            assert marginals(emissions, none, *field.weights, allowed).shape == emissions.shape
            path = viterbi(emissions, none, *field.weights, allowed)
            assert path.shape == tags.shape and path.dtype == torch.int64 and not path.any()
    log_likelihood(nothing, no_tags, none, *field.weights).sum().backward()  # it is a loss like any other
    no_rows = torch.zeros(0, 4, 3), torch.zeros(0, dtype=torch.int64)
    assert viterbi(*no_rows, *(w.float() for w in field.weights)).shape == (0, 4)
    assert log_normaliser(*no_rows, *(w.float() for w in field.weights)).shape == (0,)


@pytest.mark.parametrize("masked", [False, True])
def test_gradients_against_finite_differences(masked: bool) -> None:
    field = some_field(9, 3)
    allowed = field.allowed if masked else None
    best = viterbi(field.emissions, LENGTHS, *field.weights, allowed)  # an allowed path: its likelihood is finite
    inputs = [part.requires_grad_() for part in (field.emissions, *field.weights)]
    assert torch.autograd.gradcheck(lambda e, *w: log_likelihood(e, best, LENGTHS, *w, allowed), inputs)
    assert torch.autograd.gradcheck(lambda e, *w: marginals(e, LENGTHS, *w, allowed), inputs)
    assert torch.autograd.gradcheck(lambda e, *w: score(e, best, LENGTHS, *w), inputs)


@pytest.mark.parametrize("masked", [False, True])
def test_the_gradient_of_the_normaliser_is_the_marginals(masked: bool) -> None:
    field = some_field(10, 4)
    allowed = field.allowed if masked else None
    total = log_normaliser(field.emissions.requires_grad_(), LENGTHS, *field.weights, allowed).sum()
    (gradient,) = torch.autograd.grad(total, field.emissions)
    near(marginals(field.emissions, LENGTHS, *field.weights, allowed), gradient.numpy())


def values_and_gradients(
    emissions: Tensor, tags: Tensor, lengths: Tensor, weights: tuple[Tensor, Tensor, Tensor], allowed: Allowed | None
) -> list[Tensor]:
    """Everything that is computed of a batch; the gradients are those of emissions, then of the weights."""
    inputs = [part.detach().clone().requires_grad_() for part in (emissions, *weights)]
    likelihoods = log_likelihood(inputs[0], tags, lengths, *inputs[1:], allowed)
    finite = likelihoods.masked_fill(likelihoods == -torch.inf, 0)
    beliefs = marginals(inputs[0], lengths, *inputs[1:], allowed)
    gradients = torch.autograd.grad(finite.sum() + (beliefs**2).sum(), inputs, materialize_grads=True)
    path = viterbi(emissions, lengths, *weights, allowed)
    return [likelihoods, beliefs, path, *gradients]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_padding_changes_no_bit(dtype: torch.dtype, masked: bool) -> None:
    field = some_field(11, 4)
    allowed, (start, transitions, end) = field.allowed if masked else None, (w.to(dtype) for w in field.weights)
    padding = torch.arange(4) >= LENGTHS[:, None]
    expected = None
    for garbage, tag in ((0.0, 0), (1e30, 3), (-1e30, -100), (torch.nan, 99)):
        emissions = field.emissions.to(dtype).masked_fill(padding[..., None], garbage)
        tags = field.tags.masked_fill(padding, tag)
        found = values_and_gradients(emissions, tags, LENGTHS, (start, transitions, end), allowed)
        expected = found if expected is None else expected
        assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
        assert not found[3][padding].any()


@pytest.mark.parametrize("masked", [False, True])
def test_alone_as_in_the_batch_and_with_more_padding(masked: bool) -> None:
    field = some_field(12, 3)
    allowed = field.allowed if masked else None
    wide, wide_tags = (
        torch.nn.functional.pad(field.emissions, (0, 0, 0, 5)),
        torch.nn.functional.pad(field.tags, (0, 5)),
    )
    together = values_and_gradients(wide, wide_tags, LENGTHS, field.weights, allowed)
    summed = [torch.zeros_like(weight) for weight in field.weights]
    for row, length in enumerate(LENGTHS.tolist()):
        inputs = field.emissions[row : row + 1, :length], field.tags[row : row + 1, :length], LENGTHS[row : row + 1]
        likelihood, beliefs, path, gradient, *others = values_and_gradients(*inputs, field.weights, allowed)
        near(likelihood[0], together[0][row].detach().numpy(), 1e-12)
        near(beliefs[0], together[1][row, :length].detach().numpy(), 1e-12)
        assert torch.equal(path[0], together[2][row, :length])
        near(gradient[0], together[3][row, :length].numpy(), 1e-12)
        summed = [one + other for one, other in zip(summed, others, strict=True)]
    for one, other in zip(summed, together[4:], strict=True):
        near(one, other.numpy(), 1e-12)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_decoding_keeps_to_the_scheme_whatever_the_emissions(scheme: Scheme) -> None:
    classes = whole(scheme, ["B-X", "B-Y"])
    start, after, end = (torch.from_numpy(part) for part in legal(scheme, classes))
    generator = torch.Generator().manual_seed(13)
    broken = 0
    for spread in (1.0, 100.0, 1e6):
        for _ in range(20):
            lengths = torch.randint(0, 7, (40,), generator=generator)
            lengths[:2] = torch.tensor([1, 6])
            emissions = spread * torch.randn(40, 6, len(classes), generator=generator)
            weights = [10.0 * torch.randn(part.shape, generator=generator) for part in (start, after, end)]
            field = emissions, lengths, weights[0], weights[1], weights[2]
            free, kept = viterbi(*field), viterbi(*field, (start, after, end))
            for row, length in enumerate(lengths.tolist()):
                assert illegal([classes[k] for k in kept[row, :length]], scheme) is None
                broken += illegal([classes[k] for k in free[row, :length]], scheme) is not None
            sums = marginals(*field, (start, after, end)).sum(2)
            valid = (torch.arange(6) < lengths[:, None]).float()
            torch.testing.assert_close(sums, valid, rtol=0, atol=1e-6)
    assert broken > 500  # the emissions do ask for what is not allowed


def test_gradients_are_finite_where_a_tag_can_never_stand() -> None:
    # Without B-X, nothing leads to I-X in IOB2: every sum over its predecessors is over nothing.
    classes = ("O", "I-X", "B-Y")
    allowed: Allowed = tuple(torch.from_numpy(part) for part in legal("IOB2", classes))  # type: ignore[assignment]
    field = some_field(14, 3)
    inputs = [part.requires_grad_() for part in (field.emissions, *field.weights)]
    tags = torch.tensor([0, 2, 0, 2]).repeat(len(LENGTHS), 1)
    likelihood = log_likelihood(inputs[0], tags, LENGTHS, *inputs[1:], allowed)
    beliefs = marginals(inputs[0], LENGTHS, *inputs[1:], allowed)
    assert likelihood.isfinite().all() and not beliefs[..., 1].any()
    for gradient in torch.autograd.grad(-likelihood.sum() + (beliefs**2).sum(), inputs):
        assert gradient.isfinite().all()


def test_where_no_path_is_allowed() -> None:
    field = some_field(15, 3)
    nothing: Allowed = (torch.zeros(3, dtype=torch.bool), *field.allowed[1:])
    inputs = [part.requires_grad_() for part in (field.emissions, *field.weights)]
    likelihood = log_likelihood(inputs[0], field.tags, LENGTHS, *inputs[1:], nothing)
    beliefs = marginals(inputs[0], LENGTHS, *inputs[1:], nothing)
    assert likelihood.tolist() == [0.0 if length == 0 else -np.inf for length in LENGTHS.tolist()]
    assert not beliefs.any() and not viterbi(inputs[0], LENGTHS, *inputs[1:], nothing).any()
    for gradient in torch.autograd.grad(likelihood.sum() + beliefs.sum(), inputs):
        assert gradient.isfinite().all()


def test_long_sequences_and_large_scores_stay_finite() -> None:
    lengths = torch.tensor([700, 300])
    field = some_field(16, 5, lengths, spread=300.0)
    exact = log_likelihood(field.emissions, field.tags, lengths, *field.weights)
    emissions, weights = field.emissions.float().requires_grad_(), [weight.float() for weight in field.weights]
    found = log_likelihood(emissions, field.tags, lengths, *weights)
    torch.testing.assert_close(found.double(), exact, rtol=1e-5, atol=0)
    found.sum().backward()
    assert emissions.grad is not None and emissions.grad.isfinite().all()
    near(marginals(emissions, lengths, *weights).sum((1, 2)), lengths.numpy(), 1e-3)


def test_inputs_stay_as_they_are_and_the_path_has_no_gradient() -> None:
    field = some_field(17, 3)
    parts = [field.emissions.requires_grad_(), field.tags, *field.weights, *field.allowed]
    before = [part.detach().clone() for part in parts]
    path = viterbi(field.emissions, LENGTHS, *field.weights, field.allowed)
    values_and_gradients(field.emissions, field.tags, LENGTHS, field.weights, field.allowed)
    assert not path.requires_grad
    assert all(torch.equal(one, other) for one, other in zip(before, parts, strict=True))
