"""Settings: every choice a user can make is declared once, as a typed field of a group that its room owns.

A group is a frozen struct whose fields carry their type, default, bounds and a line of help::

    class Optimisation(Group, frozen=True):
        epochs: Annotated[int, Meta(ge=1, description="passes over the training split")] = 20

From the groups come the check of a configuration file, of ``--set key=value``, of Python's keyword arguments,
and the table that ``throughtime tasks NAME`` prints. Names are unique over all groups of a task.
"""

from __future__ import annotations

import math
import numbers
import os
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import msgspec

from throughtime.errors import UsageError, unknown

G = TypeVar("G", bound="Group")

OPTIONS = frozenset(
    {
        *("input", "output", "valid", "test", "split", "group", "max_length"),
        *("cell", "hidden_size", "layers", "bidirectional", "dropout"),
        *("epochs", "max_minutes", "batch_size", "learning_rate", "init_from"),
        *("seed", "seeds", "engine", "device", "precision", "threads", "checkpoint_time"),
    }
)
"""Settings that ``throughtime train`` has an option for; it takes the others by ``--set``."""


def spelt(name: str, value: object = None) -> str:
    """A setting as it is given on the command line, with a value or without.

    >>> spelt("hidden_size", 4), spelt("outputs", "point"), spelt("outputs")
    ('--hidden-size 4', '--set outputs=point', '--set outputs')
    """
    if name in OPTIONS:
        return f"--{name.replace('_', '-')}" + ("" if value is None else f" {value}")
    return f"--set {name}" + ("" if value is None else f"={value}")


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all groups of settings; the class's docstring is the group's title."""


@dataclass(frozen=True)
class Setting:
    """One declared setting, for printing and for suggestions."""

    name: str
    default: object
    values: str  # "a whole number", "adamw | sgd | rmsprop", ...
    help: str


def declared(group: type[Group]) -> list[Setting]:
    """All settings of a group, in order of declaration."""
    hints = typing.get_type_hints(group, include_extras=True)
    rows = []
    for field in msgspec.structs.fields(group):
        kind = hints[field.name]
        rows.append(Setting(field.name, field.default, _values(kind), _help(kind)))
    return rows


def build(groups: Iterable[type[Group]], values: Mapping[str, object]) -> dict[type[Group], Group]:
    """Sort ``values`` into their groups and check each; strings are converted (``"0.3"`` to 0.3, ``"yes"`` to True).

    Raises UsageError for a name that no group declares (with a suggestion) and for a value out of its bounds.
    """
    groups = list(groups)
    owner = {field.name: group for group in groups for field in msgspec.structs.fields(group)}
    sorted_values: dict[type[Group], dict[str, object]] = {group: {} for group in groups}
    for name, value in values.items():
        if name not in owner:
            raise unknown("setting", name, owner)
        sorted_values[owner[name]][name] = _converted(owner[name], name, value)
    return {group: group(**chosen) for group, chosen in sorted_values.items()}


def part(groups: Mapping[type[Group], Group], kind: type[G]) -> G:
    """One of the groups that :func:`build` gave, under its own type."""
    found = groups[kind]
    assert isinstance(found, kind)
    return found


def changed(group: G, **values: object) -> G:
    """The group with some values replaced, checked like any other."""
    checked = {name: _converted(type(group), name, value) for name, value in values.items()}
    return msgspec.structs.replace(group, **checked)


def as_dict(group: Group) -> dict[str, Any]:
    """Plain values by name."""
    return msgspec.structs.asdict(group)


def _converted(group: type[Group], name: str, value: object) -> object:
    kind = typing.get_type_hints(group, include_extras=True)[name]
    value = _from_python(kind, value)
    if isinstance(value, str):
        value = _from_text(kind, value)
    try:
        converted = msgspec.convert(value, kind, strict=not isinstance(value, str))
    except msgspec.ValidationError:
        converted = math.nan  # no setting can be NaN
    if isinstance(converted, float) and not math.isfinite(converted):
        raise UsageError(f"{spelt(name, _shown(value))}: it must be {_values(kind)}")
    return converted


def _from_python(kind: Any, value: object) -> object:
    """Paths and NumPy's numbers as plain values, and a number as text where a text is asked for (``valid=0.2``)."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return value
    plain = int(value) if isinstance(value, numbers.Integral) else float(value)
    return str(plain) if _plain(kind) is str else plain


def _from_text(kind: Any, text: str) -> object:
    base = _plain(kind)
    options = get_args(base) if get_origin(base) in (typing.Union, types.UnionType) else (base,)
    if type(None) in options and text.lower() in ("none", ""):
        return None
    if bool in options and text.lower() in ("yes", "on", "no", "off"):
        return text.lower() in ("yes", "on")
    if get_origin(base) is tuple or get_origin(base) is list:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _shown(value: object) -> str:
    text = str(value)
    return text if text else '""'


def _plain(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _help(kind: Any) -> str:
    return next((meta.description for meta in _metas(kind) if meta.description), "")


def _values(kind: Any) -> str:
    base = _plain(kind)
    if get_origin(base) is Literal:
        return " | ".join(str(choice) for choice in get_args(base))
    if get_origin(base) in (typing.Union, types.UnionType):
        return " or ".join(_values(part) for part in get_args(base))
    words = {int: "a whole number", float: "a number", bool: "yes or no", str: "a text", type(None): "none"}
    word = words.get(base, "a list, parted by commas" if get_origin(base) in (tuple, list) else str(base))
    return word + (_bounds(kind) if base in (int, float) else "")


def _metas(kind: Any) -> list[msgspec.Meta]:
    parts = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
    return [part for part in parts if isinstance(part, msgspec.Meta)]


def _bounds(kind: Any) -> str:
    parts = []
    for meta in _metas(kind):
        for sign, word in (("gt", "above"), ("ge", "of at least"), ("lt", "below"), ("le", "of at most")):
            bound = getattr(meta, sign)
            if bound is not None:
                parts.append(f"{word} {bound:g}")
    return "" if not parts else " " + " and ".join(parts)
