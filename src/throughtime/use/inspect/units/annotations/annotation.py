"""An annotation: a value for every character of a text, yes or no or a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from throughtime.errors import UsageError
from throughtime.registry import Registry

Kind = Literal["yes/no", "number"]
Texts = Literal["any", "python", "prose"]
Values = Callable[[str], np.ndarray]


@dataclass(frozen=True)
class Annotation:
    """``of(text)`` gives the value of each character, ``(len(text),)``: bool for ``yes/no``, float64 for ``number``.

    ``texts`` are those that it is proposed for. Raises UsageError where ``values`` gives anything else.

    >>> Annotation("vowel", "yes/no", lambda text: np.array([letter in "aeiou" for letter in text])).of("able")
    array([ True, False, False,  True])
    """

    name: str
    kind: Kind
    values: Values
    help: str = ""
    texts: Texts = "any"

    def of(self, text: str) -> np.ndarray:
        found = np.asarray(self.values(text))
        if found.shape != (len(text),):
            raise UsageError(
                f'annotation "{self.name}" has the shape {found.shape} for a text of {len(text):,} characters; '
                "give one value a character"
            )
        if self.kind == "yes/no" and found.dtype != bool:
            if not np.isin(found, (0, 1)).all():
                raise UsageError(f'annotation "{self.name}" is yes or no; give True and False, or 1 and 0')
            return found.astype(bool)
        if self.kind == "number" and not np.isfinite(found := found.astype(np.float64)).all():
            raise UsageError(f'annotation "{self.name}" has values that are not finite; give a number a character')
        return found


annotators: Registry[Annotation] = Registry("annotation", "throughtime.use.inspect.units.annotations")


def annotates(kind: Kind, texts: Texts = "any") -> Callable[[Values], Values]:
    """Registers a function as the annotation of its own name; its docstring's first line is the help."""

    def register(values: Values) -> Values:
        name = values.__name__
        annotators.add(name, Annotation(name, kind, values, (values.__doc__ or "").split("\n")[0], texts))
        return values

    return register
