"""throughtime bench, from the outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cells.forms import needs_the_engine
from tests.cli.calling import call
from throughtime.api.bench import TABLES
from throughtime.api.bench.tables import last

QUICK = ("--quick", "--shape", "5,2,3,4")


def test_the_help_names_every_table() -> None:
    said = call("bench", "--help")
    assert said.code == 0
    assert [row.split()[0] for row in said.out.splitlines() if row.startswith("    ")][: len(TABLES)] == [
        table.name for table in TABLES
    ]


@needs_the_engine
def test_it_prints_the_tables_that_were_asked_for_and_writes_them(tmp_path: Path) -> None:
    said = call("bench", "own", "last", *QUICK, "--shape", "4,1,2,3", "--out", tmp_path / "found")
    assert said.code == 0, said.err
    tables = [row.split(":")[0] for row in said.out.splitlines() if row.startswith(("own: ", "last: "))]
    assert tables == ["own", "last"] and "grid" not in said.out
    assert sum(row.lstrip("lstm ").startswith(("5,2,3,4 ", "4,1,2,3 ")) for row in said.out.splitlines()) == 4
    assert said.out.splitlines()[-1] == f"results: {tmp_path / 'found' / 'results.html'}"
    assert "own 5,2,3,4  0/4 measured" in said.err
    written = json.loads((tmp_path / "found" / "results.json").read_text())
    assert list(written["tables"]) == ["own", "last"] and written["quick"]
    assert {file.name for file in (tmp_path / "found").iterdir()} == {"results.json", "results.md", "results.html"}


@needs_the_engine
def test_it_prints_json_and_is_quiet_if_asked() -> None:
    said = call("bench", "lengths", *QUICK, "--json", "--quiet")
    assert (said.code, said.err) == (0, "")
    rows = said.json["tables"]["lengths"]["rows"]
    assert [row["cell"] for row in rows] == ["lstm", "gru"] and all(row["shape"] == [5, 2, 3, 4] for row in rows)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("gird",), 'unknown table "gird"; did you mean "grid"?'),
        (("grid", "--shape", "5,2,3"), "--shape 5,2,3: write steps, batch, input size and hidden size"),
        (("grid", "--out", "/dev/null/folder"), "no folder can be made there"),
    ],
)
def test_what_cannot_be_is_refused(words: tuple[str, ...], message: str) -> None:
    said = call("bench", *words)
    assert (said.code, said.out) == (2, "") and message in said.err


def test_without_the_engine_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("throughtime.api.bench.run.library", lambda: None)
    said = call("bench", "grid", *QUICK)
    assert said.code == 2 and "bench measures the native engine" in said.err and said.out == ""


@needs_the_engine
def test_stopped_it_prints_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(last, "measure", stop)
    said = call("bench", "own", "last", *QUICK)
    assert said.code == 130 and "bench was stopped: 1 of 2 cases were measured" in said.err
    assert "own: a cell" in said.out and "last: " not in said.out
