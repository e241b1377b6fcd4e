"""What a column of DNA or RNA knows of the other strand: the partner of each of its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from throughtime.data.fields.field import Where
from throughtime.data.nucleotides import FEWEST, are_nucleotides, is_rna, require_nucleotides, reverse_complement
from throughtime.data.settings import DataSettings
from throughtime.data.tokenisation import Unit
from throughtime.data.values import is_missing
from throughtime.data.vocabulary import SPECIALS, Vocabulary
from throughtime.errors import UsageError

Reading = Literal["none", "augment", "tied"]
UNITS = ("characters", "kmers")


@dataclass(frozen=True)
class Strands:
    """How a column of nucleic acids is read: as it stands (``none``), or with the other strand.

    >>> strands = Strands("tied", rna=False)
    >>> strands.partner("AAC"), strands.both
    ('GTT', True)
    """

    reading: Reading
    rna: bool

    @property
    def both(self) -> bool:
        """Whether the other strand is read too."""
        return self.reading != "none"

    @property
    def tied(self) -> bool:
        return self.reading == "tied"

    @property
    def note(self) -> str:
        what = "RNA" if self.rna else "DNA"
        how = {
            "none": "only as it stands; --set reverse_complement=tied reads both strands",
            "augment": "in training every row as it stands or, drawn anew each epoch, as its other strand",
            "tied": "both strands, with the same weights, and answered alike",
        }[self.reading]
        return f"{what}, letters as upper case; read {how}"

    def partner(self, token: str) -> str:
        """The token that stands in this one's place on the other strand."""
        return token if token in SPECIALS else reverse_complement(token, rna=self.rna)

    def closed(self, vocabulary: Vocabulary) -> Vocabulary:
        """Only the tokens whose partners are known too: the vocabulary may have been cut between two."""
        return Vocabulary(tuple(token for token in vocabulary.tokens if self.partner(token) in vocabulary))

    def partners(self, vocabulary: Vocabulary) -> np.ndarray:
        """The id of the partner of each token (V,), which is its own inverse."""
        return np.array([vocabulary.ids[self.partner(token)] for token in vocabulary.tokens], dtype=np.int64)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def strands_of(column: str, values: Sequence[Any], where: Where, unit: Unit, settings: DataSettings) -> Strands | None:
    """None where the column holds no DNA or RNA, and the other strand is not asked for.

    Raises UsageError where it is and cannot be read, DataError, with its place, for a letter of no nucleic acid.
    """
    reading = settings.reverse_complement
    texts = [value if isinstance(value, str) and not is_missing(value, settings.missing) else "" for value in values]
    nucleic = are_nucleotides(texts, FEWEST if reading == "none" else 1)
    if reading == "none":
        return Strands(reading, is_rna(texts)) if nucleic and unit in UNITS else None
    option = f"--set reverse_complement={reading}"
    if not nucleic:
        raise UsageError(
            f'{option}: column "{column}" holds no DNA or RNA, and nothing else has another strand; '
            "leave it out, or name the column of bases with --input"
        )
    if unit not in UNITS:
        mend = "choose --set tokens=characters or kmers, or leave it out"
        raise UsageError(f'{option}: column "{column}" is cut into {unit}; {mend}')
    rna = is_rna(texts)
    for i, text in enumerate(texts):
        require_nucleotides(text.strip(), where(i), rna=rna)
    return Strands(reading, rna)
