"""The report's music, and what is said of it: rolls, surprises, the verdict over pieces."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.use.music_material import music, pieces
from tests.use.page_reader import Page, section, tables
from throughtime.use.report import build
from throughtime.use.report.charts.piano_roll import piano_roll, spans
from throughtime.use.report.page import SECTIONS
from throughtime.use.verdict import comparison, scope_of, verdict


def test_a_note_that_sounds_on_is_one_stroke() -> None:
    frames = [[60, 64], [60], [], [60, 67], [67]]
    assert spans(frames) == [(60, 0, 2), (64, 0, 1), (60, 3, 4), (67, 3, 5)]
    page = Page(str(piano_roll("a", "roll", frames, surprise=[None, 1.0, 2.0, 0.5, 0.0], given=1)))
    titles = page.texts("title")
    assert titles[1:5] == ["C4 (60), frame 1 to 2", "E4 (64), frame 1", "C4 (60), frame 4", "G4 (67), frame 4 to 5"]
    assert titles[5:] == ["frame 2: 1.00 nats", "frame 3: 2.00 nats", "frame 4: 0.50 nats", "frame 5: 0.00 nats"]
    grey = [found for element, found, _ in page.elements if element == "rect" and found.get("class") == "dot plain"]
    assert len(grey) == 2 and not page.wrong


def test_high_notes_stand_above_and_later_ones_to_the_right() -> None:
    page = str(piano_roll("a", "roll", [[60], [72], [48]]))
    boxes = [
        tuple(map(float, found)) for found in re.findall(r'<rect x="([\d.]+)" y="([\d.]+)"[^>]*class="right"', page)
    ]
    assert [x for x, _ in boxes] == sorted(x for x, _ in boxes) and len(boxes) == 3
    assert boxes[1][1] < boxes[0][1] < boxes[2][1]


def test_the_page_shows_the_piece_in_the_middle_with_its_surprises() -> None:
    rows = sorted(pieces(), key=lambda row: row["loss"])
    page = build(music())
    middle = rows[len(rows) // 2]
    shown = section(page, "music")
    assert shown.texts("figcaption")[0].startswith(f"music.json, test row {middle['row']}")
    nats = [cells[2] for cells in tables(page[page.index('id="music"') :])[0]]
    assert nats[0] == "-" and nats[1:] == [f"{value:.2f}" for value in middle["surprise"]][: len(nats) - 1]
    assert "Drawn note by note at temperature 0.8" in "".join(shown.texts("p"))
    assert "2 more pieces" in shown.texts("summary") and "The first 128 of 401 frames." in "".join(
        shown.texts("figure")
    )


def test_a_run_without_music_has_no_such_section() -> None:
    other = replace(music(), metrics={**music().metrics, "test": {"cross_entropy": 1.0}})
    assert SECTIONS["music"][1](other) is None


def test_the_verdict_is_over_pieces() -> None:
    made = music()
    found = comparison(made.metrics, 12, made.predictions)
    assert (
        found is not None
        and found.interval is not None
        and found.gain == pytest.approx(made.metrics["baseline"]["nll"] - made.metrics["test"]["nll"])
    )
    low, high = found.interval
    assert low < found.gain < high
    said = verdict(made.metrics, 12, made.predictions)
    frames = sum(row["frames"] for row in made.predictions)
    assert said.startswith(f"On 12 test pieces ({frames:,} frames) the network needs {found.network:.4g} nats a frame,")
    assert "the baseline (the frame before once more)" in said and "nats a frame (95 % interval" in said
    assert str(scope_of(made.metrics, 12)) == f"12 test pieces ({frames:,} frames)"
    few = music(pieces(5, seed=3))
    assert "these two figures alone do not tell" in verdict(few.metrics, 5, few.predictions)
    worse = music(pieces(baseline=2.0))
    assert "does not beat the baseline" in verdict(worse.metrics, 12, worse.predictions)
