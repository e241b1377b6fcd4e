"""Dictionaries of pronunciations: a word, blanks, its symbols; an entry a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from throughtime.data.files.conllu import head_lines, is_conllu
from throughtime.data.files.decoding import lines_of, read_text
from throughtime.data.files.format import Format, formats
from throughtime.data.files.json_lines import is_json
from throughtime.data.files.sniffing import delimiter_of
from throughtime.data.records import Places, Records
from throughtime.data.settings import DataSettings
from throughtime.data.text_units import LONG_SYMBOL, MOST_SYMBOLS
from throughtime.data.values import is_number
from throughtime.errors import DataError, Place

COMMENTS = ("#", ";;;")
COMMENT = re.compile(r"\s(#|;;;).*")
FURTHER = re.compile(r"(.*)\(\d+\)")
STRESS = re.compile(r"(?<=\D)[0-2]$")
FEWEST = 5  # entries, by which a dictionary is recognised
A_LETTER = (0.4, 1.6)  # symbols for a letter, on average


def read_dictionary(path: Path, settings: DataSettings) -> Records:
    """Columns ``word`` and ``pronunciation`` (a list of symbols); all pronunciations of a word stay in one split.

    ``word(2)`` is a further pronunciation of ``word``. What begins with ``#`` or ``;;;`` is a comment, at the beginning
    of a line or behind a blank. With ``stress=no`` the digit at the end of a symbol is removed. Raises DataError, with
    its row, for an entry without symbols or without a word.
    """
    text, encoding = read_text(path, settings, path.name)
    words: list[str] = []
    pronunciations: list[list[str]] = []
    rows: list[int | None] = []
    for row, cells in _entries(text):
        further = FURTHER.fullmatch(cells[0])
        word = cells[0] if further is None else further[1]
        if not word:
            raise DataError(
                f'no word stands before "{cells[0]}"', place=Place(path.name, row), mend="write the word before it"
            )
        if len(cells) == 1:
            mend = "write them after it, with blanks between, or remove the line"
            raise DataError(f'"{cells[0]}" has no symbols', place=Place(path.name, row), mend=mend)
        words.append(word)
        pronunciations.append(cells[1:])
        rows.append(row)
    if not words:
        mend = "give one entry a line: a word, a blank, its symbols"
        raise DataError("the file holds no entry", place=Place(path.name), mend=mend)
    stressed = sum(bool(STRESS.search(symbol)) for symbols in pronunciations for symbol in symbols)
    if settings.stress == "no":
        pronunciations = [[STRESS.sub("", symbol) for symbol in symbols] for symbols in pronunciations]
    different = len({symbol for symbols in pronunciations for symbol in symbols})
    counted = f"{len(words):,} pronunciations of {len(set(words)):,} words, {different} different symbols"
    notes = [f"{path.name}: a dictionary, {counted}, {encoding}"]
    if settings.stress == "no":
        notes.append(f"{path.name}: stress digits removed from {stressed:,} symbols")
    elif stressed:
        notes.append(f"{path.name}: {stressed:,} symbols end in a stress digit; --set stress=no removes them")
    return Records(
        {"word": words, "pronunciation": pronunciations},
        path.name,
        Places.in_one(path.name, rows),
        tuple(notes),
        {"word": "input", "pronunciation": "output"},
        kinds={"word": "tokens", "pronunciation": "tokens"},
        group="word",
    )


def _entries(text: str) -> Iterator[tuple[int, list[str]]]:
    """Row and cells of each line that is no comment and not blank."""
    for row, line in enumerate(lines_of(text), start=1):
        cells = [] if line.lstrip().startswith(COMMENTS) else COMMENT.sub("", line).split()
        if cells:
            yield row, cells


def is_dictionary(path: Path, head: bytes) -> bool:
    """A file that is named ``.dict``, or whose lines begin with different words and go on with few, short symbols.

    There are about as many symbols as the word has letters, which tells a dictionary from a text.
    """
    if path.is_dir() or is_json(path, head) or is_conllu(path, head):
        return False
    if path.suffix.lower() == ".dict":
        return True
    lines = "\n".join(head_lines(head))
    entries = [cells for _, cells in _entries(lines)]
    if len(entries) < FEWEST or min(map(len, entries)) < 2 or delimiter_of(lines, path.suffix.lower()) is not None:
        return False
    words = [FURTHER.sub(r"\1", cells[0]) for cells in entries]
    symbols = [symbol for cells in entries for symbol in cells[1:]]
    return _like_symbols(symbols, set(words)) and _like_spelling(words, len(symbols))


def _like_symbols(symbols: list[str], words: set[str]) -> bool:
    different = set(symbols)
    few = len(different) <= min(MOST_SYMBOLS, len(symbols) / 1.5)
    short = max(map(len, different)) <= LONG_SYMBOL
    return few and short and not any(map(is_number, different)) and len(words & different) <= 0.1 * len(words)


def _like_spelling(words: list[str], symbols: int) -> bool:
    least, most = A_LETTER
    distinct = len(set(words)) > len(words) / 2
    return distinct and least <= symbols / sum(map(len, words)) <= most


formats.add(
    "dictionary",
    Format(
        "dictionary",
        "a dictionary of pronunciations: a word, blanks, its symbols (word(2): a further one)",
        is_dictionary,
        read_dictionary,
        settings=("stress",),
    ),
)
