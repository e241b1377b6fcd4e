"""The vocabulary: which token has which id. It is fitted on the training split only and saved with the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any

import numpy as np

PAD, UNK, SOS, EOS = "<pad>", "<unk>", "<sos>", "<eos>"
SPECIALS = (PAD, UNK, SOS, EOS)


@dataclass(frozen=True)
class Vocabulary:
    """Tokens in order of their ids, the first of which is ``first``.

    >>> vocabulary = Vocabulary.fit([["b", "a", "b"], ["c"]])
    >>> vocabulary.tokens
    ('<pad>', '<unk>', '<sos>', '<eos>', 'b', 'a', 'c')
    >>> vocabulary.encode(["a", "z", "b"]), vocabulary.decode([5, 1, 4])
    (array([5, 1, 4]), ['a', '<unk>', 'b'])
    """

    tokens: tuple[str, ...]
    first: int = 0

    @classmethod
    def fit(
        cls, sequences: Iterable[Sequence[str]], min_count: int = 1, max_vocabulary: int | None = None
    ) -> Vocabulary:
        """``<pad>`` 0, ``<unk>`` 1, ``<sos>`` 2, ``<eos>`` 3, then by frequency, ties by alphabet.

        Tokens seen fewer than ``min_count`` times, or beyond the ``max_vocabulary`` most frequent, become ``<unk>``.
        """
        counts: Counter[str] = Counter()
        for tokens in sequences:
            counts.update(tokens)
        return cls.from_counts(counts, min_count, max_vocabulary)

    @classmethod
    def from_counts(cls, counts: Counter[str], min_count: int = 1, max_vocabulary: int | None = None) -> Vocabulary:
        """The same from tokens already counted."""
        kept = (token for token, count in counts.items() if count >= min_count and token not in SPECIALS)
        ranked = sorted(kept, key=lambda token: (-counts[token], token))
        return cls(SPECIALS + tuple(ranked[:max_vocabulary]))

    @classmethod
    def in_order_of_appearance(
        cls, sequences: Iterable[Sequence[str]], specials: Sequence[str] = (SOS, EOS, PAD), first: int = 1
    ) -> Vocabulary:
        """Ids as textbooks give them: from 1, the specials first, then each token when it is first seen.

        >>> vocabulary = Vocabulary.in_order_of_appearance(["the first half".split(), "the end".split()])
        >>> vocabulary.encode(["the", "end"])
        array([4, 7])
        """
        seen = dict.fromkeys(specials)
        for tokens in sequences:
            seen.update(dict.fromkeys(tokens))
        return cls(tuple(seen), first)

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self.ids

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of each token."""
        return {token: self.first + k for k, token in enumerate(self.tokens)}

    def encode(self, tokens: Sequence[str]) -> np.ndarray:
        """Ids (T,) int64; an unknown token is ``<unk>``, or a KeyError where the vocabulary has none."""
        ids, unknown = self.ids, self.ids.get(UNK)
        if unknown is None:
            return np.array([ids[token] for token in tokens], dtype=np.int64)
        return np.fromiter(map(ids.get, tokens, repeat(unknown)), dtype=np.int64, count=len(tokens))

    def decode(self, ids: Iterable[int]) -> list[str]:
        """The tokens of some ids."""
        return [self.tokens[int(k) - self.first] for k in ids]

    def padded(self, sequences: Sequence[Sequence[str]]) -> np.ndarray:
        """Ids (B, T), each row filled up with ``<pad>`` to the longest."""
        longest = max((len(tokens) for tokens in sequences), default=0)
        result = np.full((len(sequences), longest), self.ids[PAD], dtype=np.int64)
        for row, tokens in zip(result, sequences, strict=True):
            row[: len(tokens)] = self.encode(tokens)
        return result

    def one_hot(self, ids: np.ndarray | Sequence[int]) -> np.ndarray:
        """Ids (...) to vectors (..., V) float32 that are 1 at the token's place and 0 elsewhere."""
        return np.eye(len(self.tokens), dtype=np.float32)[np.asarray(ids, dtype=np.int64) - self.first]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, read back by :meth:`from_json`."""
        return {"first": self.first, "tokens": list(self.tokens)}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Vocabulary:
        return cls(tuple(saved["tokens"]), saved["first"])
