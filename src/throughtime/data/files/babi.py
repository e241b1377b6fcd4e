"""Stories with questions between their sentences, in the form of bAbI (Weston et al. 2015): a numbered line each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from throughtime.data.files.conllu import head_lines
from throughtime.data.files.decoding import lines_of, read_text
from throughtime.data.files.format import Format, formats
from throughtime.data.records import Places, Records
from throughtime.data.settings import DataSettings
from throughtime.data.values import shown
from throughtime.errors import DataError, Place

NUMBERED = re.compile(r"(\d{1,9})\b *(.*)")
ASKED = re.compile(r"\d+ [^\t]*\?\s*\t\s*\S")
MOSTLY = 0.5  # share of lines with the right number, by which a file is recognised; the others are mistakes


@dataclass(frozen=True)
class Line:
    """A line of the file: its row, its number in the story, its sentence, and the answer where it is a question."""

    row: int
    number: int
    sentence: str
    answer: str | None


def read_babi(path: Path, settings: DataSettings) -> Records:
    """Columns ``story`` (the sentences before the question), ``question``, ``answer`` and ``number`` (of the story).

    A line is ``1 Mary moved to the bathroom.`` or, with tabs, ``2 Where is Mary?  bathroom  1``; with number 1 a story
    begins. What stands behind a second tab, the lines from which the answer follows, is not read. All questions of a
    story stay in one split. Raises DataError, with its row, for a line without its number or sentence, a number out of
    order, a question without an answer or without a story.
    """
    text, encoding = read_text(path, settings, path.name)
    columns: dict[str, list[str]] = {"story": [], "question": [], "answer": [], "number": []}
    rows: list[int | None] = []
    told: list[str] = []
    stories = 0
    for line in _lines(text, path.name):
        if line.number == 1:
            told, stories = [], stories + 1
        if line.answer is None:
            told.append(line.sentence)
            continue
        if not told:
            raise DataError(
                "the question stands before any sentence of its story",
                place=Place(path.name, line.row),
                mend="begin each story, as number 1, with what is told",
            )
        row = (" ".join(told), line.sentence, line.answer, str(stories))
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
        rows.append(line.row)
    if not rows:
        problem = "no line is a question" if stories else "the file is empty"
        mend = "write questions as a number, a blank, the question, a tab and the answer"
        raise DataError(problem, place=Place(path.name), mend=mend)
    note = f"{path.name}: {stories:,} stories with {len(rows):,} questions (bAbI), {encoding}"
    roles = {"story": "input", "question": "input", "answer": "output"}
    kinds = {"story": "sentences", "question": "tokens", "answer": "category"}
    places = Places.in_one(path.name, rows)
    return Records(dict(columns), path.name, places, (note,), roles, kinds=kinds, group="number", task="answer")


def _lines(text: str, name: str) -> Iterator[Line]:
    """The lines that are not blank, each with the number that must stand there."""
    before = 0
    for row, line in enumerate(lines_of(text), start=1):
        if not line.strip():
            continue
        found = _line(row, line.strip(), name)
        if found.number not in (1, before + 1):
            after = f"after {before} comes {before + 1}, or 1 where a story begins" if before else "a story begins at 1"
            raise DataError(
                f"the line has number {found.number}, but {after}",
                place=Place(name, row),
                mend="correct the number; a line may be missing above",
            )
        before = found.number
        yield found


def _line(row: int, line: str, name: str) -> Line:
    place = Place(name, row)
    numbered = NUMBERED.fullmatch(line)
    if numbered is None:
        mend = "write its number and a blank before it; 1 where a story begins"
        raise DataError(f"{shown(line)} has no number", place=place, mend=mend)
    sentence, *behind = (part.strip() for part in numbered[2].split("\t"))
    if not sentence:
        what = "question stands before the tab" if behind else "sentence stands behind the number"
        raise DataError(f"no {what}", place=place, mend="write it there, or remove the line and count anew")
    if (behind or sentence.endswith("?")) and not any(behind[:1]):
        raise DataError(f"{shown(sentence)} has no answer", place=place, mend="write a tab and the answer behind it")
    return Line(row, int(numbered[1]), sentence, behind[0] if behind else None)


def is_babi(path: Path, head: bytes) -> bool:
    """A file whose lines are numbered, anew for each story, with a question, a tab and an answer among them."""
    if path.is_dir():
        return False
    lines = [line for line in head_lines(head) if line.strip()]
    numbers = [int(found[1]) if (found := NUMBERED.fullmatch(line.strip())) else 0 for line in lines]
    if not numbers or not any(map(ASKED.match, lines)):
        return False
    right = sum(after in (1, before + 1) for before, after in pairwise([0, *numbers]))
    return right > MOSTLY * len(numbers)


formats.add(
    "babi",
    Format(
        "babi",
        "stories with questions in the form of bAbI: numbered lines, behind a question a tab and its answer",
        is_babi,
        read_babi,
    ),
)
