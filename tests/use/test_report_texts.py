"""The page of a run that answers with texts: its worst answers, where it looked, errors by length, signatures."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.use.page_reader import Page, section, tables
from tests.use.test_report_from_run import written as written_run
from tests.use.text_material import ALL
from throughtime.models.metrics.edit_distance import edit_distance
from throughtime.models.metrics.error_rates import rate, word_errors
from throughtime.use.report import ReportMaterial, build, report
from throughtime.use.report.charts.attention import attention_map
from throughtime.use.report.diagonals import diagonals
from throughtime.use.report.differences import differing, with_marks
from throughtime.use.verdict import texts_outcome


@cache
def material(name: str) -> ReportMaterial:
    return ALL[name]()


@cache
def page_of(name: str) -> str:
    return build(material(name))


def answered(**row: Any) -> ReportMaterial:
    """A run of one answer beside three that are right."""
    right = {"inputs": {"de": "eins"}, "truth": "one", "predicted": "one", "loss": 0.1}
    rows = [{"id": 0, "file": "a.de", "row": 1, "inputs": {"de": "ein Hund"}, "loss": 1.0, **row}]
    rows += [{"id": i, "file": "a.de", "row": i + 1, **right} for i in range(1, 4)]
    return replace(material("translation"), predictions=rows, attention=[])


@pytest.mark.parametrize("seed", range(20))
def test_what_differs_is_as_much_as_the_distance_says(seed: int) -> None:
    drawn = random.Random(seed)
    first, second = (drawn.choices("abc", k=drawn.randrange(9)) for _ in range(2))
    here, there = differing(first, second)
    kept = [[part for part, apart in zip(side, marks, strict=True) if not apart] for side, marks in
            ((first, here), (second, there))]  # fmt: skip
    assert kept[0] == kept[1]
    assert max(sum(here), sum(there)) <= edit_distance(first, second) <= sum(here) + sum(there)


def test_neighbours_share_a_mark() -> None:
    assert with_marks(["a", "<b>", "c"], [False, True, True], " ", "added") == (
        'a <mark class="added">&lt;b&gt; c</mark>'
    )


def test_the_worst_are_furthest_from_the_nearest_reference() -> None:
    rows = [row for row in material("translation").predictions if row["finished"]]
    counted = word_errors(texts_outcome(rows, "words"))
    order = sorted(range(len(rows)), key=lambda i: (-counted[i, 0] / counted[i, 1], -rows[i]["loss"]))
    cards = section(page_of("translation"), "texts").texts("li")
    shown = [card for card in cards if "source" in card]
    for i, card in zip(order[:12], shown, strict=False):
        assert f"over {counted[i, 1]:.0f} words" in card and f"row {rows[i]['row']}" in card
        assert rows[i]["inputs"]["de"] in card and rows[i]["predicted"] in card and rows[i]["baseline"] in card


def test_what_is_wrong_is_marked_against_the_nearest_reference() -> None:
    one = answered(truth="a dog runs", references=["a dog runs", "the dog is running"], predicted="the cat is running")
    page = section(build(one), "texts")
    assert page.texts("mark", **{"class": "added"})[1:] == ["cat"]
    assert page.texts("mark", **{"class": "missed"})[1:] == ["dog"]
    assert page.texts("dt") == ["source", "reference", "answer"]
    assert "1 more reference" in page.texts("summary") and "1 error over 4 words" in page.texts("li")[0]
    assert "1 of the answers to 4 test sentences differs from every reference." in page.texts("p")


def test_letters_and_symbols_are_compared_each_by_themselves() -> None:
    for unit, truth, said, missed in (("letters", "cat", "cart", []), ("symbols", "K AE1 T", "K T", ["AE1"])):
        made = answered(truth=truth, predicted=said)
        page = section(build(replace(made, metrics={**made.metrics, "texts": {"unit": unit}})), "texts")
        assert f"1 error over 3 {unit}" in page.texts("li")[0]
        assert page.texts("mark", **{"class": "missed"})[1:] == missed
    assert {"truth", "source", "baseline"} <= set(section(page_of("pronunciations"), "texts").texts("dt"))


def test_an_empty_answer_is_said() -> None:
    assert "answer(nothing)" in section(build(answered(truth="a dog", predicted="")), "texts").texts("li")[0]


def test_answers_that_never_ended_stand_apart() -> None:
    page = section(page_of("translation"), "texts")
    endless = [row for row in material("translation").predictions if not row["finished"]]
    assert page.texts("h3")[-1] == "Never ended"
    assert page.texts("p")[-1].startswith(f"{len(endless)} answers were cut off at the greatest length")
    assert [f"row {row['row']}" in card for row, card in zip(endless[:3], page.texts("li")[-3:], strict=True)]
    assert "Never ended" not in page_of("pronunciations")
    assert "4,880 more letters" in section(page_of("names_in_arabic"), "texts").texts("li")[-1]


def test_surely_wrong_are_the_likeliest_wrong_answers() -> None:
    page = section(page_of("pronunciations"), "texts")
    sure = [row for row in material("pronunciations").predictions if row["log_probability"] >= -0.6931471]
    wrong = sorted((row for row in sure if row["predicted"] != row["truth"]), key=lambda row: -row["log_probability"])
    said = f"Of {len(sure)} answers that the network held 50 % likely or more, as a whole, {len(wrong)} are wrong."
    assert said in page.texts("p")
    cards = page.texts("li")
    assert f"row {wrong[0]['row']}" in cards[12] and len(set(cards)) == len(cards)


def test_n_best_answers_are_folded() -> None:
    best = [
        {"predicted": "a <dog>", "log_probability": -1.5, "score": -0.75, "finished": True},
        {"predicted": "", "log_probability": -2.5, "score": -1.25, "finished": False},
    ]
    page = build(answered(truth="a dog", predicted="a <dog>", n_best=best))
    assert "The 2 best answers" in section(page, "texts").texts("summary")
    assert [["a <dog>", "-1.5", "-0.75", "yes"], ["(nothing)", "-2.5", "-1.25", "no"]] in tables(page)
    assert "best answers" not in build(answered(truth="a dog", predicted="a cat", n_best=best[:1]))


def test_a_run_without_a_mistake() -> None:
    page = section(page_of("turned_round"), "texts")
    assert "None of the answers to 80 test words differs from the truth." in page.texts("p")
    assert page.texts("li") == [] and page.texts("mark") == [] and page.texts("h3") == []
    assert '<section id="mistakes"' not in page_of("translation")


def test_figures_stand_with_their_signature() -> None:
    signed = material("translation").metrics["texts"]["signatures"]
    page = section(page_of("translation"), "standing")
    assert page.texts("code") == [signed["bleu"], signed["chrf"]] and "tok:13a" in signed["bleu"]
    assert "sacreBLEU" not in page_of("pronunciations")


def test_errors_by_length_are_those_of_the_rows() -> None:
    for name, unit in (("translation", "words"), ("pronunciations", "letters")):
        made, page = material(name), page_of(name)
        assert f"length of the source in {unit}" in section(page, "lengths").texts("text")
        rows = next(table for table in tables(page) if table[-1][0].endswith("or more"))
        texts = "words" if unit == "words" else "symbols"
        least = int(rows[-1][0].split()[0])
        longest = [row for row in made.predictions if len(_read(row, unit)) >= least]
        figures = [rate(word_errors(texts_outcome(longest, texts, side)).sum(0)) for side in ("predicted", "baseline")]
        assert rows[-1][1] == str(len(longest)) and sum(int(row[1]) for row in rows) == len(made.predictions)
        assert [cell.split(" ")[0] for cell in rows[-1][2:]] == [f"{figure:.3f}" for figure in figures]


def _read(row: dict[str, Any], unit: str) -> Any:
    return row["inputs"]["de"].split() if unit == "words" else row["inputs"]["de"]


def test_losses_are_of_tokens() -> None:
    assert "loss (nats per token)" in section(page_of("translation"), "learning").texts("text")


def test_an_error_above_one_lies_within_its_interval() -> None:
    rows = [
        {"inputs": {"de": "x " * (1 + i % 30)}, "truth": "one word", "predicted": "far too " * (1 + i % 4)}
        for i in range(120)
    ]
    page = build(replace(material("translation"), predictions=rows, attention=[]))
    shown = next(table for table in tables(page) if table[-1][0].endswith("or more"))
    for cell in (row[2] for row in shown):
        value, low, high = (float(part) for part in cell.replace("(", "").replace(")", "").replace("to ", "").split())
        assert low <= value <= high and value > 1


def test_maps_have_a_cell_where_there_is_weight() -> None:
    weights = [[0.9, 0.1, 0.0], [0.004, 0.5, 0.496]]
    page = Page(attention_map("m", "title", weights, ["A", "<eos>"], ["Ein", "▁Hu", "nd"]))
    assert page.wrong == []
    assert [tip for tip in page.texts("title") if "looked at" in tip] == [
        "A (1) looked at Ein (1): 0.900",
        "A (1) looked at ▁Hu (2): 0.100",
        "<eos> (2) looked at ▁Hu (2): 0.500",
        "<eos> (2) looked at nd (3): 0.496",
    ]
    drawn = [found for element, found, _ in page.elements if element == "rect" and found.get("class") == "right"]
    shades = [float(found["fill-opacity"] or "") for found in drawn]
    assert shades[0] > shades[2] > shades[1] and drawn[0]["y"] != drawn[2]["y"] and drawn[0]["x"] != drawn[1]["x"]
    names = page.texts("text")
    assert {"A" * 2, "<eos>" * 2, "▁Hu" * 2} <= set(names) and "90" in names  # each with its tooltip


def test_maps_of_many_tokens_are_smaller_and_bounded() -> None:
    for size in (1, 5, 60):
        tokens = [f"t{i}" for i in range(size)]
        page = Page(attention_map("m", "title", [[1 / size] * size] * size, tokens, tokens))
        (drawn,) = (found for element, found, _ in page.elements if element == "svg")
        assert float((drawn["viewbox"] or "").split()[2]) < 1000 and page.wrong == []


def test_each_map_stands_beside_its_sentence() -> None:
    made, page = material("translation"), section(page_of("translation"), "attention")
    articles = page.texts("article")
    assert len(articles) == len(made.attention) == 6
    for row, text in zip(made.predictions, articles, strict=False):
        assert row["inputs"]["de"] in text and row["predicted"] in text and f"row {row['row']}" in text
    first = tables(page_of("translation"))
    entry = made.attention[0]
    weight, at = max((weight, i) for i, weight in enumerate(entry["weights"][0]))
    assert any(table[0][:3] == [entry["written"][0], entry["read"][at], f"{weight:.3f}"] for table in first)


def test_long_maps_are_cut() -> None:
    tokens = list("abcd" * 50)
    entry = {"id": 0, "read": tokens, "written": tokens, "weights": [[1 / 200] * 200] * 200}
    page = section(build(replace(material("translation"), attention=[entry])), "attention")
    assert "The first 80 of up to 200 tokens." in page.texts("figcaption")[0]


def test_without_attention_there_is_no_section() -> None:
    assert '<section id="attention"' not in page_of("pronunciations")
    empty = {"id": 0, "read": [], "written": ["<eos>"], "weights": [[]]}
    assert '<section id="attention"' not in build(replace(material("translation"), attention=[empty]))


def test_the_order_of_looking_is_measured() -> None:
    copies, reverses = ([[float(i == (j if way else 5 - j)) for i in range(6)] for j in range(6)] for way in (1, 0))
    tokens = list("abcdef")
    for weights, forwards, backwards in ((copies, 1.0, 2 / 6), (reverses, 2 / 6, 1.0)):
        entry = {"id": 0, "read": tokens, "written": tokens, "weights": weights}
        ended = {**entry, "written": [*tokens, "<eos>"], "weights": [*weights, [1.0, 0, 0, 0, 0, 0]]}
        for row in (entry, ended):
            found = diagonals([row])
            assert found is not None and (found.forwards, found.backwards) == pytest.approx((forwards, backwards))
            assert found.tokens == 6 and found.greatest == 1.0 and found.alike == pytest.approx(1 / 6)
            assert found.chance == pytest.approx((2 + 3 + 3 + 3 + 3 + 2) / 36)
    assert "as a copy would" in page_of("translation") and "as a reversal would" in page_of("turned_round")


def test_no_order_is_told_where_there_is_none() -> None:
    tokens = list("abcdefgh")
    alike = {"id": 0, "read": tokens, "written": tokens, "weights": [[1 / 8] * 8] * 8}
    short = {"id": 0, "read": ["a", "b"], "written": ["a", "<eos>"], "weights": [[1.0, 0.0]] * 2}
    found, few = diagonals([alike]), diagonals([short])
    assert found is not None and found.order == "neither"
    assert few is not None and few.order is None
    page = build(replace(material("translation"), attention=[short]))
    assert "too short" in "".join(section(page, "attention").texts("p"))


def test_what_tries_to_break_out_is_shown() -> None:
    page = page_of("hostile_answers")
    seen = "".join(Page(page).texts("body"))
    assert "<script>alert(1)</script>" in seen and "<eos>" in seen
    assert "<script>" not in page and "<img" not in page and "<eos>" not in page and "<style>*" not in page


def test_attention_is_read_from_the_run_folder(tmp_path: Path) -> None:
    run, made = written_run(tmp_path / "run"), material("translation")
    run.metrics.write(dict(made.metrics))
    run.predictions.write(made.predictions)
    assert '<section id="attention"' not in report(run).read_text("utf-8")
    run.attention.write({"rows": list(made.attention)})
    assert len(section(report(run).read_text("utf-8"), "attention").texts("article")) == 6
