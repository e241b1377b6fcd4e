"""Rows that ask the same and are answered differently: one question with several right answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from throughtime.data.records import Records
from throughtime.data.values import as_text


def one_row_a_question(records: Records, inputs: Sequence[str], output: str) -> Records:
    """Of rows whose inputs are equal the first one stays, and ``references`` hold all their outputs, its own first.

    Lines of files side by side stay as they are: there a text that is read twice stands for two places.

    >>> from throughtime.data.records import in_memory_records
    >>> records = in_memory_records({"word": ["a", "b", "a"], "said": ["AH", "B", "EY"]})
    >>> found = one_row_a_question(records, ["word"], "said")
    >>> found.columns["word"], found.references
    (['a', 'b'], [['AH', 'EY'], ['B']])
    """
    answers = records.column(output)
    if records.places.beside:
        return replace(records, references=[[answer] for answer in answers])
    first: dict[tuple[str, ...], int] = {}
    right: dict[int, list[Any]] = {}
    columns = [records.column(name) for name in inputs]
    for row, answer in enumerate(answers):
        question = tuple(as_text(column[row]) for column in columns)
        known = right.setdefault(first.setdefault(question, row), [])
        if answer not in known:
            known.append(answer)
    chosen = list(right)
    return replace(records.select(chosen), references=[right[row] for row in chosen])
