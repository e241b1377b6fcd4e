"""Sales of many shops: what a network learns from them together, beside a linear autoregression; and the next weeks."""

from __future__ import annotations

from typing import Any

from throughtime.demos.demo import Demo, demos
from throughtime.synthetic.sales import COLUMNS, sales

SHOPS, DAYS, HORIZON = 40, 400, 14


def rows(shops: int = SHOPS, days: int = DAYS) -> list[dict[str, Any]]:
    """A record for each shop and day; of the last two weeks the plan alone: price and campaign, nothing sold yet."""
    found = [dict(zip(COLUMNS, row, strict=True)) for row in sales(shops, days + HORIZON)]
    for number, row in enumerate(found):
        if number % (days + HORIZON) >= days:
            row["sold"] = None
    return found


demos.add(
    "sales",
    Demo(
        name="sales",
        title="What will forty shops sell in the next two weeks?",
        story="Made-up shops whose prices and campaigns are planned ahead. A campaign lifts sales at weekends and does "
        "harm on working days, unless the price is too high: a linear forecast sees that only on average.",
        rows=rows,
        settings={
            "task": "forecast",
            "output": ("sold",),
            "input": ("price", "campaign"),
            "known": ("price", "campaign"),
            "series": "shop",
            "horizon": HORIZON,
            "epochs": 10,
            "learning_rate": 0.005,
            "baselines": ("seasonal_naive", "linear_autoregression"),
        },
    ),
)
