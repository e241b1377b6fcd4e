"""Looking at the beginning of a table: what parts its cells, and whether its first row names the columns."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import islice

from throughtime.data.files.decoding import lines_of
from throughtime.data.values import commas_for_points, is_empty, is_number
from throughtime.errors import UsageError

NAMED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
SPOKEN = {
    "\t": "tab-separated",
    ",": "comma-separated",
    ";": "semicolon-separated",
    "|": "separated by |",
    " ": "separated by spaces",
    None: "one cell a line",
}
TRIED = "\t,;|"
SAMPLE_LINES = 200
SAMPLE_CHARACTERS = 1 << 18
USUAL_INPUTS = (
    "text", "texts", "sentence", "review", "name", "message", "comment", "title", "body", "content", "document",
    "tweet", "sequence", "input", "x", "story", "question",
)  # fmt: skip
USUAL_OUTPUTS = (
    "label", "labels", "class", "classes", "category", "categories", "target", "sentiment", "language", "y", "output",
    "tag", "tags", "topic", "topics", "intent", "emotion", "rating", "score", "stars", "answer",
)  # fmt: skip
USUAL_OTHERS = ("id", "index", "split", "group", "date", "time", "author", "user", "source")


def named_delimiter(name: str) -> str:
    """The character that ``--set delimiter`` means: a word such as ``tab``, or the character itself."""
    delimiter = NAMED.get(name.lower(), name)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise UsageError(
            f'--set delimiter="{name}": it must be one character, or one of tab, comma, semicolon, pipe, space'
        )
    return delimiter


def delimiter_of(text: str, suffix: str = "") -> str | None:
    """What parts the cells: the character that cuts most rows into equally many, at least two; None if none does.

    >>> delimiter_of("a;b\\n1,5;2\\n2,5;3\\n"), delimiter_of("one, two\\nthree\\nfour\\n")
    (';', None)
    """
    sample = text[:SAMPLE_CHARACTERS]
    usual = {".tsv": "\t", ".tab": "\t", ".csv": ","}.get(suffix)
    scores = []
    for delimiter in TRIED:
        widths = _widths(sample, delimiter, cut=len(text) > len(sample))
        width, count = Counter(widths).most_common(1)[0] if widths else (1, 0)
        share = round(count / max(1, len(widths)), 1)
        if width >= 2 and widths[0] == width and share > 0.5:
            scores.append((share, delimiter == usual, width, delimiter))
    return max(scores)[-1] if scores else usual


def _widths(sample: str, delimiter: str, cut: bool) -> list[int]:
    """How many cells each of the first rows has; the last one is left out if the sample ends within it."""
    lines = list(islice(io.StringIO(sample, newline=""), SAMPLE_LINES))
    limit = csv.field_size_limit()
    if any(len(line) > limit for line in lines):
        return [len(line.split(delimiter)) for line in lines if line.strip()]
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != "\t") if row]
    except csv.Error:
        widths = [len(line.split(delimiter)) for line in lines_of(sample) if line.strip()][:SAMPLE_LINES]
    return widths[:-1] if cut and len(widths) > 1 else widths


def has_header(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns rather than being data.

    >>> has_header([["text", "label"], ["fine", "pos"]]), has_header([["fine", "pos"], ["bad", "neg"], ["good", "pos"]])
    (True, False)
    >>> has_header([["place", "size"], ["Rome", "3"], ["Oslo", "4"]]), has_header([["Rome", "3"], ["Oslo", "4"]])
    (True, False)
    """
    first, others = [cell.strip() for cell in rows[0]], rows[1 : SAMPLE_LINES + 1]
    named = [cell for cell in first if cell]
    if any(is_number(cell) for cell in first) or len(named) < len(first) - 1 or not named:
        return False
    if any(cell.lower() in USUAL_INPUTS + USUAL_OUTPUTS + USUAL_OTHERS for cell in first):
        return True
    columns = [[row[k].strip() for row in others if k < len(row)] for k in range(len(first))]
    if any(_numbers(column) for column in columns):
        return True
    if len(first) == 1 or any(cell in column for cell, column in zip(first, columns, strict=True)):
        return False
    return all(re.fullmatch(r"\w[\w .:/()%#-]{0,30}", cell) for cell in named) and any(
        column and _middle([len(cell) for cell in column]) > 3 * len(name)
        for name, column in zip(first, columns, strict=True)
    )


def _numbers(column: list[str]) -> bool:
    values = [cell for cell in column if not is_empty(cell)]
    return bool(values) and sum(is_number(cell) or commas_for_points(cell) for cell in values) >= 0.9 * len(values)


def _middle(lengths: list[int]) -> int:
    return sorted(lengths)[len(lengths) // 2]
