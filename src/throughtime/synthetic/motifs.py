"""DNA in which the class is the order of two motifs, on whichever strand they stand.

Every sequence is noise with both motifs in it, once each. Class ``first`` has GATTACCTGA before CCATGTTCGG, class
``second`` the other way round, read on the strand on which the motifs stand; every other sequence is given as its
reverse complement, where both come in the other order as well as in other letters. So a sequence and its reverse
complement are of one class, and both classes hold the same short runs of letters equally often: whoever counts k-mers
can only guess. Between the motifs, and between them and the ends, stand six letters at least: a motif at the very end
would lack the runs that reach beyond it, and these would tell where it stands.
"""

from __future__ import annotations

import random
from pathlib import Path

from throughtime.data.nucleotides import DNA, reverse_complement
from throughtime.errors import UsageError

MOTIFS = ("GATTACCTGA", "CCATGTTCGG")
CLASSES = ("first", "second")
SHORTEST, LONGEST = 40, 60  # letters
LEAST = 6  # letters between the motifs, before and behind them
COUNT = 4_000


def motifs(
    count: int = COUNT, shortest: int = SHORTEST, longest: int = LONGEST, seed: int = 1
) -> list[tuple[str, str]]:
    """Sequences and their classes, as many of the one as of the other, half of each on the other strand.

    Raises UsageError where the motifs do not fit into the shortest sequence.

    >>> sequences = motifs(4, seed=2)
    >>> [name for _, name in sequences], sequences[0][0][:30]
    (['first', 'first', 'second', 'second'], 'GCGGCAGATTACCTGACTTGTGCCATGTTC')
    """
    needed = sum(map(len, MOTIFS)) + 3 * LEAST
    if shortest < needed or longest < shortest:
        raise UsageError(f"lengths {shortest} to {longest}: both motifs need {needed} letters or more")
    chance = random.Random(seed)
    found = []
    for k in range(count):
        kind = k // 2 % 2
        sequence = _sequence(MOTIFS if kind == 0 else MOTIFS[::-1], chance.randint(shortest, longest), chance)
        found.append((reverse_complement(sequence) if k % 2 else sequence, CLASSES[kind]))
    return found


def _sequence(ordered: tuple[str, ...], length: int, chance: random.Random) -> str:
    """Noise that holds the motifs in this order, and neither of them anywhere else, on no strand."""
    one, other = ordered
    free = length - len(one) - len(other) - 3 * LEAST
    before, behind = sorted((chance.randint(0, free), chance.randint(0, free)))
    gaps = (before + LEAST, behind - before + LEAST, free - behind + LEAST)
    strands = [strand for motif in MOTIFS for strand in (motif, reverse_complement(motif))]
    while True:
        first, middle, last = ("".join(chance.choice(DNA) for _ in range(gap)) for gap in gaps)
        sequence = first + one + middle + other + last
        if sum(map(sequence.count, strands)) == 2:
            return sequence


def written(sequences: list[tuple[str, str]]) -> str:
    """Sequences as FASTA, the class behind the id.

    >>> print(written([("ACGT", "first")]), end="")
    >s1 first
    ACGT
    """
    return "".join(f">s{k} {name}\n{sequence}\n" for k, (sequence, name) in enumerate(sequences, start=1))


def write_motifs(
    path: Path, count: int = COUNT, shortest: int = SHORTEST, longest: int = LONGEST, seed: int = 1
) -> Path:
    """Write such a FASTA file, which is returned."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(written(motifs(count, shortest, longest, seed)), encoding="utf-8")
    return path
