"""The demonstration of forecasts: its material ends with a plan, and it ends with the future of one shop."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.calling import call
from throughtime.demos import Demo, demos
from throughtime.demos.sales import DAYS, HORIZON, SHOPS, rows


def test_every_shop_ends_with_a_plan_and_nothing_sold_yet() -> None:
    material = rows(3, 30)
    planned = [row for row in material if row["sold"] is None]
    assert Counter(row["shop"] for row in planned) == {f"shop 00{k}": HORIZON for k in (1, 2, 3)}
    first = min(row["date"] for row in planned)
    assert all((row["date"] >= first) == (row["sold"] is None) for row in material)
    assert all(row["price"] is not None and row["campaign"] in (0, 1) for row in planned)


def test_it_compares_with_linear_autoregression_and_shows_what_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = demos["sales"]
    assert isinstance(found, Demo) and len(found.rows()) == SHOPS * (DAYS + HORIZON)
    settings = {**found.settings, "epochs": 1, "hidden_size": 4, "batch_size": 64, "context_length": 7}
    small = replace(found, name="sales_small", rows=lambda: rows(2, 160), settings=settings)
    demos.add(small.name, small)
    monkeypatch.chdir(tmp_path)
    said = call("demo", small.name, "--quiet")
    assert said.code == 0, said.err
    assert "linear autoregression" in said.out and "shop 001" in said.out and "80 % interval" in said.out
    last = max(row["date"] for row in small.rows())
    assert sum(line.startswith("2021-") for line in said.out.splitlines()) == HORIZON and last in said.out
    assert said.out.splitlines()[-1] == f"report: {Path('runs') / 'demo-sales_small' / 'report.html'}"
