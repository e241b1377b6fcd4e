"""Kneser-Ney against its definition, written with dictionaries, one token after the other."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from throughtime.models.baselines import Answer, Material, kneser_ney, ngrams
from throughtime.models.baselines.kneser_ney import discounts_of, rising
from throughtime.models.metrics import metrics

ENTROPY = metrics["cross_entropy"].score


class ByDefinition:
    """``P(w | h)`` of interpolated modified Kneser-Ney, n-grams as tuples."""

    def __init__(self, tokens: list[int], order: int, vocabulary_size: int) -> None:
        self.size = vocabulary_size
        self.counts: list[dict[tuple[int, ...], int]] = []
        for length in range(1, order + 1):
            longer = length if length == order else length + 1
            found = [tuple(tokens[i : i + longer]) for i in range(len(tokens) - longer + 1)]
            counts = Counter(found if length == order else [gram[1:] for gram in set(found)])
            self.counts.append(counts)
        self.discounts = []
        for counts in self.counts:
            times = Counter(counts.values())
            general = times[1] / (times[1] + 2 * times[2]) if times[1] and times[2] else 0.5
            taken = {}
            for k in (1, 2, 3):
                known = times[k] and times[k + 1]
                taken[k] = k - (k + 1) * general * times[k + 1] / times[k] if known else general
                taken[k] = min(max(taken[k], kneser_ney.LEAST), k)
            self.discounts.append(taken)
        self.after: list[dict[tuple[int, ...], list[int]]] = []
        for counts in self.counts:
            after = defaultdict(list)
            for gram, count in counts.items():
                after[gram[:-1]].append(count)
            self.after.append(after)

    def __call__(self, context: tuple[int, ...], token: int) -> float:
        if len(context) >= len(self.counts):
            context = context[len(context) - len(self.counts) + 1 :]
        place = len(context)
        lower = self(context[1:], token) if context else 1 / self.size
        after, discounts = self.after[place].get(context), self.discounts[place]
        if not after:
            return lower
        count = self.counts[place].get((*context, token), 0)
        kept = count - discounts[min(count, 3)] if count else 0.0
        left = sum(discounts[min(other, 3)] for other in after)
        return (kept + left * lower) / sum(after)


def some_tokens(count: int, seed: int, size: int = 6) -> np.ndarray:
    """Mostly each token is the sum of the two before it, so that longer n-grams pay."""
    generator = np.random.default_rng(seed)
    tokens = list(generator.integers(0, size, 2))
    for _ in range(count - 2):
        tokens.append((tokens[-1] + tokens[-2]) % size if generator.random() < 0.7 else generator.integers(0, size))
    return np.array(tokens[:count], dtype=np.uint16)


def stream(tokens: np.ndarray, size: int = 8) -> Material:
    return Material({}, {}, {}, tokens, vocabulary_size=size, characters=3 * len(tokens))


def answered(*parts: Material) -> Answer:
    answer = kneser_ney.kneser_ney(*parts, ENTROPY)
    assert answer is not None
    return answer


def at_order(order: int, tokens: np.ndarray, streams: list[np.ndarray], size: int) -> list[np.ndarray]:
    for number, surprises in enumerate(rising(tokens, streams, size), start=1):
        if number == order:
            return surprises
    raise AssertionError(f"no order {order}")


@pytest.mark.parametrize("table", [ngrams.TABLE, 0])
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_it_is_its_definition(order: int, table: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a stream with tokens that training never saw; in chunks that end anywhere."""
    monkeypatch.setattr(ngrams, "TABLE", table)
    monkeypatch.setattr(kneser_ney, "CHUNK", 7)
    train, later = some_tokens(300, 1), some_tokens(50, 2)
    later[[0, 20, 21]] = 7, 6, 7
    defined = ByDefinition(train.tolist(), order, 8)
    expected = [-np.log(defined(tuple(later[:i].tolist()), int(later[i]))) for i in range(len(later))]
    found = at_order(order, train, [later], 8)[0]
    assert found == pytest.approx(np.array(expected), rel=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_probabilities_sum_to_one_whatever_came_before(order: int) -> None:
    """All contexts of three tokens, most of which training has not, and each token after them."""
    size = 5
    train = np.array([0, 1, 2, 0, 1, 3, 0, 1, 2, 2, 1, 0, 3])  # never a 4; 3 at the end
    streams = [np.array([*context, token]) for context in product(range(size), repeat=3) for token in range(size)]
    surprises = at_order(order, train, streams, size)
    last = np.exp(-np.array([surprise[-1] for surprise in surprises])).reshape(-1, size)
    assert last.sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert (last > 0).all()


def test_the_discounts_by_hand() -> None:
    counts = np.array([1] * 8 + [2] * 4 + [3] * 3 + [4] * 2 + [9])
    general = 8 / 16
    expected = [0, 1 - 2 * general * 4 / 8, 2 - 3 * general * 3 / 4, 3 - 4 * general * 2 / 3]
    assert discounts_of(counts) == pytest.approx(expected)
    assert discounts_of(np.array([7, 8, 9])) == pytest.approx([0, 0.5, 0.5, 0.5])  # none to estimate them from
    few = discounts_of(np.array([1, 2, 3, 3, 3, 3, 3]))  # a negative discount would take what nobody has
    assert few[2] == kneser_ney.LEAST


def test_a_follower_of_one_token_alone_is_no_guess_after_others() -> None:
    """5 comes most often, but only after 4; 3 follows on everything."""
    train = np.array([0, 3, 1, 3, 2, 3, 4, 5, 4, 5, 4, 5, 4, 5, 4, 5, 0, 3, 4, 3])
    after_unknown = at_order(2, train, [np.array([6, 5]), np.array([6, 3])], 7)
    assert after_unknown[1][1] < after_unknown[0][1]


def test_the_order_rises_as_long_as_it_pays() -> None:
    train, valid, test = (stream(some_tokens(count, seed)) for seed, count in enumerate((2000, 300, 300)))
    answer = answered(train, valid, test)
    assert answer.settings == "order 3, three discounts an order"
    figures = [
        float(found[0].mean()) for found, _ in zip(rising(train.target, [valid.target], 8), range(4), strict=False)
    ]
    assert -ENTROPY(answer.valid) == min(figures) == figures[2]
    assert figures[1] > figures[0]  # a step that does not pay is no reason to stop
    assert answer.test.surprise is not None and len(answer.test.surprise) == 300 and answer.test.characters == 900
    independent = np.random.default_rng(3).integers(0, 8, (2, 500))
    assert answered(stream(independent[0]), stream(independent[1]), test).settings.startswith("order 1,")


def test_the_longest_ngrams_depend_on_the_vocabulary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kneser_ney, "ORDERS", {"few": 3, "many": 1})
    parts = [stream(some_tokens(count, seed), size) for size in (8, 600) for seed, count in enumerate((900, 200, 200))]
    assert answered(*parts[:3]).settings.startswith("order 3,")
    assert answered(*parts[3:]).settings.startswith("order 1,")


def test_of_a_long_stream_the_end_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    train, valid, test = (stream(some_tokens(count, seed)) for seed, count in enumerate((900, 200, 200)))
    monkeypatch.setattr(kneser_ney, "LONGEST", 500)
    whole, end = answered(train, valid, test), answered(stream(train.target[-500:]), valid, test)
    assert whole.settings == end.settings + ", the last 500 tokens of training"
    assert (whole.test.surprise == end.test.surprise).all()


def test_it_reads_a_file_in_memory_as_well(tmp_path: Path) -> None:
    parts = [some_tokens(count, seed) for seed, count in enumerate((900, 200, 200))]
    mapped = []
    for number, part in enumerate(parts):
        part.tofile(tmp_path / str(number))
        mapped.append(np.memmap(tmp_path / str(number), dtype=np.uint16, mode="r"))
    plain, other = (answered(*map(stream, tokens)) for tokens in (parts, mapped))
    wide = answered(*(stream(part.astype(np.int64)) for part in parts))
    assert (plain.test.surprise == other.test.surprise).all() and (plain.test.surprise == wide.test.surprise).all()


def test_the_test_split_chooses_nothing() -> None:
    train, valid = (stream(some_tokens(count, seed)) for seed, count in enumerate((900, 200)))
    one, other = (answered(train, valid, stream(some_tokens(*later))) for later in ((200, 5), (3, 6)))
    assert one.settings == other.settings and (one.valid.surprise == other.valid.surprise).all()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_very_short_streams(count: int) -> None:
    parts = [stream(some_tokens(count, 1)), stream(np.array([7])), stream(np.array([0, 7, 1, 7], dtype=np.uint32))]
    answer = answered(*parts)
    assert answer.valid.surprise is not None and np.isfinite(answer.valid.surprise).all()
    assert answer.test.surprise is not None and np.isfinite(answer.test.surprise).all()


def test_only_streams_of_tokens() -> None:
    classes = Material({"text": ["a"]}, {}, {}, np.zeros(1, np.int64), ("a",))
    assert kneser_ney.kneser_ney(classes, classes, classes, ENTROPY) is None
