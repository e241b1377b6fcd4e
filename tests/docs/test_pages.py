"""The pages beside the textbook build, and are in the list of pages."""

from __future__ import annotations

import contextlib
import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(page for page in DOCS.glob("*.md") if page.name != "index.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_builds_and_is_in_the_list(page: Path, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("docs_build", DOCS / "build.py")
    assert spec is not None and spec.loader is not None
    docs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(docs)
    text = page.read_text(encoding="utf-8")
    assert docs.broken_links(text, page.parent) == []
    with contextlib.chdir(tmp_path):
        assert docs.build(text, page.name).startswith("# ")
    assert f"({page.name})" in (DOCS / "index.md").read_text(encoding="utf-8")
