"""The part of the page that explains single answers."""

from __future__ import annotations

import re
from dataclasses import replace

from tests.use.inspect_material import answer, explained_hostile, explained_names, explained_numbers, explained_play
from tests.use.page_reader import Page, section, tables
from tests.use.report_material import names
from throughtime.use.report import build


def test_without_an_inspection_there_is_no_such_part() -> None:
    assert 'id="explained"' not in build(names(rows=60))
    assert 'id="explained"' not in build(replace(names(rows=60), inspection={"weights": {}, "explained": []}))


def test_tokens_are_shaded_by_what_they_gave_and_the_sign_is_written() -> None:
    made = explained_names()
    page = build(made)
    entry = made.inspection["explained"][0]["inputs"][0]
    most = max(map(abs, entry["given"]))
    shades = re.findall(
        r'<span class="(for|against)" style="--shade:(\d+)%" title="([+-][\d.]+), (for|against)">(.)</span>', page
    )[: len(entry["tokens"])]
    assert [token for *_, token in shades] == entry["tokens"]
    for (way, strength, share, said, _), given in zip(shades, entry["given"], strict=True):
        assert way == said == ("for" if given > 0 else "against")
        assert int(strength) == round(50 * abs(given) / most) and float(share) == round(given, 4)
    assert "border-bottom-style: dashed" in page  # which is against can be told without colours


def test_the_account_says_whether_it_is_complete() -> None:
    said = section(build(explained_names()), "explained").texts("p", **{"class": "note"})
    assert any("adds up to the difference, +2.5900: complete to 3.1e-05" in text for text in said)
    assert any("does not add up to the difference, +2.5900: up to 3.1e-05 is missing" in text for text in said)


def test_what_is_left_out_and_who_is_near_stand_in_tables() -> None:
    made = explained_names()
    page, entry = build(made), made.inspection["explained"][0]
    listed = [cells for table in tables(page) for cells in table]
    for token, given, out in zip(*(entry["inputs"][0][key] for key in ("tokens", "given", "without")), strict=True):
        another = " (another)" if out["flips"] else ""
        cells = [token, f"{given:+.4f}", f"{out['value']:.3f}", f"Arabic{another}"]
        assert any(row[1:] == cells for row in listed)
    assert ["0.1111", "Arabic", "Arabic  0.5", "Arabic row 1"] in listed
    assert "Without one of these the answer is another: “K”, “o”." not in page
    assert "Without one of these the answer is another: “K”." in page


def test_numbers_have_no_probability() -> None:
    part = section(build(explained_numbers()), "explained")
    assert part.texts("h3") == ["label: 2.25"]
    assert not any("robability of" in text for text in part.texts("th"))
    assert "old flat (two rooms)" in part.texts("div", **{"class": "running shaded"})[0]


def test_long_inputs_are_cut_and_ends_of_lines_seen() -> None:
    page = build(explained_play())
    part = section(page, "explained")
    assert "200 more" in part.texts("div", **{"class": "running shaded"})[0] and "⏎" in part.texts("td")
    assert "The first 60 of 600 steps." in part.texts("figcaption")[0]
    assert "No training rows stand beside it: running text has no rows" in part.texts("p")
    assert len(page) < 1_500_000


def test_the_strips_are_drawn_for_each_layer_and_direction() -> None:
    part = section(build(explained_names()), "explained")
    assert part.texts("figcaption")[:2] == ["Layer 1, forward.", "Layer 2, backward."]
    entry = explained_names().inspection["explained"][0]["inputs"][0]["over_time"][0]
    tips = [text for text in part.texts("title") if text.startswith("r at K, step 1: ")]
    assert tips[0] == f"r at K, step 1: {entry['values'][0]:.4g}"


def test_hostile_tokens_are_shown_and_never_obeyed() -> None:
    page = build(explained_hostile())
    assert Page(page).wrong == []
    assert "<script>" not in page and "<img" not in page and "\x00" not in page and "\x1b" not in page
    assert "javascript:alert(3)" in "".join(section(page, "explained").texts("td"))


def test_an_answer_that_is_not_the_predicted_one_says_so() -> None:
    entry = {**answer("Li"), "predicted": "Dutch"}
    part = section(build(replace(names(rows=60), inspection={"explained": [entry]})), "explained")
    assert part.texts("h3") == ["label: Arabic with probability 0.730; predicted is Dutch"]
