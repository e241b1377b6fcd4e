"""The page as a whole: well-formed, self-contained, safe against its input, true to its material."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest

from tests.use.all_material import ALL
from tests.use.page_reader import Page, section, tables
from tests.use.report_material import EQUATIONS, LANGUAGES
from throughtime.models.metrics import confusion_matrix, per_class
from throughtime.use.report import ReportMaterial, build
from throughtime.use.report.answers import outcome
from throughtime.use.verdict import verdict

LOADS = {"src", "srcset", "data", "action", "formaction", "poster", "background", "ping", "manifest", "xlink:href"}
RUNS_OR_LOADS = {
    *("script", "img", "iframe", "object", "embed", "link", "base", "form", "audio", "video", "source", "image", "use")
}


@cache
def material(name: str) -> ReportMaterial:
    return ALL[name]()


@cache
def page_of(name: str) -> str:
    return build(material(name))


@pytest.mark.parametrize("name", ALL)
def test_page_is_well_formed(name: str) -> None:
    page = Page(page_of(name))
    assert page.wrong == []
    ids = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert page_of(name).startswith("<!DOCTYPE html>\n<html")
    page_of(name).encode("utf-8")  # no half of a surrogate pair is left


@pytest.mark.parametrize("name", ALL)
def test_page_loads_and_runs_nothing(name: str) -> None:
    page = Page(page_of(name))
    assert RUNS_OR_LOADS.isdisjoint(element for element, _, _ in page.elements)
    for element, attributes, _ in page.elements:
        assert LOADS.isdisjoint(attributes), element
        assert not any(key.startswith("on") for key in attributes), element
        href = attributes.get("href")
        assert href is None or href.startswith("#"), href
    styles = "".join(page.texts("style"))
    assert "url(" not in styles and "@import" not in styles
    assert any("default-src 'none'" in (attributes.get("content") or "") for _, attributes, _ in page.elements)


@pytest.mark.parametrize("name", ALL)
def test_links_lead_to_sections(name: str) -> None:
    page = Page(page_of(name))
    ids = {attributes.get("id") for _, attributes, _ in page.elements}
    targets = [(attributes["href"] or "")[1:] for element, attributes, _ in page.elements if element == "a"]
    assert targets and set(targets) <= ids


@pytest.mark.parametrize("name", ALL)
def test_every_chart_is_described_labelled_and_has_its_numbers(name: str) -> None:
    figures = re.findall(r"<figure>.*?</figure>", page_of(name), re.S)
    assert figures
    for figure in figures:
        page = Page(figure)
        (attributes,) = (found for element, found, _ in page.elements if element == "svg")
        assert attributes["role"] == "img"
        for part in (attributes["aria-labelledby"] or "").split():
            assert f'id="{part}"' in figure
        assert page.texts("title")[0] and page.texts("desc")[0]
        assert page.texts("text", **{"class": "label"}), "no axis label"
        assert "Numbers of this chart" in figure or 'id="contest-title"' in figure, "no table of numbers"


def test_hostile_input_is_shown_and_never_obeyed() -> None:
    page = page_of("hostile")
    seen = "".join(Page(page).texts("body"))
    assert "<script>alert(1)</script><img src=x onerror=alert(2)>" in seen
    assert "<script>" not in page and "<img" not in page and "<style>*" not in page
    assert "\x00" not in page and "\x1b" not in page
    assert seen.count("javascript:alert(3)") > 60  # names, notes, classes, inputs, settings, equations, command
    assert len(Page(page).texts("style")) == 1


def test_hostile_config_stays_inside_its_box() -> None:
    assert "x = 1 # </pre><script>" in section(page_of("hostile"), "again").texts("pre")


def test_long_texts_are_cut_and_can_be_unfolded() -> None:
    page = section(page_of("long_and_rtl"), "mistakes")
    assert "… (194,000 more letters in predictions.jsonl)" in "".join(page.texts("li"))
    cut = [text for text in page.texts("summary") if "xxx" in text]
    assert cut and all(len(text) < 320 and "all 200,000 letters" in text for text in cut)
    assert any(text.count("x") >= 6000 for text in page.texts("details"))
    assert len(page_of("long_and_rtl")) < 300_000


def test_texts_keep_their_own_direction() -> None:
    page = section(page_of("long_and_rtl"), "mistakes")
    directions = [attributes.get("dir") for _, attributes, _ in page.elements if attributes.get("class") == "input"]
    assert directions and set(directions) == {"auto"}
    assert ".text { unicode-bidi: isolate; }" in page_of("long_and_rtl")


@pytest.mark.parametrize("name", ALL)
def test_verdict_stands_at_the_top(name: str) -> None:
    made = material(name)
    expected = verdict(made.metrics, made.test_rows, made.predictions)
    found = Page(page_of(name)).texts("p", **{"class": "verdict-words"})
    assert [text.replace("\u00a0", " ").replace("\u2400", "\0").replace("\u241b", "\x1b") for text in found] == [
        expected.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    ]


@pytest.mark.parametrize(
    ("name", "badge"),
    [
        ("names", "The network wins"),
        ("reviews", "Too close to call"),
        ("baseline_wins", "The baseline wins"),
        ("two_rows", "Too close to call"),
        ("labels", "The network is ahead"),
    ],
)
def test_badge(name: str, badge: str) -> None:
    assert Page(page_of(name)).texts("p", **{"class": "badge"}) == [badge]


def test_baselines_are_ordered_and_have_their_figures() -> None:
    made = material("baseline_wins")
    (rows, *_) = tables(page_of("baseline_wins"))
    assert [row[0] for row in rows] == [
        *("naive Bayes on character n-grams", "logistic regression on words", "the network", "majority")
    ]
    assert rows[2][1] == f"{made.metrics['test']['accuracy']:.3f}"
    assert rows[0][1] == f"{made.metrics['baseline']['accuracy']:.3f}"
    assert rows[0][-1] == "1 to 4 characters, alpha 0.1"


def test_spread_over_seeds_stands_beside_the_mean() -> None:
    made, page = material("seeds"), page_of("seeds")
    assert f"{made.metrics['test']['accuracy']:.3f} ± 0.004" in tables(page)[0][0]
    assert "mean over 3 seeds; from seed to seed it moves by 0.4 points" in page
    assert "those of seed 2, the best on valid" in page
    assert ["seeds", "1, 2, 3"] in tables(page)[-1]


def test_confusion_matrix_has_the_counts() -> None:
    made, page = material("names"), page_of("names")
    counts = confusion_matrix(outcome(made)).tolist()
    matrix = next(table for table in tables(page) if len(table[0]) == 19)
    assert [row[0] for row in matrix] == LANGUAGES
    assert [[int(cell.replace(",", "")) for cell in row[1:]] for row in matrix] == counts
    tips = section(page, "confusion").texts("title")
    russian, scottish = LANGUAGES.index("Russian"), LANGUAGES.index("Scottish")
    assert any(tip.startswith(f"Russian taken for Scottish: {counts[russian][scottish]} (") for tip in tips)


def test_large_matrix_lists_only_what_occurs() -> None:
    page = section(page_of("many_classes"), "confusion")
    assert len(page_of("many_classes")) < 500_000
    assert "What does not occur is left out" in page.texts("caption")


def test_class_figures() -> None:
    made = material("names")
    rows = next(table for table in tables(page_of("names")) if "0." in table[0][1] and len(table[0]) == 5)
    for row, figures in zip(rows, per_class(outcome(made)), strict=True):
        shown = [figures.precision, figures.recall, figures.f1]
        assert row == [figures.name, *("-" if f is None else f"{f:.3f}" for f in shown), f"{figures.support:,}"]


def test_mistakes_are_the_worst_ones_with_their_inputs() -> None:
    made = material("names")
    wrong = sorted((row for row in made.predictions if row["truth"] != row["predicted"]), key=lambda r: -r["loss"])
    shown = section(page_of("names"), "mistakes").texts("li")
    assert len(shown) == 20
    for text, row in zip(shown, wrong, strict=False):
        assert row["inputs"]["text"] in text and f"{row['file']} row {row['row']}" in text
        assert text.startswith(f"is {row['truth']}") and f"taken for {row['predicted']}" in text


def test_mistakes_of_numbers_are_the_furthest_off() -> None:
    made = material("regression")
    worst = max(made.predictions, key=lambda row: abs(row["truth"] - row["predicted"]))
    first = section(page_of("regression"), "mistakes").texts("li")[0]
    assert f"description{worst['inputs']['description']}" in first and f"row {worst['row']}" in first


def test_mistakes_of_labels_say_what_is_missing_and_what_is_too_much() -> None:
    made = material("labels")
    row = {**made.predictions[0], "truth": ["sport", "money"], "predicted": ["sport", "music"], "loss": 99.0}
    first = section(build(replace(made, predictions=[*made.predictions, row])), "mistakes").texts("li")[0]
    assert first.startswith("found sport missed money added music")


def test_a_run_without_mistakes() -> None:
    made = material("names")
    right = [{**row, "predicted": row["truth"]} for row in made.predictions]
    assert "of 1,750 test rows, none is wrong" in build(replace(made, predictions=right))


def test_learning_curves_mark_the_best_epoch() -> None:
    made = material("regression")
    best = min(made.history, key=lambda line: line["valid"]["mae"])["epoch"]
    page = section(page_of("regression"), "learning")
    assert f"best: {best}, " in " ".join(page.texts("title"))
    curve = next(table for table in tables(page_of("regression")) if len(table) == 15 and len(table[0]) == 2)
    assert curve == [[str(line["epoch"]), f"{line['valid']['mae']:.4g}"] for line in made.history]


def test_values_that_are_not_finite_leave_a_gap() -> None:
    made = material("names")
    history = [{**line, "train": {"loss": None}, "gradient_norm": float("inf")} for line in made.history[:2]]
    page = build(replace(made, history=[*history, *made.history[2:]]))
    assert "NaN" not in page and ",nan" not in page and "inf," not in page


def test_short_histories() -> None:
    assert "One epoch only" in page_of("one_epoch")
    assert "No epoch was finished" in page_of("empty_history")


def test_data_is_described() -> None:
    page = section(page_of("names"), "data")
    assert "243 repeated rows removed" in page.texts("li")
    assert "Read from names." in page.texts("p")
    counts = [title for title in page.texts("title") if re.fullmatch(r"\d+ to \d+: [\d,]+", title)]
    rows = sum(int(title.split(": ")[1].replace(",", "")) for title in counts)
    assert rows == sum(material("names").data["lengths"]["train"].values())


def test_lengths_in_steps_leave_no_bar_empty() -> None:
    lengths = {str(length): 10 for length in range(0, 7 * 45, 7)}
    length = {"train": {"least": 3, "median": 40, "p95": 90, "most": 311}}
    data = {"lengths": {"train": lengths}, "length": length, "warnings": ["classes are uneven"]}
    page = section(build(replace(material("names"), data=data)), "data")
    counts = [title for title in page.texts("title") if re.fullmatch(r"\d+ to \d+: \d+", title)]
    assert [int(title.split(": ")[1]) for title in counts] == [20] * 22 + [10]
    assert "From 3 to 311 steps." in page.texts("figcaption")[0] and "classes are uneven" in page.texts("li")


def test_splits_are_told_with_lengths_and_unknown_tokens() -> None:
    splits = ("train", "valid", "test")
    length = {split: {"median": 7 + i} for i, split in enumerate(splits)}
    unknown = {"text": dict(zip(splits, (0.0, 0.031, 0.04), strict=True)), "title": dict.fromkeys(splits, 0.0)}
    data = {"rows": dict(zip(splits, (100, 20, 30), strict=True)), "length": length, "unknown": unknown}
    page = build(replace(material("names"), data=data))
    assert [["train", "100", "7", "0.0 %"], ["valid", "20", "8", "3.1 %"], ["test", "30", "9", "4.0 %"]] in tables(page)


def test_equations_parameters_and_how_to_run_it_again() -> None:
    page = page_of("names")
    assert "\n".join(EQUATIONS) in section(page, "model").texts("pre")
    assert ["lstm layer 1", "98,816", "56.6 %"] in [row for table in tables(page) for row in table]
    again = section(page, "again")
    assert material("names").command in again.texts("pre") and material("names").config in again.texts("pre")
    assert ["torch device", "cpu"] in tables(page)[-1] and ["seed", "1"] in tables(page)[-1]


def test_only_the_metrics_are_needed() -> None:
    page = Page(build(ReportMaterial("bare", {"task": "classify", "metric": "accuracy", "test": {"accuracy": 0.5}})))
    assert page.wrong == []
    assert "No baseline stands beside it" in page.texts("p", **{"class": "verdict-words"})[0]


def test_light_and_dark_have_the_same_colours_named() -> None:
    style = "".join(Page(page_of("names")).texts("style"))
    light = re.search(r"^:root \{(.*?)\}", style, re.S | re.M)
    dark = re.search(r"dark\) \{\s*:root \{(.*?)\}", style, re.S)
    assert light is not None and dark is not None
    colours = [set(re.findall(r"(--\w+): #", found[1])) for found in (light, dark)]
    assert colours[0] == colours[1] and len(colours[0]) > 5
