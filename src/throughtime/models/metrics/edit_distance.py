"""How many insertions, deletions and replacements turn one sequence into another."""

from __future__ import annotations

from collections.abc import Hashable, Sequence


def by_the_table(first: Sequence[Hashable], second: Sequence[Hashable]) -> int:
    """The edit distance by its definition (Levenshtein 1966; the table of Wagner and Fischer 1974), row by row.

    ``d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + (first[i] != second[j]))``

    >>> by_the_table("kitten", "sitting")
    3
    """
    above = list(range(len(second) + 1))
    for i, one in enumerate(first, start=1):
        row = [i]
        for j, other in enumerate(second, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (one != other)))
        above = row
    return above[-1]


def edit_distance(first: Sequence[Hashable], second: Sequence[Hashable]) -> int:
    """The same number as :func:`by_the_table`, a whole row of the table at once.

    Neighbours in the table differ by -1, 0 or 1, so a row is two bit strings: where it rises by one, and where it
    falls. One step is a dozen operations on whole numbers of any length (Myers 1999, in the form of Hyyrö 2003).

    >>> edit_distance("kitten", "sitting"), edit_distance(["a", "cat"], [])
    (3, 2)
    """
    if not first or not second:
        return len(first) + len(second)
    places: dict[Hashable, int] = {}
    for i, one in enumerate(first):
        places[one] = places.get(one, 0) | 1 << i
    every, last = (1 << len(first)) - 1, 1 << (len(first) - 1)
    rises, falls, distance = every, 0, len(first)
    for other in second:
        same = places.get(other, 0)
        diagonal = (((same & rises) + rises) ^ rises) | same | falls
        up, down = falls | (every & ~(diagonal | rises)), rises & diagonal
        distance += bool(up & last) - bool(down & last)
        up, down = up << 1 | 1, down << 1
        rises, falls = every & (down | ~(diagonal | up)), up & diagonal
    return distance
