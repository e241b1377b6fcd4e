"""What is tested is the installed package, whole and up to date.

While working, ``PYTHONPATH=src THROUGHTIME_SOURCE_TREE=1 pytest tests/data`` tests the tree without installing it.
"""

from __future__ import annotations

import os
from importlib import metadata

import pytest

from tests.conftest import SOURCE, changed_since_installation, package_under_test

of_an_installation = pytest.mark.skipif(
    os.environ.get("THROUGHTIME_SOURCE_TREE") == "1", reason="THROUGHTIME_SOURCE_TREE=1: the tree itself is tested"
)


@of_an_installation
def test_the_package_comes_from_an_installation() -> None:
    assert not package_under_test().is_relative_to(SOURCE.parent), "this is the source tree; run make test"


@of_an_installation
def test_the_installation_holds_every_file_of_the_source() -> None:
    assert changed_since_installation() == [], "run make install"


def test_it_is_typed() -> None:
    assert (package_under_test() / "py.typed").is_file()


@of_an_installation
def test_its_distribution_names_what_it_needs() -> None:
    needed = [requirement for requirement in metadata.requires("throughtime") or [] if "extra ==" not in requirement]
    names = {requirement.split(">=")[0] for requirement in needed}
    assert names == {"torch", "numpy", "safetensors", "msgspec", "typer", "rich"}
