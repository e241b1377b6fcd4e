"""Texts, or lists of tokens, to sequences of ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch

from throughtime.batch import Sequences
from throughtime.data.fields.field import Where, fields
from throughtime.data.fields.strands import Strands, strands_of
from throughtime.data.settings import DataSettings
from throughtime.data.subwords import Subwords, proposed_size
from throughtime.data.text_units import TextUnit, text_unit
from throughtime.data.tokenisation import LETTERS, Unit, cut, joined, kmers, proposed_unit, unit_name
from throughtime.data.values import as_text, is_empty, is_missing, shown
from throughtime.data.vocabulary import EOS, PAD, SOS, SPECIALS, UNK, Vocabulary
from throughtime.errors import DataError, Place, UsageError

MANY_WORDS = 10_000
USUAL_KMER = 3
MARKS = (PAD, SOS, EOS)


@fields.named("tokens")
@dataclass(frozen=True)
class Tokens:
    """A text column: cut into tokens, each with an id; a missing text is the empty text.

    ``start`` are the tokens that one who writes reads before a text: in running text how the one before it ends.
    A column that is an output is ``written``, and ``text_unit`` says what its texts are made of. Its ids stand between
    ``<sos>`` and ``<eos>`` (none where the text is cut to ``max_length``), and they decode to the text itself, of words
    but for how much space there was between two. Texts of DNA or RNA have ``strands``, and are read in upper case.

    >>> field = Tokens.fit("text", ["abba", "ab"], lambda i: Place(row=i), DataSettings())
    >>> field.encode("bac", Place()), field.decode([4, 5])
    (array([5, 4, 1]), 'ab')
    >>> field = Tokens.fit("text", ["abba", "ab"], lambda i: Place(row=i), DataSettings(), output=True)
    >>> field.encode("ba", Place()), field.decode([2, 5, 4, 3, 0])
    (array([2, 5, 4, 3]), 'ba')
    """

    kind: ClassVar[str] = "tokens"
    stepwise: ClassVar[bool] = True
    column: str
    vocabulary: Vocabulary
    unit: Unit
    lower: bool
    max_length: int | None
    missing: tuple[str, ...] = ()
    start: tuple[str, ...] = (SOS,)
    subwords: Subwords | None = None
    written: bool = False
    text_unit: TextUnit = "words"
    kmer: int | None = None
    strands: Strands | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def fit(
        cls, column: str, values: Sequence[Any], where: Where, settings: DataSettings, *, output: bool = False
    ) -> Tokens:
        unit, reason = unit_of(column, values, settings, output=output)
        usually = unit in ("words", "spaces") and not output
        lower = settings.lower_case == "yes" or (settings.lower_case == "auto" and usually)
        subwords = _subwords(values, lower, settings) if unit == "subwords" else None
        strands = strands_of(column, values, where, unit, settings)
        empty = cls(
            column,
            Vocabulary(()),
            unit,
            lower,
            settings.max_length,
            settings.missing,
            subwords=subwords,
            written=output,
            kmer=(settings.kmer or USUAL_KMER) if unit == "kmers" else None,
            strands=strands,
        )
        counts: Counter[str] = Counter()
        lengths = []
        for i, value in enumerate(values):
            tokens = empty.tokens(value, where(i))
            lengths.append(len(tokens))
            counts.update(tokens[: settings.max_length])
            if strands is not None and strands.both:
                counts.update(map(strands.partner, tokens[: settings.max_length]))
        if not counts:
            place = Place(where(0).file if values else None, None, column)
            raise DataError("all texts are empty", place=place, mend="fill in the column or leave it out with --input")
        if subwords is None:
            min_count = settings.min_count or (2 if unit not in LETTERS and counts.total() >= MANY_WORDS else 1)
            vocabulary = Vocabulary.from_counts(counts, min_count, settings.max_vocabulary)
            if strands is not None and strands.both:
                vocabulary = strands.closed(vocabulary)
        else:  # what no training text needs, a text to come may
            known = Vocabulary.from_counts(counts)
            vocabulary = Vocabulary(known.tokens + tuple(piece for piece in subwords.pieces if piece not in known))
        made_of = text_unit([as_text(value) for value in values]) if output else "words"
        words = "symbols" if made_of == "symbols" else unit_name(unit)
        notes = _notes(words, lower, reason, counts, vocabulary, lengths, settings.max_length)
        if strands is not None:
            notes.append(strands.note)
        said = tuple(f'column "{column}": {note}' for note in notes)
        return replace(empty, vocabulary=vocabulary, text_unit=made_of, notes=said)

    def tokens(self, value: Any, place: Place) -> list[str]:
        """All tokens of a value, before it is cut to ``max_length``."""
        if isinstance(value, str):
            return [] if is_missing(value, self.missing) else self._cut(value, place)
        if isinstance(value, (list, tuple)):
            if not all(isinstance(token, str) for token in value):
                raise DataError(
                    f"{shown(value)} is not a list of texts", place=place, mend="give a text or a list of its tokens"
                )
            return [token.lower() for token in value] if self.lower else list(value)
        if is_missing(value, self.missing):
            return []
        if isinstance(value, (bytes, dict)):
            raise DataError(f"{shown(value)} is not a text", place=place, mend="give a text or a list of its tokens")
        return self._cut(str(value), place)

    def _cut(self, text: str, place: Place) -> list[str]:
        text = text.lower() if self.lower else text
        if self.strands is not None and not self.lower:
            text = text.upper()
        if self.kmer is not None:
            return self._kmers(text.strip(), place)
        return cut(text, self.unit) if self.subwords is None else self.subwords.cut(text)

    def _kmers(self, letters: str, place: Place) -> list[str]:
        assert self.kmer is not None
        if 0 < len(letters) < self.kmer:
            problem = f"{shown(letters)} has {len(letters)} letters, fewer than a k-mer of {self.kmer}"
            raise DataError(problem, place=place, mend="give a smaller --set kmer, or remove the row")
        return kmers(letters, self.kmer)

    def encode(self, value: Any, place: Place) -> np.ndarray:
        """Ids (T,) int64, T at most ``max_length``, and two more where the column is written."""
        tokens = self.tokens(value, place)
        kept = tokens[: self.max_length]
        if not self.written:
            return self.vocabulary.encode(kept)
        kept = [UNK if token in MARKS else token for token in kept]
        return self.vocabulary.encode([SOS, *kept, *([EOS] if len(kept) == len(tokens) else [])])

    def collate(self, encoded: Sequence[np.ndarray]) -> Sequences:
        """Ids (B, T) padded with 0, T the longest but at least 1, and lengths (B,)."""
        lengths = [len(ids) for ids in encoded]
        data = np.zeros((len(encoded), max([1, *lengths])), dtype=np.int64)
        for row, ids in zip(data, encoded, strict=True):
            row[: len(ids)] = ids
        return Sequences(torch.from_numpy(data), torch.tensor(lengths, dtype=torch.int64))

    def length(self, encoded: np.ndarray) -> int:
        return len(encoded)

    def decode(self, x: Any) -> str:
        """The text of some ids, without padding and the marks of beginning and end; a written one ends at ``<eos>``."""
        return joined(self.decoded(x), self.unit)

    def decoded(self, x: Any) -> list[str]:
        """The tokens of some ids, as :meth:`decode` joins them."""
        tokens = self.vocabulary.decode(x)
        if self.written and EOS in tokens:
            tokens = tokens[: tokens.index(EOS)]
        return [token for token in tokens if token not in MARKS]

    @cached_property
    def partners(self) -> np.ndarray | None:
        """The id of each token on the other strand (V,); None where that is not read."""
        return None if self.strands is None or not self.strands.both else self.strands.partners(self.vocabulary)

    def other_strand(self, ids: np.ndarray) -> np.ndarray:
        """The ids (T,) of the reverse complement of ``ids``."""
        assert self.partners is not None
        return self.partners[ids[::-1]]

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "column": self.column,
            "unit": self.unit,
            "lower": self.lower,
            "max_length": self.max_length,
            "missing": list(self.missing),
            "start": list(self.start),
            "written": self.written,
            "text_unit": self.text_unit,
            "kmer": self.kmer,
            "strands": None if self.strands is None else self.strands.to_json(),
            "subwords": None if self.subwords is None else self.subwords.to_json(),
            "vocabulary": self.vocabulary.to_json(),
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Tokens:
        vocabulary = Vocabulary.from_json(saved["vocabulary"])
        merges = saved.get("subwords")
        return cls(
            saved["column"],
            vocabulary,
            saved["unit"],
            saved["lower"],
            saved["max_length"],
            tuple(saved["missing"]),
            tuple(saved["start"]),
            None if merges is None else Subwords.from_json(merges),
            saved.get("written", False),
            saved.get("text_unit", "words"),
            saved.get("kmer"),
            None if saved.get("strands") is None else Strands(**saved["strands"]),
        )


def unit_of(column: str, values: Sequence[Any], settings: DataSettings, *, output: bool) -> tuple[Unit, str]:
    """What the texts are cut into, and why; lists of tokens are cut already.

    Raises UsageError for settings that would act on nothing here; of lists in an output the inputs may obey them.
    """
    if settings.subwords is not None and settings.tokens != "subwords":
        problem = f"--set subwords={settings.subwords}: the texts are not cut into subwords"
        raise UsageError(f"{problem}; add --set tokens=subwords, or leave it out")
    if settings.kmer is not None and settings.tokens != "kmers":
        problem = f"--set kmer={settings.kmer}: the texts are not cut into k-mers"
        raise UsageError(f"{problem}; add --set tokens=kmers, or leave it out")
    if settings.tokens == "kmers" and output:
        problem = f'--set tokens=kmers: column "{column}" is written, and k-mers overlap'
        raise UsageError(f"{problem}; leave it out, or say tokens=characters")
    texts = [str(value) for value in values if not isinstance(value, (list, tuple)) and not is_empty(value)]
    if texts or not any(values):
        unit, reason = proposed_unit(texts, settings.tokens)
        return ("joints", reason) if unit == "words" and output else (unit, reason)
    if settings.tokens in (*LETTERS, "subwords", "kmers") and not output:
        raise UsageError(
            f'--set tokens={settings.tokens}: column "{column}" holds lists of tokens already; leave it out'
        )
    return "spaces", "the texts are lists of tokens already"


def _subwords(values: Sequence[Any], lower: bool, settings: DataSettings) -> Subwords:
    """Pieces of words, learnt from all texts of a column."""
    for name in ("min_count", "max_vocabulary"):
        if (value := getattr(settings, name)) is not None:
            option = f"--set {name}={value}"
            raise UsageError(f"{option}: of subwords there are as many as --set subwords=N says; leave it out")
    texts = [str(value) for value in values if not isinstance(value, (list, tuple)) and not is_empty(value)]
    texts = [text.lower() for text in texts] if lower else texts
    return Subwords.fit(texts, settings.subwords or proposed_size(texts))


def _notes(
    words: str,
    lower: bool,
    reason: str,
    counts: Counter[str],
    vocabulary: Vocabulary,
    lengths: Sequence[int],
    max_length: int | None,
) -> list[str]:
    """What was decided, and what the training texts are like."""
    notes = [f"cut into {words}{', lower-cased' if lower else ''} ({reason})"]
    known = [token for token in vocabulary.tokens if token in counts]
    left = sum(counts[token] for token in known if token != UNK)
    rare = ""
    if left < counts.total():
        unknown = len(counts) - len(known)
        rare = f"; {unknown:,} rarer ones are {UNK} ({1 - left / counts.total():.1%} of the text)"
    notes.append(f"{len(vocabulary) - len(SPECIALS):,} different {words} in training{rare}")
    median, most, longest = (round(float(np.percentile(lengths, share))) for share in (50, 95, 100))
    notes.append(f"half of the texts have up to {median:,} {words}, 95% up to {most:,}, the longest {longest:,}")
    if max_length is not None and (cuts := sum(length > max_length for length in lengths)):
        notes.append(f"{cuts:,} of {len(lengths):,} training texts are cut to their first {max_length:,} {words}")
    return notes
