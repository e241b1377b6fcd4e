"""The page of runs that answer every step: sentences with their tags, spans, lengths, numbers a step."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from tests.use.page_reader import Page, section, tables
from tests.use.report_material import names, reviews
from tests.use.step_material import ALL
from throughtime.data.schemes import spans
from throughtime.models.metrics import confusion_matrix, metrics_of, per_class
from throughtime.models.metrics.spans import span_figures
from throughtime.use.report import ReportMaterial, build
from throughtime.use.report.answers import kind, marks_spans, outcome
from throughtime.use.report.regions import regions, with_spans
from throughtime.use.report.tagged import MOST_TOKENS, Sentence, with_tags


@cache
def material(name: str) -> ReportMaterial:
    return ALL[name]()


@cache
def page_of(name: str) -> str:
    return build(material(name))


def ids(name: str) -> set[str]:
    return set(re.findall(r'<section id="([\w-]+)"', page_of(name)))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("entities", "tags"), ("letters", "tags"), ("numbers_a_step", "numbers"), ("play", "tokens")],
)
def test_kind_of_the_answers(name: str, expected: str) -> None:
    assert kind(material(name)) == expected
    assert marks_spans(material(name)) == (name == "entities")


@pytest.mark.parametrize("name", ["parts_of_speech", "entities", "numbers_a_step"])
def test_outcome_is_that_behind_the_figures(name: str) -> None:
    made = material(name)
    found = outcome(made)
    assert found.rows == len(made.predictions) and found.lengths is not None
    figures = {metric.name: metric.compute(found) for metric in metrics_of(found)}
    told = {name: value for name, value in made.metrics["test"].items() if name in figures}
    assert told and {name: figures[name] for name in told} == pytest.approx(told)


def test_sections_of_each_kind() -> None:
    tags, numbers, text = ids("parts_of_speech"), ids("numbers_a_step"), ids("play")
    assert {"sentences", "confusion", "classes", "lengths"} <= tags and {"samples", "surprises"} <= text
    assert {"regression", "series"} <= numbers
    assert tags.isdisjoint({"mistakes", "regression", "series", "samples", "surprises"})
    assert numbers.isdisjoint({"mistakes", "sentences", "confusion", "classes", "lengths"})
    assert text.isdisjoint({"mistakes", "sentences", "confusion", "classes", "lengths", "regression"})


def test_hardest_sentences_are_shown_with_their_places() -> None:
    made = material("parts_of_speech")
    wrong = [row for row in made.predictions if row["truth"] != row["predicted"]]
    wrong.sort(key=lambda row: -row["loss"] * len(row["truth"]))
    shown = section(page_of("parts_of_speech"), "sentences").texts("li")
    assert len(shown) == 16
    for text, row in zip(shown[4:], wrong, strict=False):
        count = sum(t != p for t, p in zip(row["truth"], row["predicted"], strict=True))
        assert text.startswith(f"{count} of {len(row['truth'])} tokens wrong{row['file']} row {row['row']}")
        assert row["inputs"]["word"][0] in text
    assert all(", none wrong" in text for text in shown[:4])


def test_wrong_tokens_have_both_tags() -> None:
    made = Sentence(["a", "cat", "sat"], ["DET", "NOUN", "VERB"], ["DET", "ADJ", "VERB"], [0.9, 0.834, 0.5])
    page = Page(with_tags(made))
    assert page.texts("span", **{"class": "token wrong"}) == ["catNOUNADJ"]
    assert page.texts("ins") == ["NOUN"] and page.texts("del") == ["ADJ"]
    assert [found.get("title") for _, found, _ in page.elements if "title" in found] == [
        "NOUN, taken for ADJ (83 % sure)"
    ]
    assert "".join(page.texts("div")).startswith("a cat")
    assert Page(with_tags(made, every=True)).texts("span", **{"class": "token"}) == ["aDET", "satVERB"]


def test_letters_are_marked_in_runs() -> None:
    made = Sentence(list("laut"), ["C", "V", "V", "C"], ["C", "C", "C", "C"], apart=False)
    page = Page(with_tags(made))
    assert page.texts("span", **{"class": "token wrong"}) == ["auVC"]
    assert page.texts("div") == ["lauVCt"]


def test_words_are_set_as_they_are_read() -> None:
    tokens = ["He", "said", ":", "«", "I", "do", "n't", "(", "Ada", "'s", ")", "...", "»", "!"]
    made = Sentence(tokens, ["O"] * len(tokens), ["O"] * len(tokens))
    assert made.text(0, len(tokens)) == "He said: «I don't (Ada's)...»!"


@pytest.mark.parametrize(
    ("truth", "said", "expected"),
    [
        ("B-A I-A", "B-A I-A", ("right", "A")),
        ("B-A I-A", "O O", ("missed", "A missed")),
        ("O O", "O B-A", ("invented", "A invented")),
        ("B-A I-A", "B-B I-B", ("misnamed", "B, is A")),
        ("B-A I-A", "B-A O", ("misplaced", "A, other ends")),
        ("B-A B-A", "B-A I-A", ("misplaced", "A, is A A")),
        ("O B-A I-A O", "B-B I-B O O", ("misplaced", "B, is A")),
    ],
)
def test_regions_say_how_the_two_differ(truth: str, said: str, expected: tuple[str, str]) -> None:
    (region,) = regions(truth.split(), said.split())
    assert (region.verdict, region.label) == expected


@pytest.mark.parametrize("name", ["entities", "hostile_spans"])
def test_regions_hold_every_span_once_and_do_not_overlap(name: str) -> None:
    for row in material(name).predictions:
        found = regions(row["truth"], row["predicted"])
        assert [span for region in found for span in region.truth] == spans(row["truth"])
        assert [span for region in found for span in region.said] == spans(row["predicted"])
        assert all(one.end <= other.start for one, other in pairwise(found))
        right = set(spans(row["truth"])) & set(spans(row["predicted"]))
        assert {span for region in found if region.verdict == "right" for span in region.truth} == right


def test_spans_are_drawn_where_they_stand() -> None:
    tokens = ["In", "New", "York", "Ada", "saw", "Royal", "Bank", "."]
    truth = ["O", "B-LOC", "I-LOC", "B-PER", "O", "B-ORG", "I-ORG", "O"]
    said = ["O", "B-LOC", "I-LOC", "O", "O", "O", "B-ORG", "B-PER"]
    page = Page(with_spans(Sentence(tokens, truth, said)))
    assert page.wrong == []
    assert page.texts("div") == [
        "In New York\u00a0LOC Ada\u00a0PER missed saw Royal Bank\u00a0ORG, other ends.\u00a0PER invented"
    ]
    assert page.texts("span", **{"class": "is said"}) == ["New York", "Bank"]
    assert page.texts("span", **{"class": "is"}) == ["Ada", "Royal "]
    assert page.texts("span", **{"class": "said"}) == ["."]
    verdicts = [(found.get("class") or "").split()[-1] for element, found, _ in page.elements if element == "bdi"]
    assert verdicts == ["right", "missed", "misplaced", "invented"]


def test_span_sentences_count_their_spans() -> None:
    made = material("entities")
    row = {**made.predictions[0], "loss": 99.0, "inputs": {"word": ["Ada", "saw", "Royal", "Bank"]}}
    row |= {"truth": ["B-PER", "O", "B-ORG", "I-ORG"], "predicted": ["B-PER", "B-LOC", "O", "O"], "sure": [1.0] * 4}
    page = section(build(replace(made, predictions=[*made.predictions, row])), "sentences")
    assert any(text.startswith("1 of 2 spans found, 1 invented") for text in page.texts("li"))
    legend = page.texts("div", **{"class": "legend"})[0]
    assert "Shaded: what the network marked. Underlined: what is true." in legend
    for words in ("found\u00a0NAME", "NAME missed", "NAME invented", "OTHER, is NAME", "NAME, other ends"):
        assert words in legend


def test_all_sentences_right() -> None:
    page = section(page_of("all_right"), "sentences")
    assert "12 of 12 sentences are right as a whole." in page.texts("p")
    assert page.texts("h3") == ["What it gets right"] and len(page.texts("li")) == 4


def test_no_sentence_right() -> None:
    made = material("parts_of_speech")
    wrong = [row for row in made.predictions if row["truth"] != row["predicted"]]
    page = section(build(replace(made, predictions=wrong)), "sentences")
    assert (
        page.texts("h3") == ["What it finds hardest"] and f"0 of {len(wrong)} sentences are right" in page.texts("p")[0]
    )


def test_long_sentences_are_cut_around_the_first_mistake() -> None:
    size = 4000
    said = ["X"] * 1000 + ["Y"] + ["X"] * (size - 1001)
    shown = Sentence([str(i) for i in range(size)], ["X"] * size, said).shortened()
    assert (shown.before, shown.behind, len(shown.tokens)) == (980, size - 980 - MOST_TOKENS, MOST_TOKENS)
    assert shown.tokens[20] == "1000" and shown.wrong == [20]
    end = Sentence([str(i) for i in range(size)], ["X"] * size, ["X"] * (size - 1) + ["Y"]).shortened()
    assert end.behind == 0 and end.wrong == [MOST_TOKENS - 1]
    assert len(page_of("right_to_left")) < 400_000
    assert "more" in "".join(section(page_of("right_to_left"), "sentences").texts("bdi"))


def test_sentences_keep_their_own_direction() -> None:
    page = section(page_of("right_to_left"), "sentences")
    directions = [found.get("dir") for _, found, _ in page.elements if found.get("class") == "running"]
    assert len(directions) > 8 and set(directions) == {"auto"}


@pytest.mark.parametrize("name", ["hostile_tags", "hostile_spans", "hostile_text"])
def test_hostile_tokens_are_shown_and_never_obeyed(name: str) -> None:
    page = page_of(name)
    assert "<script>" not in page and "<img" not in page and "<style>*" not in page and "\x1b" not in page
    assert len(Page(page).texts("style")) == 1 and Page(page).wrong == []
    seen = "".join(section(page, "surprises" if name == "hostile_text" else "sentences").texts("section"))
    assert "onerror=alert(2)" in seen and "<script>alert(1)</script>" in seen


def test_figures_of_spans_by_name() -> None:
    rows = next(table for table in tables(page_of("entities")) if table[0][0] == "LOC")
    for row, figures in zip(rows, span_figures(outcome(material("entities"))), strict=True):
        shown = [figures.precision, figures.recall, figures.f1]
        assert row == [figures.name, *("-" if f is None else f"{f:.3f}" for f in shown), f"{figures.support:,}"]


def test_figures_of_tags_by_class() -> None:
    page = page_of("parts_of_speech")
    rows = next(table for table in tables(page) if len(table[0]) == 5 and len(table) == 6)
    assert [row[0] for row in rows] == [figures.name for figures in per_class(outcome(material("parts_of_speech")))]
    assert "Support: tokens of the test split." in section(page, "classes").texts("p")[0]


def test_confusion_of_tags_counts_tokens() -> None:
    found = outcome(material("parts_of_speech"))
    page = section(page_of("parts_of_speech"), "confusion")
    right, total = int((found.truth == found.predicted).sum()), len(found)
    assert f"{right:,} of {total:,} tokens lie on the diagonal" in page.texts("desc")[0]
    assert confusion_matrix(found).sum() == total


def test_many_tags_of_spans_have_no_matrix() -> None:
    made = material("entities")
    tags = {f"{prefix}-{i}": 1 for i in range(16) for prefix in "BI"}
    assert "confusion" in ids("entities")
    assert '<section id="confusion"' not in build(replace(made, data={**made.data, "classes": {"train": tags}}))


@pytest.mark.parametrize("name", ["parts_of_speech", "entities"])
def test_lengths_hold_all_rows(name: str) -> None:
    made = material(name)
    rows = _by_length(page_of(name))
    assert sum(int(row[1].replace(",", "")) for row in rows) == len(made.predictions)
    assert 3 <= len(rows) <= 12 and rows[-1][0].endswith("or more")


def test_figures_by_length_are_those_of_their_rows() -> None:
    made = material("parts_of_speech")
    for name, count, network, baseline in _by_length(page_of("parts_of_speech"))[:-1]:
        low, high = map(int, name.split(" to "))
        rows = [row for row in made.predictions if low <= len(row["truth"]) <= high]
        assert len(rows) == int(count)
        for shown, side in ((network, "predicted"), (baseline, "baseline")):
            right = sum(t == a for row in rows for t, a in zip(row["truth"], row[side], strict=True))
            assert shown.startswith(f"{right / sum(len(row['truth']) for row in rows):.3f} (")


def test_lengths_of_texts() -> None:
    in_words, in_letters = build(reviews()), build(names())
    assert "length in words" in "".join(section(in_letters.replace("characters", "words"), "lengths").texts("text"))
    assert "length in characters" in "".join(section(in_letters, "lengths").texts("text"))
    rows = _by_length(in_letters)
    assert sum(int(row[1].replace(",", "")) for row in rows) == 1750
    assert all(re.fullmatch(r"0\.\d{3} \(0\.\d{3} to [01]\.\d{3}\)", row[2]) for row in rows)
    assert "lengths-heading" in in_words


def test_rows_much_alike_have_no_figures_by_length() -> None:
    made = material("parts_of_speech")
    rows = [{**row, "truth": row["truth"][:2], "predicted": row["predicted"][:2]} for row in made.predictions]
    alike: list[dict[str, Any]] = [{k: v for k, v in row.items() if k != "baseline"} for row in rows]
    assert '<section id="lengths"' not in build(replace(made, predictions=alike))
    assert '<section id="lengths"' not in build(replace(made, predictions=made.predictions[:6]))


def test_numbers_a_step_are_drawn_by_row() -> None:
    made = material("numbers_a_step")

    def off(row: Any) -> float:
        return float(sum(abs(t - p) for t, p in zip(row["truth"], row["predicted"], strict=True)) / len(row["truth"]))

    worst = sorted(made.predictions, key=off, reverse=True)[:6]
    captions = section(page_of("numbers_a_step"), "series").texts("figcaption")
    assert [caption.split(" Off")[0] for caption in captions] == [f"walks.jsonl row {row['row']}" for row in worst]
    assert f"Off by {off(worst[0]):.4g} on average." in captions[0]
    assert "A point a step." in "".join(section(page_of("numbers_a_step"), "regression").texts("figcaption"))


def test_sequences_that_are_no_sentences_are_called_rows() -> None:
    assert "Sequences" in section(page_of("letters"), "sentences").texts("h2")
    assert re.search(r"\d+ of 200 rows are right as a whole", section(page_of("letters"), "sentences").texts("p")[0])
    facts = Page(page_of("letters")).texts("dt")
    assert "test rows" in facts and "test characters" in facts


def _by_length(page: str) -> list[list[str]]:
    (found,) = tables(re.findall(r'<section id="lengths".*?</section>', page, re.S)[0])
    return found
