"""Letters of nucleic acids and proteins: which there are, how to tell them apart, and the other strand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

from throughtime.errors import DataError, Place

DNA, RNA = "ACGT", "ACGU"
AMBIGUOUS = "RYSWKMBDHVN"  # IUPAC: one of several bases
GAP = "-"
NUCLEOTIDES = frozenset("ACGTU" + AMBIGUOUS + GAP)
AMINO_ACIDS = frozenset("ACDEFGHIKLMNPQRSTVWYBXZJUO*-")
PAIRS = str.maketrans("ACGTURYSWKMBDHVNacgturyswkmbdhvn", "TGCAAYRSWMKVHDBNtgcaayrswmkvhdbn")
TO_RNA = str.maketrans("Tt", "Uu")

MOSTLY = 0.9  # share of plain bases from which on letters are those of a nucleic acid, and others are mistakes
FEWEST = 10
SAMPLE = 1_000


def complement(sequence: str, *, rna: bool = False) -> str:
    """The partner of each letter, ambiguous ones too; whatever pairs with nothing, a gap too, stays as it is.

    >>> complement("ACGTN"), complement("ACGU", rna=True), complement("aRt")
    ('TGCAN', 'UGCA', 'tYa')
    """
    paired = sequence.translate(PAIRS)
    return paired.translate(TO_RNA) if rna else paired


def reverse_complement(sequence: str, *, rna: bool = False) -> str:
    """The other strand, read in its own direction.

    >>> reverse_complement("AACG"), reverse_complement("AACG", rna=True), reverse_complement("GATR")
    ('CGTT', 'CGUU', 'YATC')
    """
    return complement(sequence, rna=rna)[::-1]


def either_strand(sequence: str) -> str:
    """One and the same text for a sequence and its other strand, in upper case.

    >>> either_strand("ttg"), either_strand("CAA")
    ('CAA', 'CAA')
    """
    sequence = sequence.upper()
    return min(sequence, reverse_complement(sequence, rna="U" in sequence))


def are_nucleotides(sequences: Iterable[str], fewest: int = FEWEST) -> bool:
    """Whether such texts are DNA or RNA: in their letters, whatever the case, hardly anything but A, C, G, T, U, N.

    They must have ``fewest`` letters on average: short words may be of these letters by chance.

    >>> are_nucleotides(["ACGTTGCAAC", "ttgacngtcgat"]), are_nucleotides(["MKVLAAGLLS"]), are_nucleotides(["abba"])
    (True, False, False)
    """
    sample = list(islice((text for text in sequences if text), SAMPLE))
    counts = Counter("".join(sample).upper())
    total = counts.total()
    several = sum(counts[base] > 0 for base in "ACGTU") > (2 if fewest > 1 else 0)
    plain = sum(counts[base] for base in "ACGTUN")
    return several and total >= fewest * len(sample) and plain >= MOSTLY * total


def is_rna(sequences: Sequence[str]) -> bool:
    """Whether the letters of nucleic acids are those of RNA: U stands in them more often than T."""
    return sum(_count(text, "Uu") for text in sequences) > sum(_count(text, "Tt") for text in sequences)


def _count(text: str, letters: str) -> int:
    return sum(map(text.count, letters))


def require_nucleotides(sequence: str, place: Place, *, rna: bool) -> None:
    """Raise a DataError, with its position, for the first letter that is none of DNA, or of RNA."""
    foreign = "Tt" if rna else "Uu"
    for k, letter in enumerate(sequence, start=1):
        if letter.upper() not in NUCLEOTIDES or letter in foreign:
            what = "RNA" if rna else "DNA"
            bases = RNA if rna else DNA
            raise DataError(
                f'position {k}: "{letter}" is no letter of {what} ({" ".join(bases)}, or {" ".join(AMBIGUOUS)} of '
                "IUPAC where a base is not certain)",
                place=place,
                mend="correct the letter, or write N where the base is unknown",
            )
