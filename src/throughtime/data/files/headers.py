"""What the headers of FASTA and FASTQ say: an id, and behind it a label, several fields, keys and values, or words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from throughtime.data.files.folders import split_name
from throughtime.errors import DataError, Place

KEY = re.compile(r"([A-Za-z_][\w.-]*)=(\S*)")
BANKS = ("sp", "tr", "gi", "gb", "ref", "emb", "dbj", "pdb", "lcl", "gnl", "pir", "prf", "bbs", "pat", "tpg", "ur")
MOST = 0.9  # share of headers of one form from which on the others are mistakes
ENOUGH = 5  # headers, below which none of them is a mistake
LONG_LABEL = 40


@dataclass(frozen=True)
class Headers:
    """Columns by name, ``id`` first, and the form of the headers in words."""

    columns: dict[str, list[str | None]]
    form: str


Where = Callable[[int], Place]


def read_headers(headers: Sequence[str], where: Where, sequences: Sequence[str] = ()) -> Headers:
    """The columns of headers, without their sign, in the one form that they have; ``where(i)`` is the place of one.

    The forms, in this order: ``id|label`` (and further fields), ``id key=value ...``, ``id label`` (one word, which
    others have too), a label alone (few words, each of them often), ``id description``, and an id alone.
    Where it is one word behind the id, as long as its sequence in ``sequences``, it is a label for each letter. Raises
    DataError for a header without id, and for one of another form where nearly all have the same.

    >>> found = read_headers(["a1|pos", "a2|neg"], lambda i: Place(row=i))
    >>> found.columns, found.form
    ({'id': ['a1', 'a2'], 'label': ['pos', 'neg']}, 'id|label')
    >>> read_headers(["x organism=yeast len=3", "y organism=mouse"], lambda i: Place(row=i)).columns
    {'id': ['x', 'y'], 'organism': ['yeast', 'mouse'], 'len': ['3', None]}
    >>> read_headers(["s1 pos", "s2 neg", "s3 neg", "s4 pos"], lambda i: Place(row=i)).form
    'id label'
    """
    for i, header in enumerate(headers):
        if not header.split("|")[0].strip():
            raise DataError("the header has no id", place=where(i), mend="write a name right behind the sign")
    for read in (_fields, _keys, _labels, _classes):
        found = read(headers, where)
        if found is not None:
            return found
    ids, rest = zip(*map(_first_word, headers), strict=True)
    columns: dict[str, list[str | None]] = {"id": list(ids)}
    if not any(rest):
        return Headers(columns, "id")
    if sequences and all(" " not in word and len(word) == len(one) for word, one in zip(rest, sequences, strict=True)):
        return Headers({**columns, "label": list(rest)}, "id label, a letter for each letter")
    return Headers({**columns, "description": [text or None for text in rest]}, "id description")


def _first_word(header: str) -> tuple[str, str]:
    first, _, rest = header.strip().partition(" ")
    return first, rest.strip()


def _fields(headers: Sequence[str], where: Where) -> Headers | None:
    """``id|label`` and further fields; the names of data banks (``sp|P69905|HBA_HUMAN``) are ids as they stand."""
    parts = [[part.strip() for part in header.split("|")] for header in headers]
    width = max(set(map(len, parts)), key=[len(one) for one in parts].count)
    if width < 2 or parts[0][0] in BANKS or not _nearly_all([len(one) == width for one in parts]):
        return None
    odd = next((i for i, one in enumerate(parts) if len(one) != width or not all(one)), None)
    if odd is not None:
        missing = "an empty field" if len(parts[odd]) == width else f"{len(parts[odd])} fields"
        raise DataError(
            f"the header has {missing} where the others have {width}, parted by |",
            place=where(odd),
            mend="write it as the others are, such as id|label",
        )
    names = ["id", "label", *(f"field {k}" for k in range(3, width + 1))]
    columns: dict[str, list[str | None]] = {name: [one[k] for one in parts] for k, name in enumerate(names)}
    if width > 2 and all(split_name(one[-1]) for one in parts):
        columns["split"] = columns.pop(names[-1])
    return Headers(columns, "|".join(columns))


def _keys(headers: Sequence[str], where: Where) -> Headers | None:
    """``id key=value key=value``: each key is a column, and None where a header lacks it."""
    words = [re.split(r"[\s;]+", header.strip(" \t;")) for header in headers]
    fits = [len(one) > 1 and all(map(KEY.fullmatch, one[1:])) for one in words]
    if not _nearly_all(fits):
        return None
    odd = next((i for i, one in enumerate(words) if not all(map(KEY.fullmatch, one[1:]))), None)
    if odd is not None:
        word = next(word for word in words[odd][1:] if not KEY.fullmatch(word))
        raise DataError(
            f'"{word}" in the header is no key=value, as the other headers have',
            place=where(odd),
            mend="write key=value behind the id, without blanks in a value",
        )
    pairs = [dict(word.split("=", 1) for word in one[1:]) for one in words]
    names = dict.fromkeys(name for one in pairs for name in one)
    if "id" in names or "sequence" in names:
        taken = "id" if "id" in names else "sequence"
        odd = next(i for i, one in enumerate(pairs) if taken in one)
        raise DataError(f'the key "{taken}" is taken', place=where(odd), mend="give it another name")
    columns: dict[str, list[str | None]] = {"id": [one[0] for one in words]}
    columns |= {name: [one.get(name) or None for one in pairs] for name in names}
    return Headers(columns, f"id key=value ({', '.join(names)})")


def _labels(headers: Sequence[str], where: Where) -> Headers | None:
    """``id label``: one word behind the id, which other headers have too."""
    split = [header.split() for header in headers]
    labels = [one[1] for one in split if len(one) == 2]
    repeated = len(set(labels)) <= len(labels) / 2 and all(len(label) <= LONG_LABEL for label in labels)
    if not repeated or not _nearly_all([len(one) == 2 for one in split]):
        return None
    odd = next((i for i, one in enumerate(split) if len(one) != 2), None)
    if odd is not None:
        problem = "no label" if len(split[odd]) == 1 else f"{len(split[odd]) - 1} words behind the id"
        raise DataError(
            f"the header has {problem}, where the others have one", place=where(odd), mend="write it as id label"
        )
    return Headers({"id": [one[0] for one in split], "label": list(labels)}, "id label")


def _classes(headers: Sequence[str], where: Where) -> Headers | None:
    """A label alone: single words, few different ones, each of them often."""
    if any(len(header.split()) > 1 for header in headers) or len(set(headers)) < 2:
        return None
    if len(headers) < 2 * ENOUGH or len(set(headers)) > len(headers) / ENOUGH:
        return None
    ids: list[str | None] = [str(k) for k in range(1, len(headers) + 1)]
    return Headers({"id": ids, "label": [header.strip() for header in headers]}, "label alone")


def _nearly_all(fits: Sequence[bool]) -> bool:
    return all(fits) or (len(fits) >= ENOUGH and sum(fits) >= MOST * len(fits))
