"""What a person sees: plain lines, a live bar on a terminal, nothing where it is quiet."""

from __future__ import annotations

import io

import pytest

from throughtime.training.progress import LiveBar, Moment, PlainLines, Silent, progress_on

MOMENT = Moment(2, 20, 30, 120, loss=1.25, samples_per_second=5400.0, seconds_left=95.0)
ROW = {"epoch": 2, "train": {"loss": 0.9}, "valid": {"accuracy": 0.61}, "samples_per_second": 5400.0}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_who_is_told() -> None:
    assert isinstance(progress_on(io.StringIO()), PlainLines)
    assert isinstance(progress_on(Terminal(), quiet=True), Silent)
    bar = progress_on(Terminal())
    assert isinstance(bar, LiveBar)
    bar.close()


def test_plain_lines_are_one_an_epoch_and_one_now_and_then() -> None:
    stream = io.StringIO()
    progress = PlainLines(stream, every_seconds=1000)
    progress.update(MOMENT)
    progress.epoch(ROW, 20, "accuracy", best=False)
    progress.note("resumed")
    assert stream.getvalue() == "epoch 2/20  loss 0.9  accuracy 0.61  5400 samples/s\nresumed\n"
    often = PlainLines(stream := io.StringIO(), every_seconds=0)
    often.update(MOMENT)
    assert "1:35 left" in stream.getvalue()


@pytest.mark.parametrize("part", ["epoch 2/20", "loss 1.25", "5400 samples/s", "1:35 left"])
def test_the_bar_shows_rate_and_time_left(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    stream = Terminal()
    bar = LiveBar(stream)
    bar.update(MOMENT)
    bar.epoch(ROW, 20, "accuracy", best=True)
    bar.close()
    assert part in stream.getvalue()
    assert "accuracy 0.61 (best)" in stream.getvalue()


def test_the_bar_serves_one_training_after_the_other() -> None:
    stream = Terminal()
    bar = LiveBar(stream)
    for _ in range(2):
        bar.note("begins")
        bar.update(MOMENT)
        bar.close()
    assert stream.getvalue().count("begins") == 2
    assert stream.getvalue().count("1:35 left") >= 2


def test_the_share_that_is_done() -> None:
    assert MOMENT.done == (1 + 30 / 120) / 20
