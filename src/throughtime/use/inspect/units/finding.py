"""Units of a language model that stand for something, in the manner of Karpathy, Johnson and Li (2015), but measured.

They found by eye units that are on inside quotations or count the letters of a line. Here every unit is compared with
an annotation of the text: on one half of the texts the unit and its threshold are chosen, on the other half, which had
no part in that, its agreement is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from throughtime.data.fields.tokens import Tokens
from throughtime.data.streams.document import Document
from throughtime.data.tokenisation import unit_name
from throughtime.errors import UsageError
from throughtime.models.language_model import LanguageModel
from throughtime.use.inspect.units.annotations import Annotation
from throughtime.use.inspect.units.found_units import AnnotationFound, UnitsFound
from throughtime.use.inspect.units.measuring import QUARTERS, measured, moved
from throughtime.use.inspect.units.passages import LEAST, Half, halves
from throughtime.use.inspect.units.reading_states import Unit, read_states, units_of
from throughtime.use.inspect.units.searching import Search, coded, decoded, search_numbers, search_yes_no

MOST = 200_000  # tokens that are read of each half
ROOM = 1 << 29  # bytes of states that are kept
MOST_NAMES = 200  # of files that are listed


def find_units(
    model: LanguageModel,
    field: Tokens,
    documents: Sequence[Document],
    annotations: Sequence[Annotation],
    *,
    states: Sequence[str] = (),
    best: int = 5,
    most: int = MOST,
    strict: bool = True,
    done: Callable[[int], None] | None = None,
) -> UnitsFound:
    """The ``best`` units for each annotation, of the quantities ``states`` of every layer.

    These are the cell's states if none are named. The documents are halved, file by file, or one text in its middle;
    ``most`` tokens of each half are read. Raises UsageError for an annotation that is the same all over a half; if not
    ``strict`` it is left out, which is noted.
    """
    for name, value, least in (("best", best, 1), ("most", most, LEAST)):
        if value < least:
            raise UsageError(f"{name} {value}: it must be at least {least}")
    states = tuple(dict.fromkeys(states)) or tuple(model.recurrent.graph.states)
    units = units_of(model, states)
    within = min(most, max(1, ROOM // (2 * len(units))))
    pair = first, second = halves(documents, field, annotations, within)
    notes = [_how_much(pair, field, within, most)]
    kept = []
    for annotation in annotations:
        if (wrong := _tells_nothing(annotation, pair)) is None:
            kept.append(annotation)
        elif strict:
            raise UsageError(wrong)
        else:
            notes.append(f"{wrong}; it is left out")
    if not kept:
        raise UsageError("; ".join(notes[1:]))
    found = _found(model, pair, kept, units, states, best, done)
    return UnitsFound(
        len(units),
        states,
        {"chosen": len(first), "held_out": len(second)},
        {"chosen": _names(first), "held_out": _names(second)},
        tuple(notes),
        tuple(found),
    )


def _found(
    model: LanguageModel,
    pair: tuple[Half, Half],
    annotations: Sequence[Annotation],
    units: Sequence[Unit],
    states: Sequence[str],
    best: int,
    done: Callable[[int], None] | None,
) -> list[AnnotationFound]:
    """Search the first half, then read of the second only the units that were chosen there."""
    first, second = pair
    codes = _codes(model, first, states, range(len(units)), done)
    searches = _searches(codes, first, annotations)
    chosen = {unit for found in searches.values() for unit in found[0].best(best)}
    chosen |= {unit for found in searches.values() for other in found[1:] for unit in other.best(1)}
    wanted = sorted(chosen)
    held_out = dict(zip(wanted, map(decoded, _codes(model, second, states, wanted, done)), strict=True))
    values = {unit: (decoded(codes[unit]), held_out[unit]) for unit in wanted}
    return [measured(annotation, pair, searches[annotation.name], units, values, best) for annotation in annotations]


def _codes(
    model: LanguageModel, half: Half, states: Sequence[str], wanted: Sequence[int], done: Callable[[int], None] | None
) -> np.ndarray:
    """The values of the ``wanted`` units at every token of a half's texts, (W, n), as :func:`coded` keeps them."""
    column = np.full(len(half.ids), -1)
    column[half.places] = np.arange(len(half))
    codes = np.empty((len(wanted), len(half)), dtype=np.uint16)
    for places, values in read_states(model, half.ids, half.before, states, done):
        of_text = column[places] >= 0
        codes[:, column[places[of_text]]] = coded(values[of_text][:, wanted]).T
    return codes


def _searches(codes: np.ndarray, half: Half, annotations: Sequence[Annotation]) -> dict[str, list[Search]]:
    """By annotation: the search for it as it is, and for it moved in time by each of the quarters."""
    found: dict[str, list[Search]] = {}
    for kind, search in (("yes/no", search_yes_no), ("number", search_numbers)):
        names = [annotation.name for annotation in annotations if annotation.kind == kind]
        truths = [moved(half.truth(name), quarter) for name in names for quarter in (0, *QUARTERS)]
        each = iter(search(codes, truths) if truths else ())
        found |= {name: [next(each) for _ in (0, *QUARTERS)] for name in names}
    return found


def _tells_nothing(annotation: Annotation, pair: tuple[Half, Half]) -> str | None:
    """Why no unit can be measured by an annotation, in words."""
    for half, which in zip(pair, ("the half where units are chosen", "the held-out half"), strict=True):
        truth = half.truth(annotation.name)
        if annotation.kind == "yes/no" and not truth.any():
            return f'annotation "{annotation.name}": nothing in {which} is marked; give a text that holds some'
        if (truth == truth[0]).all():
            return f'annotation "{annotation.name}" is the same all over {which}; give a text where it changes'
    return None


def _how_much(pair: tuple[Half, Half], field: Tokens, within: int, most: int) -> str:
    """What was read of the texts, and what bounded it."""
    unit = unit_name(field.unit)
    chosen, held_out = (
        f"{len(half):,} {unit} of {len(half.passages):,} text{'s' * (len(half.passages) > 1)}" for half in pair
    )
    bound = f"; at most {within:,} of each half are read" if any(len(half) >= within for half in pair) else ""
    memory = ", as their states take much memory" if bound and within < most else ""
    return f"chosen on {chosen}, measured on {held_out}{bound}{memory}"


def _names(half: Half) -> tuple[str, ...]:
    return tuple(passage.name for passage in half.passages[:MOST_NAMES])
