"""Single raw values: when one is missing, which class it names, which number it is."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from throughtime.errors import DataError, Place

COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+", re.ASCII)
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def is_empty(value: Any) -> bool:
    """Nothing stands there: None, NaN or blank text."""
    return (
        value is None
        or (isinstance(value, str) and not value.strip())
        or (isinstance(value, float) and math.isnan(value))
    )


def is_missing(value: Any, missing: Sequence[str]) -> bool:
    """Empty, or one of the texts that the user says mean a missing value.

    >>> is_missing(" n/a ", ("n/a",)), is_missing("", ()), is_missing("0", ())
    (True, True, False)
    """
    return is_empty(value) or (isinstance(value, str) and value.strip() in missing)


def class_name(value: Any) -> str:
    """The name of the class that a raw value stands for; equal classes have equal names whatever their type.

    >>> class_name(3), class_name(3.0), class_name(" pos "), class_name(True)
    ('3', '3', 'pos', 'true')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def in_order(names: Sequence[str]) -> list[str]:
    """Class names in their order: by number if all are numbers, otherwise by alphabet.

    >>> in_order(["10", "9"]), in_order(["b", "10", "a"])
    (['9', '10'], ['10', 'a', 'b'])
    """
    if all(NUMBER.fullmatch(name) for name in names):
        return sorted(names, key=lambda name: (float(name), name))
    return sorted(names)


def is_number(value: Any) -> bool:
    """Whether a raw value is a finite number, or the text of one."""
    if isinstance(value, str) and not NUMBER.fullmatch(value.strip()):
        return False
    try:
        return isinstance(value, (int, float, str)) and math.isfinite(float(value))
    except OverflowError:  # a whole number beyond the range of floats
        return False


def commas_for_points(text: str) -> bool:
    """Whether a text is a number with a decimal comma, points between its thousands or none.

    >>> commas_for_points("5.134,50"), commas_for_points("-3,5"), commas_for_points("5,134.50")
    (True, True, False)
    """
    return COMMA.fullmatch(text.strip()) is not None


def _commas_within(text: str) -> bool:
    """Whether it would be a number, were its commas points."""
    return "," in text and NUMBER.fullmatch(text.strip().replace(",", ".")) is not None


def number(value: Any, place: Place, missing: Sequence[str] = ()) -> float:
    """The number that a raw value holds, NaN for a missing one if the user allows missing values at all.

    Raises DataError for anything else.
    """
    if isinstance(value, (int, float, str)) and is_number(value):
        return float(value)
    if is_missing(value, missing):
        if missing:
            return math.nan
        raise DataError(
            "the number is missing", place=place, mend="fill it in, or add --set missing=n/a to take the training mean"
        )
    text = shown(value)
    if isinstance(value, str) and (commas_for_points(value) or _commas_within(value)):
        raise DataError(
            f"{text} is not a number", place=place, mend="write it with a decimal point and without other marks"
        )
    if (
        isinstance(value, float)
        or str(value).strip().lower().lstrip("+-") in ("inf", "infinity")
        or NUMBER.fullmatch(str(value).strip())
    ):
        raise DataError(f"{text} is not a finite number", place=place, mend="fix or remove the row")
    hint = (
        f"add --set missing={value.strip()} or fix the row"
        if isinstance(value, str) and "," not in value
        else "fix the row"
    )
    raise DataError(f"{text} is not a number", place=place, mend=hint)


def labels_of(value: Any, separator: str | None) -> list[str]:
    """The class names of a value that holds several: a list, or one text with a separator.

    >>> labels_of("b; a;", ";"), labels_of(["x", 2], None), labels_of("", ";")
    (['b', 'a'], ['x', '2'], [])
    """
    if isinstance(value, (list, tuple)):
        return [class_name(part) for part in value]
    name = "" if is_empty(value) else class_name(value)
    parts = [name] if separator is None else name.split(separator)
    return [part.strip() for part in parts if part.strip()]


def shown(value: Any, limit: int = 40) -> str:
    """A value for a message, in quotes and cut short."""
    text = str(value)
    return f'"{text if len(text) <= limit else text[: limit - 3] + "..."}"'


def as_text(value: object) -> str:
    """A value as a text: of a list its parts with spaces between, nothing of what is missing.

    >>> as_text(["K", "AE", "T"]), as_text(None), as_text(1984)
    ('K AE T', '', '1984')
    """
    if value is None:
        return ""
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
