"""Words as steps, each with its letters and its shape, so that one that training never showed still says something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from throughtime.batch import Sequences
from throughtime.data.fields.field import Where, fields
from throughtime.data.fields.steps import padded
from throughtime.data.settings import DataSettings
from throughtime.data.tokenisation import cut
from throughtime.data.values import is_empty, shown
from throughtime.data.vocabulary import SPECIALS, UNK, Vocabulary
from throughtime.errors import DataError, Place

LETTERS = 24  # of a longer word its first and last twelve
MANY_WORDS = 10_000
SHAPES = 60


@fields.named("words")
@dataclass(frozen=True)
class Words:
    """A column of word lists (or texts): of each word its id, the id of its shape, and the ids of its letters.

    A word's id is that of the lower-cased word (``lower_case``); its letters and its shape keep capitals.

    >>> field = Words.fit("form", [["The", "dog"], ["the", "cat"]], lambda i: Place(row=i), DataSettings())
    >>> field.encode(["The", "cow"], Place())[:, :2].tolist(), [shape(word) for word in ("The", "B-52", "U.S.")]
    ([[4, 5], [1, 4]], ['Aa', 'A-9', 'A.A.'])
    """

    kind: ClassVar[str] = "words"
    stepwise: ClassVar[bool] = True
    column: str
    vocabulary: Vocabulary
    letters: Vocabulary
    shapes: Vocabulary
    unit: str
    lower: bool
    max_length: int | None
    notes: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def fit(
        cls, column: str, values: Sequence[Any], where: Where, settings: DataSettings, *, output: bool = False
    ) -> Words:
        lists = any(isinstance(value, (list, tuple)) for value in values)
        lower = settings.lower_case != "no"
        none = Vocabulary(SPECIALS)
        empty = cls(column, none, none, none, "words" if lists else "spaces", lower, settings.max_length)
        counts: Counter[str] = Counter()
        lengths = []
        for i, value in enumerate(values):
            words = empty.words(value, where(i))
            lengths.append(len(words))
            counts.update(words[: settings.max_length])
        if not counts:
            place = Place(where(0).file if values else None, None, column)
            raise DataError("all rows are empty", place=place, mend="fill in the column or leave it out with --input")
        seen, letters, shapes = Counter[str](), Counter[str](), Counter[str]()
        for word, count in counts.items():
            seen[word.lower() if lower else word] += count
            shapes[shape(word)] += count
            for letter in word:
                letters[letter] += count
        min_count = settings.min_count or (2 if counts.total() >= MANY_WORDS else 1)
        vocabulary = Vocabulary.from_counts(seen, min_count, settings.max_vocabulary)
        unknown = counts.total() - sum(seen[word] for word in vocabulary.tokens)
        rare = f"; {len(seen) - len(vocabulary) + len(SPECIALS):,} rarer ones are {UNK}" if unknown else ""
        rare += f" ({unknown / counts.total():.1%} of the text), known by letters and shape" if unknown else ""
        median, longest = (round(float(np.percentile(lengths, share))) for share in (50, 100))
        notes = [f"words{', lower-cased' if lower else ''}: {len(vocabulary) - len(SPECIALS):,} in training{rare}"]
        notes.append(f"half of the rows have up to {median:,} words, the longest {longest:,}")
        return cls(
            column,
            vocabulary,
            Vocabulary.from_counts(letters, 2 if counts.total() >= MANY_WORDS else 1),
            Vocabulary.from_counts(shapes, 1, SHAPES),
            empty.unit,
            lower,
            settings.max_length,
            tuple(f'column "{column}": {note}' for note in notes),
        )

    def words(self, value: Any, place: Place) -> list[str]:
        """The words of a value; a text is cut as texts are."""
        if isinstance(value, (list, tuple)):
            for k, word in enumerate(value):
                if not isinstance(word, str) or not word:
                    raise DataError(f"{shown(word)} is not a word", place=place.at(k), mend="give a list of words")
            return list(value)
        if isinstance(value, (bytes, dict)):
            raise DataError(f"{shown(value)} is not a list of words", place=place, mend="give a list of words")
        if is_empty(value):
            return []
        return cut(str(value), "words") if self.unit == "words" else str(value).split()

    def encode(self, value: Any, place: Place) -> np.ndarray:
        """(T, 2 + letters of the longest word) int32: the word, its shape, its letters and then 0."""
        words = self.words(value, place)[: self.max_length]
        spelt = [word if len(word) <= LETTERS else word[: LETTERS // 2] + word[-LETTERS // 2 :] for word in words]
        result = np.zeros((len(words), 2 + max(map(len, spelt), default=0)), dtype=np.int32)
        result[:, 0] = self.vocabulary.encode([word.lower() for word in words] if self.lower else words)
        result[:, 1] = self.shapes.encode([shape(word) for word in words])
        for row, word in zip(result, spelt, strict=True):
            row[2 : 2 + len(word)] = self.letters.encode(word)
        return result

    def collate(self, encoded: Sequence[np.ndarray]) -> Sequences:
        """Word, shape and letters ``(B, T, 2 + letters)``, padded with 0, and lengths ``(B,)``."""
        return padded([steps.astype(np.int64) for steps in encoded])

    def length(self, encoded: np.ndarray) -> int:
        return len(encoded)

    def decode(self, x: Any) -> str:
        """The known words, between spaces."""
        return " ".join(self.vocabulary.decode(np.asarray(x)[:, 0]))

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "column": self.column,
            "unit": self.unit,
            "lower": self.lower,
            "max_length": self.max_length,
            "vocabulary": self.vocabulary.to_json(),
            "letters": self.letters.to_json(),
            "shapes": self.shapes.to_json(),
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Words:
        vocabulary, letters, shapes = (
            Vocabulary.from_json(saved[name]) for name in ("vocabulary", "letters", "shapes")
        )
        return cls(saved["column"], vocabulary, letters, shapes, saved["unit"], saved["lower"], saved["max_length"])


def shape(word: str) -> str:
    """Capitals as A, small letters as a, digits as 9, each run once; other signs as they are.

    >>> shape("McDonald's"), shape("1990-1991"), shape("ETA")
    ("AaAa'a", '9-9', 'A')
    """
    kinds = ["A" if c.isupper() else "a" if c.isalpha() else "9" if c.isdigit() else c for c in word]
    return "".join(kind for k, kind in enumerate(kinds) if k == 0 or kind not in "Aa9" or kinds[k - 1] != kind)
