"""Interpolated Kneser-Ney n-grams: what a language model owes to the few tokens right before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from throughtime.models.baselines.baseline import Answer, Material, Score, baselines
from throughtime.models.baselines.ngrams import numbers_of

LONGEST = 5_000_000  # tokens of training that are counted: the last ones, if there are more
CHUNK = 1_000_000  # tokens that are looked up at a time, so that memory stays bounded
FEW = 512  # a vocabulary up to this has long n-grams: characters, bytes
ORDERS = {"few": 10, "many": 5}  # the longest n-grams tried
PATIENCE = 2  # orders without a better answer, after which it rises no more
DISCOUNT = 0.5  # where the counts are too few to estimate it
LEAST = 0.05  # of a discount: it is what tokens never seen in training live on


@dataclass(frozen=True)
class Grams:
    """All n-grams of one length that occur in training.

    An n-gram's key is ``number of its first n - 1 tokens * vocabulary size + last token``; its number is its place
    among the sorted keys. ``counts (G,)``: how often each occurs. ``endings (G,)``: number of its last n - 1 tokens.
    """

    keys: np.ndarray
    counts: np.ndarray
    endings: np.ndarray
    vocabulary_size: int

    def __len__(self) -> int:
        return len(self.keys)

    def shares(self, counts: np.ndarray, contexts: int) -> Shares:
        """What each n-gram and each of the contexts, the (n - 1)-grams, is worth by these counts ``(G,)``."""
        context = self.keys // self.vocabulary_size
        discounts = discounts_of(counts)[np.minimum(counts, 3)]
        totals = np.bincount(context, weights=counts, minlength=contexts)
        taken = np.bincount(context, weights=discounts, minlength=contexts)
        seen = totals > 0  # a context may stand only at the end of training, where nothing follows
        left = np.divide(taken, totals, out=np.ones(contexts), where=seen)
        kept = np.divide(counts - discounts, totals[context], out=np.zeros(len(self)), where=counts > 0)
        return Shares(kept, left)


@dataclass(frozen=True)
class Shares:
    """``P(w | h) = kept(h w) + left(h) * P(w | h without its first token)``, each sum over w being 1.

    ``kept (G,)`` by number of the n-gram, 0 for one that is unknown; ``left (H,)`` by number of its context, 1 for one
    that is unknown.
    """

    kept: np.ndarray
    left: np.ndarray

    def __call__(self, grams: np.ndarray, contexts: np.ndarray, lower: np.ndarray) -> np.ndarray:
        """Probabilities ``(N,)`` from the numbers of n-grams and contexts, -1 for unknown, and from the lower order."""
        return np.where(grams >= 0, self.kept[grams], 0.0) + np.where(contexts >= 0, self.left[contexts], 1.0) * lower


def discounts_of(counts: np.ndarray) -> np.ndarray:
    """``(4,)``: what is taken from a count of 0, 1, 2, and 3 or more (Chen and Goodman 1999, equation 26).

    With ``n_k`` the number of n-grams counted k times and ``Y = n_1 / (n_1 + 2 n_2)``, it is ``k - (k + 1) Y n_(k+1) /
    n_k``. Where there are no such counts, it is Y, or a half if that is unknown too.
    """
    n = np.bincount(np.minimum(counts, 5), minlength=6).astype(np.float64)
    general = n[1] / (n[1] + 2 * n[2]) if n[1] and n[2] else DISCOUNT
    found = [k - (k + 1) * general * n[k + 1] / n[k] if n[k] and n[k + 1] else general for k in (1, 2, 3)]
    return np.array([0.0, *(min(max(discount, LEAST), k) for k, discount in enumerate(found, start=1))])


@dataclass(frozen=True)
class Stream:
    """A stream of tokens on the way up the orders.

    ``grams (N,)``: the number of the n-gram that ends with each token, ``contexts (N,)`` that of its first n - 1
    tokens, -1 where it is unknown or the stream does not reach so far back. ``lower (N,)``: the probability of each
    token by the orders below n.
    """

    tokens: np.ndarray
    grams: np.ndarray
    contexts: np.ndarray
    lower: np.ndarray

    @classmethod
    def of(cls, tokens: np.ndarray, vocabulary_size: int) -> Stream:
        """Before the first order: everything is equally likely, and the one context is that of no tokens."""
        nothing = np.zeros(len(tokens), np.int32)
        return cls(tokens, nothing, nothing, np.full(len(tokens), 1 / vocabulary_size))

    def believed(self, shares: Shares) -> np.ndarray:
        """``(N,)``: the probability of each token by this order and those below."""
        result = np.empty(len(self.tokens))
        for part in _chunks(len(self.tokens)):
            result[part] = shares(self.grams[part], self.contexts[part], self.lower[part])
        return result

    def raised(self, grams: Grams, first: bool) -> Stream:
        """The same stream an order up, at these n-grams; the first order has a context everywhere."""
        contexts = self.grams if first else np.concatenate([np.full(1, -1, np.int32), self.grams[:-1]])
        numbers = np.full(len(self.tokens), -1, np.int32)
        for part in _chunks(len(self.tokens)):
            known = np.flatnonzero(contexts[part] >= 0) + part.start
            keys = contexts[known].astype(np.int64) * grams.vocabulary_size + self.tokens[known]
            numbers[known] = numbers_of(keys, grams.keys)
        return replace(self, contexts=contexts, grams=numbers)


def counted(tokens: np.ndarray, before: np.ndarray, order: int, vocabulary_size: int) -> tuple[Grams, np.ndarray]:
    """The n-grams of a training stream, and ``(N,)`` the number of the one that ends with each token.

    ``before (N,)`` holds the numbers of the (n - 1)-grams in the same way.
    """
    start = order - 1  # the first token that has so many before it
    contexts = before[start - 1 : len(tokens) - 1] if order > 1 else before
    keys = contexts.astype(np.int64)
    keys *= vocabulary_size  # in place: these arrays are what memory is needed for
    keys += tokens[start:]
    places = np.argsort(keys)
    keys = keys[places]
    new = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    numbers = np.full(len(tokens), -1, np.int32)
    numbers[start:][places] = np.cumsum(new, dtype=np.int32) - 1
    firsts = np.flatnonzero(new)
    counts = np.diff(firsts, append=len(keys)).astype(np.int32)
    return Grams(keys[firsts], counts, before[start:][places[firsts]], vocabulary_size), numbers


def rising(tokens: np.ndarray, streams: list[np.ndarray], vocabulary_size: int) -> Iterator[list[np.ndarray]]:
    """For order 1, 2, ... learned from these tokens, the surprise ``(N,)`` of every token of each stream, in nats.

    All streams go up together, so that no more than the n-grams of two orders are ever held. It ends where the
    training stream has no longer n-grams.
    """
    risen = [Stream.of(stream, vocabulary_size) for stream in streams]
    numbers, contexts = np.zeros(len(tokens), np.int32), 1
    below: Grams | None = None
    for order in range(1, len(tokens) + 1):
        grams, numbers = counted(tokens, numbers, order, vocabulary_size)
        if below is not None:
            shares = below.shares(np.bincount(grams.endings, minlength=len(below)), contexts)
            risen = [replace(stream, lower=stream.believed(shares)) for stream in risen]
            contexts = len(below)
        risen = [stream.raised(grams, first=order == 1) for stream in risen]
        shares = grams.shares(grams.counts, contexts)
        yield [-np.log(stream.believed(shares)) for stream in risen]
        below = grams


@baselines.named("kneser_ney")
def kneser_ney(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """Interpolated modified Kneser-Ney (Kneser and Ney 1995, Chen and Goodman 1999) over a stream of tokens.

    Below the highest order an n-gram counts as often as it has different tokens before it: "Francisco" is frequent,
    yet it follows on "San" alone, so it is no likely guess after anything else. The order is raised as long as the
    answer on the validation split gets better.
    """
    if train.kind != "tokens" or len(train) == 0:
        return None
    assert train.vocabulary_size is not None
    most = ORDERS["few" if train.vocabulary_size <= FEW else "many"]
    tokens = np.asarray(train.target[-LONGEST:])
    best: tuple[float, int, list[np.ndarray]] | None = None
    for order, surprises in enumerate(rising(tokens, [valid.target, test.target], train.vocabulary_size), start=1):
        score = better(valid.surprised(surprises[0]))
        if best is None or score > best[0]:
            best = score, order, surprises
        if order == min(most, best[1] + PATIENCE):
            break
    assert best is not None
    _, order, surprises = best
    settings = f"order {order}, three discounts an order"
    if len(train) > LONGEST:
        settings += f", the last {LONGEST:,} tokens of training"
    return Answer("kneser_ney", settings, valid.surprised(surprises[0]), test.surprised(surprises[1]))


def _chunks(count: int) -> Iterator[slice]:
    return (slice(start, start + CHUNK) for start in range(0, count, CHUNK))
