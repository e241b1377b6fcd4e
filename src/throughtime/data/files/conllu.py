"""CoNLL-U: the ten tab-separated columns of Universal Dependencies, a word a line, a blank line after each sentence."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from throughtime.data.files.decoding import decoded, lines_of, read_text
from throughtime.data.files.format import Format, formats
from throughtime.data.records import Places, Records
from throughtime.data.settings import DataSettings
from throughtime.data.values import is_number
from throughtime.errors import DataError, Place

COLUMNS = ("form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")  # after the id
RANGE = re.compile(r"(\d+)-(\d+)", re.ASCII)
EMPTY_NODE = re.compile(r"(\d+)\.[1-9]\d*", re.ASCII)
ID = re.compile(r"\d+([-.]\d+)?", re.ASCII)
HEAD = re.compile(r"\d+|_", re.ASCII)
BLANKS = re.compile(r"[ \t]+")

Lines = list[tuple[int, str]]  # the number of each line, and its text


@dataclass(frozen=True)
class Sentence:
    """The cells of each word without its id, the line on which each stands, and how much was passed by."""

    words: list[list[str]]
    lines: list[int]
    ranges: int
    empty_nodes: int


def read_conllu(path: Path, settings: DataSettings) -> Records:
    """One row a sentence, a list of words a column; ranges such as ``3-4`` and empty nodes are left out and counted.

    Raises DataError, with its line, for a line that has not ten columns, an empty column, ids that do not count the
    words, and a file that ends in the middle of a line or sentence.
    """
    text, encoding = read_text(path, settings, path.name)
    columns: dict[str, list[list[str]]] = {name: [] for name in COLUMNS}
    lines: list[list[int]] = []
    ranges, empty_nodes = 0, 0
    sentence = None
    for group in sentences_of(lines_of(text)):
        sentence = _sentence(group, text, path.name)
        ranges += sentence.ranges
        empty_nodes += sentence.empty_nodes
        if sentence.words:  # comments may stand alone
            for name, cells in zip(COLUMNS, zip(*sentence.words, strict=True), strict=True):
                columns[name].append(list(map(sys.intern, cells)))
            lines.append(sentence.lines)
    if not lines:
        raise DataError(
            "the file holds no word",
            place=Place(path.name),
            mend="give a word a line, in ten columns, and a blank line after each sentence",
        )
    *_, ending = lines_of(text)
    if sentence is not None and ending.strip(" \t"):
        _check_heads(sentence, path.name)
    counted = f"{in_words(len(lines), 'sentence')}, {in_words(sum(map(len, lines)), 'word')}"
    beside = [in_words(count, word) for count, word in ((ranges, "range"), (empty_nodes, "empty node")) if count]
    note = f"{path.name}: CoNLL-U, {counted}, {encoding}" + (f"; {' and '.join(beside)} left out" if beside else "")
    places = Places((path.name,), [0] * len(lines), [rows[0] for rows in lines], lines)
    return Records(dict(columns), path.name, places, (note,), {"form": "input", "upos": "output"})


def sentences_of(lines: Iterable[str]) -> Iterator[Lines]:
    """The numbered lines of each sentence; any number of blank lines part them.

    >>> list(sentences_of(["", "a", "b", "", " ", "c"]))
    [[(2, 'a'), (3, 'b')], [(6, 'c')]]
    """
    group: Lines = []
    for row, line in enumerate(lines, start=1):
        if line.strip(" \t"):
            group.append((row, line))
        elif group:
            yield group
            group = []
    if group:
        yield group


def _sentence(group: Lines, text: str, name: str) -> Sentence:
    words: list[list[str]] = []
    lines: list[int] = []
    opened, last = Place(name), 0  # the line and the last word of the range that was read last
    ranges, empty_nodes = 0, 0
    for row, line in group:
        if line[0] == "#":
            continue
        cells = line.split("\t")
        if len(cells) != 10 or "" in cells:
            raise _not_ten(line, text, Place(name, row))
        if cells[0] == str(len(words) + 1):
            words.append(cells[1:])
            lines.append(row)
        elif "-" in cells[0]:
            opened, last = Place(name, row), _last_of_range(cells[0], len(words) + 1, last, Place(name, row))
            ranges += 1
        elif "." in cells[0]:
            _check_empty_node(cells[0], len(words), Place(name, row))
            empty_nodes += 1
        else:
            mend = "put a blank line before each sentence" if cells[0] == "1" else "number the words 1, 2, 3 and so on"
            problem = f'the id is "{cells[0]}" where {len(words) + 1} must follow'
            raise DataError(problem, place=Place(name, row), mend=mend)
    if last > len(words):
        raise DataError(
            f"the range ends with word {last}, the sentence with word {len(words)}",
            place=opened,
            mend="correct the range, or add the words that are missing",
        )
    return Sentence(words, lines, ranges, empty_nodes)


def _last_of_range(spoken: str, following: int, before: int, place: Place) -> int:
    """The last word of the range; ``before`` is that of the range before it, which must have ended."""
    found = RANGE.fullmatch(spoken)
    if not found or int(found[1]) != following or int(found[2]) < following or before >= following:
        problem = f'"{spoken}" is no range that begins with the next word, {following}'
        mend = f"write it before the first of its words, such as {following}-{following + 1}, and let none overlap"
        raise DataError(problem, place=place, mend=mend)
    return int(found[2])


def _check_empty_node(spoken: str, before: int, place: Place) -> None:
    found = EMPTY_NODE.fullmatch(spoken)
    if not found or int(found[1]) != before:
        problem = f'"{spoken}" is no empty node that follows word {before}'
        raise DataError(problem, place=place, mend=f"write it after that word, such as {before}.1")


def _check_heads(sentence: Sentence, name: str) -> None:
    """Without a blank line at the end of the file, words may be missing: then others depend on what is not there."""
    head = COLUMNS.index("head")
    heads = [int(cells[head]) for cells in sentence.words if cells[head].isdecimal()]
    if heads and max(heads) > len(sentence.words):
        problem = f"the file ends in the middle of a sentence: its word {max(heads)}, which is a head, is missing"
        place = Place(name, sentence.lines[-1])
        raise DataError(problem, place=place, mend="get the whole file, or remove its last sentence")


def _not_ten(line: str, text: str, place: Place) -> DataError:
    cells = line.split("\t")
    if len(cells) == 10:
        column = ("id", *COLUMNS)[cells.index("")]
        return DataError(f"the {column} is empty", place=place, mend="fill it in; write _ for nothing")
    found = f"{in_words(len(cells), 'column')} where CoNLL-U has 10"
    if len(BLANKS.split(line.strip(" \t"))) == 10:
        return DataError(
            f"{found}, because spaces stand between them", place=place, mend="part all columns with one tab each"
        )
    end = where_it_ends(text, place) if len(cells) < 10 else ""
    if end:
        problem = f"the file ends in the middle of a {end}: {found}"
        return DataError(problem, place=place, mend="get the whole file, or remove its last sentence")
    mend = "write _ for what is empty" if len(cells) < 10 else "remove the tabs that are too many"
    return DataError(found, place=place, mend=f"{mend}, or say --set format=conll if the file has other columns")


def where_it_ends(text: str, place: Place) -> str:
    """``"line"`` if a place is the last line and no line end follows, ``"sentence"`` if one does, else nothing."""
    if place.row != sum(1 for _ in lines_of(text.rstrip("\r\n\t "))):
        return ""
    return "sentence" if text.endswith(("\n", "\r")) else "line"


def in_words(count: int, word: str) -> str:
    """A number and what it counts.

    >>> in_words(1, "sentence"), in_words(8323, "token")
    ('1 sentence', '8,323 tokens')
    """
    return f"{count:,} {word}" + ("" if count == 1 else "s")


def head_lines(head: bytes) -> list[str]:
    """The lines of a file's beginning, without the last one where it may be cut."""
    try:
        text, _ = decoded(head, "auto", "")
    except DataError:  # cut within a character, or no text at all
        text = head.decode("utf-8", errors="replace")
    lines = list(lines_of(text))
    return lines[:-1] if len(lines) > 1 and not text.endswith(("\n", "\r")) else lines


def is_conllu(path: Path, head: bytes) -> bool:
    """A file that is named so, or that holds sentences of ten columns: the first counts, the seventh names a head."""
    if path.is_dir() or path.suffix.lower() == ".conllu":
        return path.is_file()
    lines = head_lines(head)
    words = [line.split("\t") if "\t" in line else line.split() for line in lines if line.strip() and line[0] != "#"]
    fits = [cells for cells in words if len(cells) == 10 and ID.fullmatch(cells[0]) and HEAD.fullmatch(cells[6])]
    parted = len(words) < len(lines)
    return parted and len(fits) > 0.8 * len(words) and not all(is_number(cells[3]) for cells in fits)


formats.add(
    "conllu",
    Format(
        "conllu",
        "CoNLL-U: ten tab-separated columns, a word a line, a blank line after each sentence",
        is_conllu,
        read_conllu,
    ),
)
