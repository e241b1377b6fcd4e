"""The pages of the textbook build, are in the list of pages, and hold the textbook's numbers."""

from __future__ import annotations

import contextlib
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted((DOCS / "textbook").glob("*.md"))

NUMBERS = {
    "exercise": ["| 0.5 | 0.75 | 0.875 |", "| 0.4621 | 0.6237 | 0.6706 |"],
    "encoding": ["24 entries", "`the` is 4", "the bags are equal (True)", "TF-IDF vectors (True)"],
    "losses": ["-log 0.7 = 0.3567", "4 of 6 are right", "True"],
    "lstm": ["tensor([0.1000, 0.0100, 0.3000])", "c = c' + i ∘ g"],
    "gru": ["h = (1 - z) ∘ h' + z ∘ n", "h = (1 - z) ∘ n + z ∘ h'"],
    "bidirectional": ["['he', 'said', ',', 'teddy']", "the two states differ by 0."],
    "backpropagation": ["10 of 15", "15 of 15", "5 of 15"],
    "gradients": ["| linear, 0.5 | 5.0e-01 | 9.8e-04 |", "The largest difference between the two is 0."],
    "dna": ["TGTAATC YATC", "['GAT', 'ATT', 'TTA', 'TAC', 'ACA']", "the same for both strands: True"],
    "transduction": [
        "| (1, 1) | 1 · 2 + 1 · 1 = 3 | 20.086 | 0.665 |",
        "tensor([[[0.2447, 0.0900, 0.6652]]])",
        '"the black night": 0.6 · 0.4 = 0.24',
        '"a dark night", 0.4 · 0.9 = 0.36',
        '| 0 | "no" | -1.050 | -1.050 | | 0 | "it is not" |',
        '| 0.6 | "it is not" | -1.127 | -0.884 | | 0.6 | "no" |',
        "100 · 0.7515 · 0.6804 = 51.13",
        "'51.13'",
        "4 / 9 = 0.444",
    ],
    "music": [
        "((4, 88), [[60, 65, 69]])",
        "That is 0.4339 nats",
        "-log 0.5 = 0.693 nats",
        "2.773 nats, and 0.125 of the frames",
        "| the network |",
        "(True, 16)",
    ],
    "forecasting": [
        "before step 9: [14. 18. 12.] came, then [16. 20.]",
        "| seasonal naive, m = 3 | 14 | 18 | 12 | 1.667 |",
        "| drift | 12.25 | 12.5 | 12.75 | 3.833 |",
        "MASE 0.351, sMAPE 0.1062",
        "2.8 / 3 = 0.933",
        "0.3 + 1.6 + 0.1 = 2.0",
        "Exactly 0.602, from the quantiles 0.603",
        "20 is 16 to 27",
        "| 1 | 0.97 | 2.55 | | 2 | 0.97 | 0.97 |",
        "last reads [-2. -1. 0.], centre 503",
        "Changed: ['next']",
    ],
    "hopfield": [
        "3 of 3 letters come back",
        "fell at each of them is True",
        "| 0.05 | 50 | 100 % | 1.000 |",
        "3 of 3 letters stand",
    ],
}


@pytest.fixture(scope="module")
def docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_build", DOCS / "build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_builds_with_the_textbooks_numbers(page: Path, docs: ModuleType, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert docs.broken_links(text, page.parent) == []
    with contextlib.chdir(tmp_path):
        built = " ".join(docs.build(text, page.name).split())
    for number in NUMBERS.get(page.stem, []):
        assert number in built


def test_every_page_is_in_the_list() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    assert PAGES and [page.name for page in PAGES if f"(textbook/{page.name})" not in index] == []
