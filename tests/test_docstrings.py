"""The examples in the docstrings of every module run, in an empty folder, and give what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import throughtime

FOUND = pkgutil.walk_packages(throughtime.__path__, "throughtime.")
MODULES = sorted(module.name for module in FOUND if not module.name.endswith("._engine"))  # that is no Python
RULES = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_the_examples_of(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module(name)
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=RULES)
    for example in doctest.DocTestFinder(exclude_empty=True).find(module):
        runner.run(example, out=said.append)
    assert runner.failures == 0, "".join(said)


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    registry = importlib.import_module("throughtime.registry")
    assert sum(len(test.examples) for test in finder.find(registry)) >= 3
    assert len(MODULES) > 100
