"""Which annotations are wanted: by name, the reader's own, or those that fit the texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from numpy.typing import ArrayLike

from throughtime.data.streams.document import Document
from throughtime.errors import UsageError
from throughtime.use.inspect.units.annotations.annotation import Annotation, annotators
from throughtime.use.inspect.units.annotations.own import given, pattern

Wanted = Sequence[str | Annotation] | Mapping[str, Sequence[ArrayLike]]


def chosen(wanted: Wanted | None, expression: str | None, documents: Sequence[Document]) -> list[Annotation]:
    """Annotations by name or as they are, or values by name, an array for each text; and one for the ``expression``.

    If nothing is wanted they are those that fit Python source, where the files are that, or else prose. Raises
    UsageError for an unknown name, and for one that is there twice.
    """
    if wanted is None and expression is None:
        return proposed(sum(document.name.endswith(".py") for document in documents) > len(documents) / 2)
    if isinstance(wanted, Mapping):
        texts = ["".join(document.pieces()) for document in documents]
        found = [given(name, texts, values) for name, values in wanted.items()]
    else:
        found = [annotators[entry] if isinstance(entry, str) else entry for entry in wanted or ()]
    if expression is not None:
        found.append(pattern(expression))
    names = [annotation.name for annotation in found]
    if not found:
        raise UsageError(f"no annotation is named; known: {', '.join(annotators)}")
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f'annotation "{name}" is named twice; leave one out')
    return found


def proposed(python: bool) -> list[Annotation]:
    """Those for any text, and those for Python source or for prose.

    >>> [annotation.name for annotation in proposed(python=False)]
    ['inside_brackets', 'inside_quotes', 'line_position', 'upper_case']
    """
    fitting = ("any", "python" if python else "prose")
    return [annotation for _, annotation in annotators.items() if annotation.texts in fitting]
