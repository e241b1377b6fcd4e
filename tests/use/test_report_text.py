"""The page of a language model: what it writes, what surprises it, the words it holds for alike."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch

from tests.use.page_reader import Page, section, tables
from tests.use.step_material import ALL
from throughtime.use.report import ReportMaterial, build
from throughtime.use.report.neighbours import neighbours


@cache
def material(name: str) -> ReportMaterial:
    return ALL[name]()


@cache
def page_of(name: str) -> str:
    return build(material(name))


def test_samples_keep_every_space_and_line() -> None:
    blocks = section(page_of("play"), "samples").texts("pre")
    assert "O, that this\n  too too solid" in blocks and "  epoch 1:\n\tO, that  this too" in blocks
    assert "pre.prose { white-space: pre-wrap;" in page_of("play")


def test_samples_of_every_epoch_are_there_some_unfolded() -> None:
    made, page = material("play"), section(page_of("play"), "samples")
    best = min(made.history, key=lambda line: line["valid"]["cross_entropy"])["epoch"]
    shown, folded = page.texts("ol")
    assert all((f"epoch {line['epoch']}:" in shown) != (f"epoch {line['epoch']}:" in folded) for line in made.history)
    assert "epoch 1:" in shown and "epoch 12:" in shown and f"epoch {best}:" in shown
    assert "its weights were kept" in shown and "its weights were kept" not in folded
    assert "epochs between them" in page.texts("summary")[-1]


def test_samples_are_counted_with_their_temperature() -> None:
    page = section(page_of("play"), "samples")
    assert "2 samples of 40 lines. Drawn at temperature 0.8." in page.texts("p")
    assert page.texts("summary")[:2] == ["Sample 1", "Sample 2"]


def test_samples_that_parse_are_marked() -> None:
    page = section(page_of("program"), "samples")
    assert "2 of 3 samples of 40 lines parse as Python. Drawn at temperature 0.8." in page.texts("p")
    assert page.texts("summary")[:3] == [
        "Sample 1 ✓ parses as Python",
        "Sample 2 ✗ does not parse",
        "Sample 3 ✓ parses as Python",
    ]
    assert "def add(a, b:\n\treturn" in page.texts("pre")


def test_a_run_without_samples() -> None:
    made = material("short_text")
    history = [{k: v for k, v in line.items() if k != "sample"} for line in made.history]
    assert '<section id="samples"' not in build(replace(made, history=history))
    assert "After training" not in page_of("short_text") and "While it learned" in page_of("short_text")


def test_surprises_are_the_ends_of_the_order() -> None:
    rows: list[dict[str, Any]] = [
        {"file": "a.txt", "row": i, "text": f"line {i} of some length", "tokens": 20, "loss": 0.5 + i / 10}
        for i in range(30)
    ]
    rows.append({"file": "a.txt", "row": 90, "text": "!", "tokens": 2, "loss": 99.0})
    rows += [{"file": "a.txt", "row": 91, "text": "again", "tokens": 20, "loss": 0.1}] * 5
    page = section(build(replace(material("play"), predictions=rows)), "surprises")
    shown = page.texts("li")
    assert len(shown) == 16
    assert [text.split(" of")[0] for text in shown[:8]] == [f"line {i}" for i in range(29, 21, -1)]
    assert shown[8].startswith("againa.txt row 91") and shown[9].startswith("line 0 of") and "3.40" in shown[0]
    assert all("99" not in text and "baseline" not in text for text in shown)


def test_surprises_stand_beside_the_baselines() -> None:
    made, page = material("play"), section(page_of("play"), "surprises")
    share = sum(row["loss"] < row["baseline_loss"] for row in made.predictions) / len(made.predictions)
    said = (
        f"On {100 * share:.0f} % of 480 lines the network is less surprised than the Kneser-Ney n-gram. Bars: nats per"
    )
    assert page.texts("p")[0].startswith(said)
    first = page.texts("li")[0]
    row = next(row for row in made.predictions if f"row {row['row']}" in first)
    assert f"network{row['loss']:.2f}baseline{row['baseline_loss']:.2f}" in first and row["text"] in first


def test_units_follow_the_tokens() -> None:
    words, letters = page_of("play_in_words"), page_of("play")
    assert "loss (nats per word)" in words and "loss (nats per character)" in letters
    assert "cross entropy (nats per character)" in letters
    characters = material("play").metrics["tokens"]["test"]
    assert f"Cross entropy on the test text ({characters:,} characters), lower is better." in letters
    facts = Page(words).texts("dt")
    assert "test words" in facts and "test rows" not in facts
    assert "Wilson" not in letters and "training text by heart" in letters


def test_neighbours_are_listed() -> None:
    page = section(page_of("play_in_words"), "neighbours")
    assert ["king", "lord 0.91queen 0.88"] in [row for table in tables(page_of("play_in_words")) for row in table]
    assert page.texts("span", **{"class": "near"}) == ["lord 0.91", "queen 0.88", "ماء 0.50"]
    assert '<section id="neighbours"' not in page_of("play")


def vocabulary(size: int) -> list[str]:
    letters = "abcdefghijklmnopqrst"
    words = [f"{a}{b}{c}word" for a in letters for b in letters for c in letters]
    return ["<pad>", "<unk>", "<sos>", "<eos>", *words[: size - 4]]


def fields(words: list[str], **more: Any) -> dict[str, Any]:
    field = {"kind": "tokens", "unit": "words", "vocabulary": {"first": 0, "tokens": words}, **more}
    return {"inputs": ["size", "text"], "output": "text", "fields": {"size": {"kind": "number"}, "text": field}}


def test_nearest_words_are_those_of_the_largest_cosine() -> None:
    words, embedding = vocabulary(600), torch.randn(600, 16, generator=torch.Generator().manual_seed(1))
    tensors = {"encoders.0.weight": torch.ones(3), "encoders.1.embedding": embedding, "head.bias": torch.zeros(600)}
    found = neighbours(tensors, fields(words))
    assert len(found) == 12
    cosines = torch.nn.functional.cosine_similarity(embedding[:, None], embedding[None], dim=2)
    for word, near in found.items():
        i = words.index(word)
        assert 30 <= i < 400
        order = [k for k in cosines[i].argsort(descending=True).tolist() if k != i and k >= 4][:5]
        assert [name for name, _ in near] == [words[k] for k in order]
        assert [cosine for _, cosine in near] == pytest.approx(cosines[i][order].tolist(), abs=1e-6)
    assert neighbours({"encoders.1.embedding.weight": embedding}, fields(words, kind="words")) == found


def test_neighbours_of_words_only_and_of_enough() -> None:
    words, embedding = vocabulary(600), torch.randn(600, 8)
    tensors = {"encoders.1.embedding": embedding}
    assert neighbours(tensors, fields(words, unit="characters")) == {}
    assert neighbours(tensors, fields(words, unit="bytes")) == {}
    assert neighbours(tensors, fields(words, kind="category")) == {}
    assert neighbours(tensors, fields(words[:599])) == {}  # another table than that of the words
    assert neighbours({"encoders.1.embedding": embedding[:150]}, fields(words[:150])) == {}
    assert neighbours({}, fields(words)) == {} and neighbours(tensors, {}) == {}
    rare = [*words[:4], *(f"n{i}" for i in range(596))]
    assert neighbours(tensors, fields(rare)) == {}


def test_equal_vectors_are_near_and_zeros_are_no_error() -> None:
    words, embedding = vocabulary(300), torch.zeros(300, 4)
    embedding[40:42] = torch.tensor([1.0, 2.0, 3.0, 4.0])
    found = neighbours({"encoders.1.embedding": embedding}, fields(words))
    assert all(len(near) == 5 for near in found.values())
    assert all(cosine == cosine for near in found.values() for _, cosine in near)
