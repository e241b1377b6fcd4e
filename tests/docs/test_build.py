"""docs/build.py: what runs, what is checked, and that a page that is wrong does not build."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_build", DOCS / "build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def block(code: str, language: str = "python") -> str:
    return f"```{language}\n{code}\n```\n"


def expected(text: str) -> str:
    return "\n<!-- output -->\n" + block(text, "text")


def test_printed_lines_and_the_last_value_follow_the_block(docs: ModuleType) -> None:
    built = docs.build(block("print('first')\n2 * 21"), "page.md")
    assert built == block("print('first')\n2 * 21") + "\n" + block("first\n42", "text")


def test_a_block_without_output_is_left_as_it_is(docs: ModuleType) -> None:
    assert docs.build(block("x = 5"), "page.md") == block("x = 5")


def test_the_expected_output_appears_once(docs: ModuleType) -> None:
    built = docs.build(block("6 * 7") + expected("42"), "page.md")
    assert built.count("42") == 1 and "<!--" not in built


def test_prose_sees_the_blocks_above_it_and_not_below(docs: ModuleType) -> None:
    text = "{}" + block("loss = 0.35667") + "The loss is {{ loss:.4f }}.\n"
    assert "The loss is 0.3567.\n" in docs.build(text.replace("{}", ""), "page.md")
    with pytest.raises(docs.PageError, match=r"page.md line 2: .*'loss' is not defined"):
        docs.build(text.replace("{}", "Early:\n{{ loss }}\n"), "page.md")


def test_code_spans_and_other_languages_are_not_run(docs: ModuleType) -> None:
    text = "`{{ nothing }}` and\n" + block("{{ nothing }}\nraise", "console")
    assert docs.build(text, "page.md") == text


def test_a_wrong_output_fails_with_both_sides(docs: ModuleType) -> None:
    with pytest.raises(docs.PageError, match=r"(?s)page.md line 7: .*expected:\n41\n.*got:\n42\n"):
        docs.build(block("6 * 7") + expected("41"), "page.md")


def test_dots_stand_for_anything_but_not_for_something_else(docs: ModuleType) -> None:
    page = block("print('a', 3, 'b')")
    docs.build(page + expected("a ... b"), "page.md")
    with pytest.raises(docs.PageError):
        docs.build(page + expected("a ... c"), "page.md")


def test_an_output_with_no_block_above_is_refused(docs: ModuleType) -> None:
    with pytest.raises(docs.PageError, match="no block of Python"):
        docs.build("text\n" + expected("42"), "page.md")


@pytest.mark.parametrize("code", ["x = 1\nx / 0", "x = 1\nif x\n    pass"])
def test_an_error_names_page_and_line(docs: ModuleType, code: str) -> None:
    with pytest.raises(docs.PageError, match=r"page.md line 4: (ZeroDivisionError|SyntaxError)"):
        docs.build("A title\n" + block(code), "page.md")


def test_links_to_missing_files_are_found(docs: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "here.md").touch()
    text = "[a](here.md#part) [b](gone.md) [c](https://example.org/x) `[d](code.md)` [e](#part)\n" + block("[f](g.md)")
    assert docs.broken_links(text, tmp_path) == ["gone.md"]
