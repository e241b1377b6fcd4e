"""The steps of an input as a person reads them."""

from __future__ import annotations

from typing import Any

from throughtime.data.fields import Field
from throughtime.data.fields.notes import Notes
from throughtime.data.fields.numbers import Numbers
from throughtime.data.fields.sentences import Sentences
from throughtime.data.fields.steps import step_values
from throughtime.data.fields.tokens import LETTERS, Tokens
from throughtime.data.fields.words import Words
from throughtime.data.music import frames_of
from throughtime.errors import Place


def tokens_of(field: Field, value: Any, place: Place) -> list[str]:
    """A text for each step that the network reads; of a column without time the value itself.

    Tokens that training never showed stand here as they were written, not as ``<unk>``.
    """
    if isinstance(field, Tokens):
        return field.tokens(value, place)[: field.max_length]
    if isinstance(field, Words):
        return field.words(value, place)[: field.max_length]
    if isinstance(field, Sentences):
        return field.sentences(value, place)
    if isinstance(field, Numbers):
        steps = [value] if isinstance(value, (int, float)) else step_values(value, "spaces", place, "numbers")
        return [written(step) for step in steps[: field.max_length]]
    if isinstance(field, Notes):
        return ["+".join(map(str, frame)) or "-" for frame in frames_of(value, place)[: field.max_length]]
    return [written(value)]


def are_words(field: Field) -> bool:
    """Whether the tokens stand apart in a text, as words do and letters do not."""
    return field.stepwise and getattr(field, "unit", "spaces") not in LETTERS


def written(value: Any) -> str:
    """A raw value, short.

    >>> written([0.5, 1.5108000000000001]), written(None), written(["so", "it"])
    ('0.5, 1.5108', '', 'so, it')
    """
    if isinstance(value, (list, tuple)):
        return ", ".join(map(written, value))
    return f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)


def visible(text: str) -> str:
    """A text in one line, in which every sign is seen.

    >>> visible("a\\n"), visible(" "), visible("so it"), visible("")
    ('a⏎', '␣', 'so it', '(empty)')
    """
    if not text:
        return "(empty)"
    if not text.strip(" "):
        return "␣" * len(text)
    signs = {"\n": "⏎", "\t": "⇥"}
    return "".join(signs.get(sign, sign if sign.isprintable() else f"\\x{ord(sign):02x}") for sign in text)
