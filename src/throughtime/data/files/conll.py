"""CoNLL columns: a token a line, its tag in the last column, a blank line between sentences."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from throughtime.data.files.conllu import BLANKS, head_lines, in_words, is_conllu, sentences_of, where_it_ends
from throughtime.data.files.decoding import lines_of, read_text
from throughtime.data.files.format import Format, formats
from throughtime.data.files.json_lines import is_json
from throughtime.data.files.sniffing import USUAL_OUTPUTS
from throughtime.data.records import Places, Records
from throughtime.data.settings import DataSettings
from throughtime.data.values import is_number
from throughtime.errors import DataError, Place

DOCUMENT = "-DOCSTART-"
SUFFIXES = (".conll", ".iob", ".iob2", ".bio")
USUAL_TAGS = (*USUAL_OUTPUTS, "pos", "upos", "ner", "ner_tag", "ner_tags", "pos_tag", "iob", "bio")
LONG_TAG = 40
END_OF_PROSE = re.compile(r"\w.*[,.;:!?]")


def read_conll(path: Path, settings: DataSettings) -> Records:
    """One row a sentence, a list of tokens a column, named ``1 2 ...``; the last one holds the tags.

    Lines that begin with ``-DOCSTART-`` and comments (``#``) before a sentence are left out and counted; a line with
    as many columns as the others is a token, even ``#``. Raises DataError, with its line, for other numbers of
    columns, for tabs among spaces, and for a file that ends in the middle of a line.
    """
    text, encoding = read_text(path, settings, path.name)
    documents = text.startswith(DOCUMENT) + text.count(f"\n{DOCUMENT}") + text.count(f"\r{DOCUMENT}")
    groups = list(sentences_of("" if line.startswith(DOCUMENT) else line for line in lines_of(text)))
    separator, width = _layout([line for group in groups for _, line in group])
    if width < 2:
        raise _no_columns(width, path.name)
    columns: dict[str, list[list[str]]] = {str(k + 1): [] for k in range(width)}
    lines: list[list[int]] = []
    comments = 0
    for group in groups:
        words, rows = [], []
        for row, line in group:
            cells = _cells(line, separator)
            if _fits(line, cells, separator, width):
                words.append(cells)
                rows.append(row)
            elif line[0] == "#" and not words:
                comments += 1
            else:
                raise _misfit(line, cells, separator, width, text, Place(path.name, row))
        if words:  # comments may stand alone
            for column, values in zip(columns.values(), zip(*words, strict=True), strict=True):
                column.append(list(map(sys.intern, values)))
            lines.append(rows)
    _refuse_header(columns, Place(path.name, lines[0][0]))
    sizes = ((len(lines), "sentence"), (sum(map(len, lines)), "token"), (width, "column"))
    counted = ", ".join(in_words(size, word) for size, word in sizes)
    beside = [in_words(n, word) for n, word in ((documents, f"{DOCUMENT} line"), (comments, "comment line")) if n]
    left_out = f"; {' and '.join(beside)} left out" if beside else ""
    first, *_, last = columns
    notes = [f"{path.name}: CoNLL columns, {counted}, {encoding}{left_out}"]
    notes += _perhaps_comments(columns[first], columns[last], lines, path.name)
    notes += _perhaps_cut(text, columns[last], path.name)
    places = Places((path.name,), [0] * len(lines), [rows[0] for rows in lines], lines)
    return Records(dict(columns), path.name, places, tuple(notes), {first: "input", last: "output"})


def _layout(lines: Sequence[str]) -> tuple[str, int]:
    """What parts the columns of most lines, a tab or spaces, and how many columns most lines have (0: no token).

    >>> _layout(["# one", "New York\\tB-LOC", "is\\tO"]), _layout(["a  DA O", "b NC B"]), _layout(["# one"])
    (('\\t', 2), (' ', 3), (' ', 0))
    """
    tokens = [line for line in lines if line[0] != "#"]
    separator = "\t" if 2 * sum("\t" in line.strip("\t") for line in tokens) > len(tokens) else " "
    widths = Counter(len(_cells(line, separator)) for line in tokens)
    return separator, widths.most_common(1)[0][0] if widths else 0


def _cells(line: str, separator: str) -> list[str]:
    """Only these characters part columns: a token may hold any other space that Unicode has."""
    return [cell for part in line.split(separator) if (cell := part.strip(" \t"))]


def _fits(line: str, cells: list[str], separator: str, width: int) -> bool:
    return len(cells) == width and ("\t" not in line.strip("\t ") if separator == " " else " " not in cells[-1])


def _misfit(line: str, cells: list[str], separator: str, width: int, text: str, place: Place) -> DataError:
    found = f"{in_words(len(cells), 'column')} where the others have {width}"
    if separator == "\t" and len(cells) == width:
        return DataError(f'the tag "{cells[-1]}" holds a space', place=place, mend="put a tab between all columns")
    if _mixed(line, separator, width):
        here, elsewhere = ("a tab", "a space") if separator == " " else ("a space", "a tab")
        problem = f"{here} parts columns here, {elsewhere} in the other lines"
        return DataError(problem, place=place, mend=f"put {elsewhere} between all columns")
    end = where_it_ends(text, place) if len(cells) < width else ""
    if end:
        problem = f"the file ends in the middle of a {end}: {found}"
        return DataError(problem, place=place, mend="get the whole file, or remove its last sentence")
    if line[0] == "#":
        mend = "remove it, or put it before the sentence if it is a comment"
    elif len(cells) < width:
        mend = "fill the line in, or leave it blank if a sentence ends here"
    else:
        mend = "remove what is too many" + ("" if separator == "\t" else "; a token holds no space")
    return DataError(found, place=place, mend=mend)


def _mixed(line: str, separator: str, width: int) -> bool:
    bare = line.strip(" \t")
    if separator == " ":
        return "\t" in bare
    return " " in bare and ("\t" not in bare or len(BLANKS.split(bare)) == width)


def _no_columns(width: int, name: str) -> DataError:
    mend = "give a token and its tag a line, and a blank line after each sentence"
    return DataError("the lines hold one column" if width else "the file holds no token", place=Place(name), mend=mend)


def _refuse_header(columns: dict[str, list[list[str]]], place: Place) -> None:
    first = [column[0][0] for column in columns.values()]
    *_, last = columns.values()
    if _is_header(first, [tag for tags in last for tag in tags]):
        problem = f"the line names the columns ({', '.join(first)})"
        raise DataError(problem, place=place, mend="remove it, because every line is taken as a token")


def _is_header(first: list[str], tags: list[str]) -> bool:
    return first[-1].lower() in USUAL_TAGS and tags.count(first[-1]) == 1


def _perhaps_comments(tokens: list[list[str]], tags: list[list[str]], lines: list[list[int]], file: str) -> list[str]:
    """Lines that begin a sentence with the sign of a comment, and have a tag that no other line has."""
    signs = [k for k, sentence in enumerate(tokens) if sentence[0] == "#"]
    counts = Counter(tag for sentence in tags for tag in sentence)
    counts.subtract(tags[k][0] for k in signs)
    rows = [lines[k][0] for k in signs if not counts[tags[k][0]]]
    if not rows:
        return []
    found = "lines that begin with # and have as many columns as the others are taken as tokens"
    return [f"{file}: {found} ({len(rows):,}, first row {rows[0]}): are they comments?"]


def _perhaps_cut(text: str, tags: list[list[str]], file: str) -> list[str]:
    """A last tag that is the beginning of another one and stands nowhere else, with no line end after it."""
    last = tags[-1][-1]
    counts = Counter(tag for sentence in tags for tag in sentence)
    longer = [tag for tag in counts if tag.startswith(last) and tag != last]
    if text.endswith(("\n", "\r")) or counts[last] > 1 or not longer:
        return []
    return [f'{file}: the last tag, "{last}", stands nowhere else and no line end follows it: is the file cut?']


def is_conll(path: Path, head: bytes) -> bool:
    """A file that is named so, or that holds groups of lines with as many columns, of which the last has few values."""
    if path.is_dir() or is_conllu(path, head) or is_json(path, head):
        return False
    if path.suffix.lower() in SUFFIXES:
        return True
    groups = list(sentences_of("" if line.startswith(DOCUMENT) else line for line in head_lines(head)))
    lines = [line for group in groups for _, line in group if line[0] != "#"]
    indented = sum(line[0] in " \t" for line in lines)
    if len(groups) < 2 or len(lines) < 1.5 * len(groups) or indented > 0.2 * len(lines):
        return False
    separator, width = _layout(lines)
    rows = [cells for line in lines if len(cells := _cells(line, separator)) == width]
    if width < 2 or len(rows) < 0.8 * len(lines):
        return False
    words, tags = [cells[0] for cells in rows], [cells[-1] for cells in rows]
    return _is_tagged(words, tags) and not _is_header(rows[0], tags)


def _is_tagged(words: list[str], tags: list[str]) -> bool:
    """Whether one column looks like words and the other like their tags, rather than cells of a table or prose."""
    count, kinds = len(tags), set(tags)
    few = 1 < len(kinds) <= (0.75 if count < 50 else 0.4) * count and len(kinds) <= len(set(words))
    like_tags = sum(len(tag) <= LONG_TAG and " " not in tag for tag in tags) > 0.8 * count
    like_prose = sum(bool(END_OF_PROSE.fullmatch(tag)) for tag in tags) > 0.1 * count
    comma_separated = sum("," in word + tag and len(word + tag) > 2 for word, tag in zip(words, tags, strict=True))
    cells = sum(" " in word or is_number(word) for word in words)
    return few and like_tags and not like_prose and comma_separated < 0.5 * count and cells < 0.5 * count


formats.add(
    "conll",
    Format(
        "conll",
        "CoNLL columns: a token a line, its tag in the last column, a blank line between sentences",
        is_conll,
        read_conll,
    ),
)
