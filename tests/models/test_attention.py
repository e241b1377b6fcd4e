"""Every attention: its equations, padding that changes nothing, memories without steps, one query or many."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from throughtime.batch import valid_mask
from throughtime.errors import UsageError
from throughtime.models.attention import Attention, attentions
from throughtime.models.attention.location import WIDTH

NAMES = list(attentions)
LOOKING = [name for name in NAMES if name != "none"]
QUERY, MEMORY = 5, 3
LENGTHS = torch.tensor([7, 0, 4, 1])


def made(name: str, query: int = QUERY, memory: int = MEMORY) -> Attention:
    """In float64, with all weights random and distinct; dot products need equal sizes."""
    attention = attentions[name](query, query if name == "dot" else memory, None).double()
    chance = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for weight in attention.parameters():
            weight.uniform_(-0.9, 0.9, generator=chance)
    return attention


def material(name: str, steps: int = 7, queries: int = 3) -> tuple[Tensor, Tensor]:
    chance = torch.Generator().manual_seed(1)
    features = QUERY if name == "dot" else MEMORY
    asked = torch.randn(len(LENGTHS), queries, QUERY, generator=chance, dtype=torch.float64)
    return asked, torch.randn(len(LENGTHS), steps, features, generator=chance, dtype=torch.float64)


def test_all_are_there() -> None:
    assert set(NAMES) >= {"none", "dot", "general", "additive", "location", "coverage"}
    with pytest.raises(UsageError, match='did you mean "additive"'):
        attentions["aditive"]


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_a_distribution_over_the_valid_steps(name: str) -> None:
    attention, (queries, memory) = made(name), material(name)
    context, weights = attention(queries, memory, LENGTHS)
    assert context.shape == (4, 3, attention.context_size) and weights.shape == (4, 3, 7)
    assert not weights.masked_fill(valid_mask(LENGTHS, 7)[:, None], 0).any()
    expected = (LENGTHS > 0).double()[:, None].expand(-1, 3) if name in LOOKING else torch.zeros(4, 3)
    torch.testing.assert_close(weights.sum(2), expected.double())
    assert not context[1].any()
    if name in LOOKING:
        torch.testing.assert_close(context, torch.einsum("bst,btf->bsf", weights, memory))
        assert (weights >= 0).all() and weights[0].std() > 0.01


@pytest.mark.parametrize("name", NAMES)
def test_padding_changes_no_bit(name: str) -> None:
    attention, (queries, memory) = made(name), material(name)
    padding = ~valid_mask(LENGTHS, 7)[..., None]
    found = []
    for garbage in (0.0, -1e30, 7.0):
        given = memory.masked_fill(padding, garbage).requires_grad_()
        asked = queries.clone().requires_grad_()
        context, weights = attention(asked, given, LENGTHS)
        attention.zero_grad()
        (context.sum() + weights.square().sum() + 0 * asked.sum()).backward()
        assert given.grad is None or not given.grad[padding.expand_as(given)].any()
        grads = [weight.grad.clone() for weight in attention.parameters() if weight.grad is not None]
        found.append([context, weights, asked.grad, *grads])
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_row_alone_is_the_row_in_its_batch(name: str) -> None:
    attention, (queries, memory) = made(name), material(name)
    context, weights = attention(queries, memory, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        alone = attention(queries[row : row + 1], memory[row : row + 1, :length], LENGTHS[row : row + 1])
        torch.testing.assert_close(alone[0][0], context[row], rtol=0, atol=1e-13)
        torch.testing.assert_close(alone[1][0], weights[row, :, :length], rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", NAMES)
def test_queries_one_after_the_other_are_all_at_once(name: str) -> None:
    attention, (queries, memory) = made(name), material(name)
    context, weights = attention(queries, memory, LENGTHS)
    earlier = None
    for step in range(3):
        part = attention(queries[:, step : step + 1], memory, LENGTHS, earlier)
        torch.testing.assert_close(part[0][:, 0], context[:, step], rtol=0, atol=1e-13)
        torch.testing.assert_close(part[1][:, 0], weights[:, step], rtol=0, atol=1e-13)
        earlier = attention.after(earlier, part[1])
        assert (earlier is not None) == attention.stepwise
    together = attention.after(None, weights)
    if attention.stepwise:
        torch.testing.assert_close(together, earlier)


@pytest.mark.parametrize("name", NAMES)
def test_earlier_queries_matter_where_they_are_said_to(name: str) -> None:
    attention, (queries, memory) = made(name), material(name)
    other = queries.clone()
    other[:, 0] += 1
    later, changed = (attention(asked, memory, LENGTHS)[1][:, 2] for asked in (queries, other))
    assert torch.equal(later, changed) != attention.stepwise


def score_of(name: str, attention: Attention, query: Tensor, memory: Tensor, before: list[Tensor], t: int) -> Tensor:
    """The equation of the paper for one query and one step of the memory, in plain arithmetic."""
    w = dict(attention.named_parameters())
    if name == "dot":
        return query @ memory[t]
    if name == "general":
        return query @ w["weight"] @ memory[t]
    inside = w["score.weight_query"] @ query + w["score.weight_memory"] @ memory[t] + w["score.bias"]
    if name == "coverage":
        inside = inside + w["weight_coverage"] * sum(float(weights[t]) for weights in before)
    if name == "location" and before:
        around = range(t - WIDTH // 2, t + WIDTH // 2 + 1)
        window = torch.tensor([float(before[-1][s]) if 0 <= s < len(memory) else 0.0 for s in around]).double()
        inside = inside + w["weight_location"] @ (w["filters"] @ window)
    return w["score.weight_score"] @ torch.tanh(inside)


@torch.no_grad()
@pytest.mark.parametrize("name", ["dot", "general", "additive", "location", "coverage"])
def test_the_equations(name: str) -> None:
    attention, (queries, memory) = made(name), material(name)
    _, weights = attention(queries, memory, LENGTHS)
    before: list[Tensor] = []
    for step in range(3):
        scores = [score_of(name, attention, queries[0, step], memory[0], before, t) for t in range(7)]
        expected = torch.softmax(torch.stack(scores), 0)
        torch.testing.assert_close(weights[0, step], expected)
        before.append(expected)


@pytest.mark.parametrize("name", LOOKING)
def test_gradients_are_right(name: str) -> None:
    attention, (queries, memory) = made(name), material(name, steps=3, queries=2)
    lengths = torch.tensor([3, 0, 2, 1])
    inputs = (queries.requires_grad_(), memory.requires_grad_())
    assert torch.autograd.gradcheck(lambda q, m: attention(q, m, lengths), inputs)


@pytest.mark.parametrize("name", NAMES)
def test_a_memory_without_any_step(name: str) -> None:
    attention, (queries, memory) = made(name), material(name)
    context, weights = attention(queries, memory[:, :0], torch.zeros(4, dtype=torch.int64))
    assert weights.shape == (4, 3, 0) and context.shape[2] == attention.context_size and not context.any()


@pytest.mark.parametrize("name", NAMES)
def test_a_memory_in_another_order(name: str) -> None:
    attention, (queries, memory) = made(name), material(name)
    ready = attention.remember(memory, LENGTHS)
    index = torch.tensor([2, 0, 0, 3, 1])
    chosen = attention.read(queries[index], ready.select(index))
    expected = attention(queries, memory, LENGTHS)
    assert all(torch.allclose(a, b[index], atol=1e-13) for a, b in zip(chosen, expected, strict=True))
    twice = ready.select(torch.tensor([2, 2, 0]))
    assert twice.select(torch.tensor([1, 0, 2])) is twice  # an order among copies of a row moves nothing
    assert twice.select(torch.tensor([2, 1, 0])) is not twice


def test_dot_refuses_other_sizes() -> None:
    with pytest.raises(UsageError, match=r"multiplies 5 units of the decoder with 3 features.*attention=general"):
        attentions["dot"](5, 3, None)
