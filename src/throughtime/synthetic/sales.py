"""Daily sales of many shops, made so that what comes next hangs on covariates together, not on each by itself.

A campaign lifts sales at weekends and does nothing, or harm, on working days; a price above what a shop's customers
bear takes most of a campaign away; after a day above the ordinary the next one falls back at once, after one below it
recovers slowly (a threshold autoregression, Tong 1978); and how much the season moves sales differs by shop. A linear
forecast sees each of these only on average.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np

COLUMNS = ("shop", "date", "price", "campaign", "size", "sold")
FIRST = date(2021, 1, 4)  # a Monday


def sales(shops: int = 200, days: int = 420, seed: int = 1) -> Iterator[tuple[str, str, float, int, float, float]]:
    """Rows of :data:`COLUMNS`, shop by shop, day by day; price and campaign are planned, so known ahead.

    >>> rows = list(sales(2, 3))
    >>> len(rows), rows[0][:2], rows[3][:2]
    (6, ('shop 001', '2021-01-04'), ('shop 002', '2021-01-04'))
    """
    for shop in range(shops):
        chance = np.random.default_rng([seed, shop])
        name = f"shop {shop + 1:03d}"
        size, swing = chance.uniform(20, 200), chance.uniform(0.05, 0.3)
        bears, lift = chance.uniform(1.0, 1.2), chance.uniform(0.5, 0.9)
        prices, campaigns = _planned(days, chance)
        above = 0.0  # of the day before, as a share of the ordinary
        for day in range(days):
            when = FIRST + timedelta(days=day)
            weekend = when.weekday() >= 5
            ordinary = 1 + swing * np.sin(2 * np.pi * day / 365) + (0.25 if weekend else 0.0)
            effect = (lift if weekend else -0.15) * campaigns[day]
            dear = prices[day] > bears
            if dear:
                effect = 0.2 * effect - 0.3
            carried = -0.5 * above if above > 0 else 0.8 * above
            above = carried + effect + chance.normal(0, 0.05)
            sold = size * max(0.05, ordinary + above)
            yield name, when.isoformat(), float(prices[day]), int(campaigns[day]), round(size, 1), round(sold, 2)


def write_sales(path: Path, shops: int = 200, days: int = 420, seed: int = 1) -> Path:
    """The same as a table in a file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(sales(shops, days, seed))
    return path


def _planned(days: int, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Prices that change every few days, and campaigns of some days: (days,) each."""
    prices, campaigns = np.empty(days), np.zeros(days, dtype=np.int64)
    day = 0
    while day < days:
        length = int(chance.integers(2, 9))
        prices[day : day + length] = round(chance.uniform(0.8, 1.4), 2)
        day += length
    day = 0
    while day < days:
        length = int(chance.integers(2, 6))
        campaigns[day : day + length] = chance.random() < 0.4
        day += length
    return prices, campaigns
