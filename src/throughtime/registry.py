"""A registry: names of one kind of thing, filled by the files of one package as they are imported."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from throughtime.errors import UsageError, unknown

T = TypeVar("T")


class Registry(Generic[T]):
    """Maps names to things of one kind; the built-in ones are found by importing ``package`` on first use.

    A reader's own file adds to it in the same way as a built-in one does, by calling :meth:`add`.

    >>> colours = Registry("colour")
    >>> colours.add("red", 0xFF0000)
    16711680
    >>> colours["rad"]
    Traceback (most recent call last):
    throughtime.errors.UsageError: unknown colour "rad"; did you mean "red"?
    """

    def __init__(self, kind: str, package: str | None = None) -> None:
        self.kind = kind
        self._package = package
        self._entries: dict[str, T] = {}

    def add(self, name: str, entry: T) -> T:
        """Register ``entry``; a second entry under a taken name is a :class:`UsageError`."""
        if self._entries.get(name, entry) is not entry:
            raise UsageError(f'{self.kind} "{name}" is registered twice; give yours another name')
        return self.replace(name, entry)

    def replace(self, name: str, entry: T) -> T:
        """Register ``entry`` in the place of what has the name, if anything has."""
        self._entries[name] = entry
        return entry

    def named(self, name: str) -> Callable[[T], T]:
        """The same as a decorator: ``@metrics.named("accuracy")``."""
        return lambda entry: self.add(name, entry)

    def __getitem__(self, name: str) -> T:
        self._load()
        if name not in self._entries:
            raise unknown(self.kind, name, self._entries)
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        self._load()
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        self._load()
        return len(self._entries)

    def items(self) -> list[tuple[str, T]]:
        """All (name, entry) pairs in order of name."""
        return [(name, self[name]) for name in self]

    def _load(self) -> None:
        if self._package is None:
            return
        name, self._package = self._package, None
        try:
            package = importlib.import_module(name)
            for module in pkgutil.iter_modules(package.__path__):
                importlib.import_module(f"{name}.{module.name}")
        except Exception:
            self._package = name  # half of them must not pass for all
            raise
