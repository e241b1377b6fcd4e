"""Registries: filled by the files of a package on first use, and by a reader's own file in the same way."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path

import pytest

from throughtime.errors import UsageError
from throughtime.registry import Registry


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package whose files register with the registry that the package holds, two colours in two files."""
    folder = tmp_path / "colours_for_a_test"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from throughtime.registry import Registry\ncolours = Registry('colour', __name__)\n"
    )
    for name, value in (("red", 17), ("blue", 23)):
        text = f"from colours_for_a_test import colours\ncolours.add({name!r}, {value})\n"
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield folder.name
    for module in [name for name in sys.modules if name.startswith(folder.name)]:
        del sys.modules[module]


def colours(package: str) -> Registry[int]:
    return __import__(package).colours


def test_the_files_of_the_package_are_found(package: str) -> None:
    assert dict(colours(package).items()) == {"red": 17, "blue": 23}


def test_nothing_is_imported_before_the_first_use(package: str) -> None:
    registry = colours(package)
    assert f"{package}.red" not in sys.modules
    assert "red" in registry
    assert f"{package}.blue" in sys.modules


@pytest.mark.parametrize("use", [len, list, Registry.items, lambda colours: "blue" in colours, itemgetter("red")])
def test_every_use_loads(package: str, use: Callable[[Registry[int]], object]) -> None:
    assert use(colours(package))


def test_names_come_in_order() -> None:
    registry: Registry[int] = Registry("colour")
    for value, name in enumerate(["red", "amber", "blue"]):
        registry.add(name, value)
    assert list(registry) == ["amber", "blue", "red"] and len(registry) == 3
    assert registry.items() == [("amber", 1), ("blue", 2), ("red", 0)]


def test_the_decorator_registers_and_returns_the_thing() -> None:
    registry: Registry[object] = Registry("metric")

    @registry.named("mae")
    def error() -> None: ...

    assert registry["mae"] is error


def test_a_taken_name_is_refused_and_the_first_stays() -> None:
    registry: Registry[str] = Registry("colour")
    registry.add("red", "first")
    with pytest.raises(UsageError, match='colour "red" is registered twice'):
        registry.add("red", "second")
    assert registry["red"] == "first"


def test_the_same_thing_twice_is_harmless() -> None:
    registry: Registry[str] = Registry("colour")
    assert registry.add("red", "same") is registry.add("red", "same")


def test_an_unknown_name_gets_a_suggestion(package: str) -> None:
    with pytest.raises(UsageError, match='unknown colour "bleu"; did you mean "blue"?'):
        colours(package)["bleu"]
    assert "bleu" not in colours(package)


def test_own_entries_stand_beside_the_built_in_ones(package: str) -> None:
    registry = colours(package)
    registry.add("mauve", 5)
    assert list(registry) == ["blue", "mauve", "red"]


def test_an_own_entry_may_not_take_a_built_in_name(package: str) -> None:
    registry = colours(package)
    with pytest.raises(UsageError, match='colour "red" is registered twice'):
        registry.add("red", 99)
        list(registry)


def test_half_a_package_never_passes_for_all_of_it(package: str) -> None:
    """A name taken before the package is loaded: every use says so, not the first alone."""
    registry = colours(package)
    registry.add("red", 1)
    for _ in range(2):
        with pytest.raises(UsageError, match='colour "red" is registered twice'):
            registry["blue"]
