"""Sentences as steps, each with its tokens: a story is read sentence by sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from throughtime.batch import Sequences
from throughtime.data.fields.field import Where, fields
from throughtime.data.fields.steps import padded
from throughtime.data.fields.tokens import Tokens
from throughtime.data.settings import DataSettings
from throughtime.data.tokenisation import LETTERS
from throughtime.data.values import is_missing, shown
from throughtime.errors import DataError, Place
from throughtime.settings import changed

END = re.compile(r"(?<=[.!?])\s+|\s*\n\s*")


def sentences_of(text: str) -> list[str]:
    """A text at the ends of its sentences and lines.

    >>> sentences_of("Ada left. Where to? Home.")
    ['Ada left.', 'Where to?', 'Home.']
    """
    return [sentence for sentence in END.split(text.strip()) if sentence]


@fields.named("sentences")
@dataclass(frozen=True)
class Sentences:
    """A column of texts, or of lists of sentences: of each sentence the ids of its tokens, as ``Tokens`` cuts them.

    ``max_length`` counts sentences, and the first ones are kept. Each step is ``(L,)``, padded with 0 to the longest.

    >>> field = Sentences.fit("story", ["Ada ran. Bo ran."], lambda i: Place(row=i), DataSettings(tokens="words"))
    >>> field.encode("Bo sat. Bo ran.", Place()).tolist(), field.decode(field.encode("Ada ran. Bo.", Place()))
    ([[7, 1, 4], [7, 5, 4]], 'ada ran. bo.')
    """

    kind: ClassVar[str] = "sentences"
    stepwise: ClassVar[bool] = True
    unit: ClassVar[str] = "sentences"
    tokens: Tokens
    max_length: int | None

    @property
    def column(self) -> str:
        return self.tokens.column

    @property
    def notes(self) -> tuple[str, ...]:
        return (f'column "{self.column}": read sentence by sentence', *self.tokens.notes)

    @property
    def letters(self) -> bool:
        """Whether a sentence is cut into letters."""
        return self.tokens.unit in LETTERS

    @classmethod
    def fit(
        cls, column: str, values: Sequence[Any], where: Where, settings: DataSettings, *, output: bool = False
    ) -> Sentences:
        cut = [_cut(value, settings.missing, where(i))[: settings.max_length] for i, value in enumerate(values)]
        rows = [i for i, sentences in enumerate(cut) for _ in sentences]
        every = [sentence for sentences in cut for sentence in sentences]
        whole = changed(settings, max_length=None)
        tokens = Tokens.fit(column, every, lambda k: where(rows[k] if rows else k), whole)
        return cls(tokens, settings.max_length)

    def sentences(self, value: Any, place: Place) -> list[str]:
        """The sentences that are read of a value."""
        return _cut(value, self.tokens.missing, place)[: self.max_length]

    def encode(self, value: Any, place: Place) -> np.ndarray:
        """(T, tokens of the longest sentence) int64, T at most ``max_length``."""
        encoded = [self.tokens.encode(sentence, place) for sentence in self.sentences(value, place)]
        return padded(encoded).data.numpy() if encoded else np.zeros((0, 1), dtype=np.int64)

    def collate(self, encoded: Sequence[np.ndarray]) -> Sequences:
        """Ids (B, T, L) padded with 0, and lengths (B,), in sentences."""
        return padded(encoded)

    def length(self, encoded: np.ndarray) -> int:
        return len(encoded)

    def decode(self, x: Any) -> str:
        """The known tokens, sentence by sentence."""
        return " ".join(self.tokens.decode(sentence) for sentence in np.asarray(x))

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "column": self.column,
            "unit": self.unit,
            "max_length": self.max_length,
            "tokens": self.tokens.to_json(),
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Sentences:
        return cls(Tokens.from_json(saved["tokens"]), saved["max_length"])


def _cut(value: Any, missing: Sequence[str], place: Place) -> list[str]:
    if isinstance(value, (list, tuple)):
        if not all(isinstance(sentence, str) for sentence in value):
            raise DataError(f"{shown(value)} is not a list of sentences", place=place, mend="give a text, or a list")
        return [sentence for sentence in value if sentence.strip()]
    if isinstance(value, (bytes, dict)):
        raise DataError(f"{shown(value)} is not a text", place=place, mend="give a text or a list of its sentences")
    return [] if is_missing(value, tuple(missing)) else sentences_of(str(value))
