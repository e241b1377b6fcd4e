"""The page and the terminal's table are built from plain values, and hold every figure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.laboratory.small import SMALL, findings, trial
from tests.use.page_reader import Page, section, tables
from throughtime.demos.gradients import run
from throughtime.errors import UsageError
from throughtime.laboratory import Findings, build, sentences, summary
from throughtime.laboratory.clipping import CLIPPED, UNCLIPPED
from throughtime.laboratory.network import KINDS
from throughtime.training.interrupts import InterruptionError
from throughtime.training.progress import Silent

NAMES = [kind.name for kind in KINDS]


def made_up() -> Findings:
    """As if the RNN had failed at the longer lag and all else had been learned."""

    def by_lag(names: list[str], lags: tuple[int, ...], updates: int) -> tuple:
        return tuple(
            trial(name, lag, solved=lag == lags[0] or name != "RNN", updates=updates + 10 * k, seed=seed, share=0.61)
            for lag in lags
            for k, name in enumerate(names)
            for seed in (1, 2)
        )

    beginnings = [("uniform", False), ("xavier", True), ("orthogonal", True)]
    clipping = [(UNCLIPPED, False), (CLIPPED, True)]
    return Findings(
        SMALL,
        by_lag(NAMES, (4, 6), 110),
        by_lag([*NAMES, "LSTM, chrono"], (5, 10), 210),
        tuple(trial(name, 5, solved=solved, updates=301) for name, solved in beginnings),
        tuple(trial(name, 6, solved=solved, updates=47) for name, solved in clipping),
        (trial("LSTM 1997", 6, solved=True, updates=2_345), trial("LSTM 1997", 6, solved=False, updates=9_876, seed=2)),
        83.0,
    )


def test_the_page_is_whole_and_loads_nothing() -> None:
    for found in (made_up(), findings()):
        text = build(found)
        page = Page(text)
        assert page.wrong == [] and "<script" not in text and "http" not in text.replace("http-equiv", "")
        ids = [found["id"] for _, found, _ in page.elements if "id" in found]
        assert len(set(ids)) == len(ids)
        assert {link[1:] for link in (e[1]["href"] or "" for e in page.elements if e[0] == "a")} <= set(ids)


def test_the_page_holds_every_figure() -> None:
    text = build(made_up())
    adding, latch = tables(section_text(text, "lags"))
    assert adding[0] == ["RNN", "2/2 (110)", "0/2"] and adding[4] == ["GRU", "2/2 (150)", "2/2 (150)"]
    assert latch[5] == ["LSTM, chrono", "2/2 (260)", "2/2 (260)"]
    before, after = tables(section_text(text, "distances"))
    assert before[0] == ["0", *["3.1e-01"] * 5] and before[-1] == ["5", *["9.7e-03"] * 5]
    assert after[-1] == ["5", *["9.8e-02"] * 5]
    assert ["xavier", "1 of 1", "301"] in tables(section_text(text, "beginnings"))[2]
    ends = tables(section_text(text, "clipping"))[2]
    assert ends == [
        [UNCLIPPED, "1", "not solved in 47 updates", "2.1"],
        [CLIPPED, "1", "solved after 47 updates", "2.1"],
    ]
    strings, settings = tables(section_text(text, "grammar"))
    assert strings == [["1", f"{7 * 2_345:,}", "yes"], ["2", f"{7 * 9_876:,}", "no"]]
    assert settings[0] == ["success", "100 % of runs", "1 of 2 runs"]
    assert settings[1][1:] == ["8,440 strings", "16,415 strings"] and settings[3][1:] == ["276 weights", "301 weights"]
    assert "1 min 23 s" in text and ">51<" in text  # how long, how many networks


def test_every_network_has_its_own_stroke_in_every_chart() -> None:
    page = section(build(made_up()), "lags")
    strokes = [found["class"] for element, found, _ in page.elements if element == "polyline"]
    assert len(strokes) == 11 and len(set(strokes[:5])) == 5 and len(set(strokes[5:])) == 6
    assert set(NAMES) <= set(page.texts("text"))


def test_the_sentences_say_who_failed_and_who_did_not() -> None:
    said = sentences(made_up())
    assert "among 6 steps: the RNN learned it in 0 of 2 runs, the LSTM in 2 of 2" in said[1]
    assert "through 10 steps of noise: the RNN learned it in 0 of 2 runs, the LSTM of 1997 in 2 of 2" in said[2]
    assert "in 1 of 2 runs, from 16,415 strings on average; published were 8,440" in said[3]
    nobody = replace(made_up(), grammar=(trial("LSTM 1997", 6, solved=False, updates=5),))
    assert "in 0 of 1 runs; published" in sentences(nobody)[3]
    assert [sentence for sentence in said if sentence not in "".join(Page(build(made_up())).texts("p"))] == []


def test_the_table_of_the_terminal() -> None:
    table = summary(made_up())
    assert table[0] == ("solved", "adding 4", "adding 6", "latch 5", "latch 10")
    assert table[1] == ("RNN", "2 of 2", "0 of 2", "2 of 2", "0 of 2")
    assert table[6] == ("LSTM, chrono", "-", "-", "2 of 2", "2 of 2")


def test_the_demo_writes_its_page(tmp_path: Path) -> None:
    shown = run(tmp_path / "deep" / "down", Silent(), SMALL)
    assert shown.page == tmp_path / "deep" / "down" / "gradients.html"
    assert shown.page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert shown.table[0][0] == "solved" and len(shown.sentences) == 4


def test_the_demo_refuses_a_file_for_a_folder_before_it_starts(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(UsageError, match="the folder cannot be made"):
        run(tmp_path / "taken", Silent())


def test_ctrl_c_stops_the_demo_and_nothing_is_written(tmp_path: Path) -> None:
    import signal

    class Interrupting(Silent):
        def note(self, sentence: str) -> None:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(InterruptionError, match="keeps nothing"):
        run(tmp_path, Interrupting(), SMALL)
    assert list(tmp_path.iterdir()) == []


def section_text(text: str, name: str) -> str:
    start = text.index(f'<section id="{name}"')
    return text[start : text.index("</section>", start)]
