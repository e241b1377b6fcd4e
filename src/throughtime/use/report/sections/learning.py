"""Learning curves: loss, the metric on the validation split, learning rate and gradient norm over epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from throughtime.use.report.answers import kind
from throughtime.use.report.charts.lines import Line, line_chart
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.parts import chart, note, section, table
from throughtime.use.verdict import baseline_words, direction, metric_axis, metric_words


def learning(material: ReportMaterial) -> Markup:
    """Charts over epochs; says so where no epoch was finished."""
    if not material.history:
        return section("learning", "Learning curves", note("No epoch was finished, so there is no curve."))
    charts = [_metric(material), _loss(material), _small(material, "learning_rate", "Learning rate", "learning rate")]
    charts.append(_small(material, "gradient_norm", "Gradient norm", "norm before clipping"))
    return section("learning", "Learning curves", _remarks(material), tag("div", charts, class_="pair"))


def _remarks(material: ReportMaterial) -> Markup | None:
    remarks = []
    if len(material.history) == 1:
        remarks.append("One epoch only: a point is no curve yet.")
    if "best_seed" in material.metrics:
        remarks.append(
            f"Curves and answers below are those of seed {material.metrics['best_seed']}, the best on valid."
        )
    return note(" ".join(remarks)) if remarks else None


def best_epoch(material: ReportMaterial) -> int | None:
    """The first epoch with the best validation metric; its weights are those that were kept."""
    metric = material.metrics["metric"]
    scored = [
        (line["valid"][metric] * direction(metric), -line["epoch"])
        for line in material.history
        if _is_finite(line, "valid", metric)
    ]
    return -max(scored)[1] if scored else None


def _metric(material: ReportMaterial) -> Markup | None:
    metric, best = material.metrics["metric"], best_epoch(material)
    if best is None:
        return None
    words = metric_words(metric)
    rows = [(line["epoch"], line["valid"][metric]) for line in material.history if metric in line.get("valid", {})]
    line = Line("network", *_columns(rows), mark=best)
    picture = line_chart(
        "metric",
        f"{words} on the validation split by epoch",
        [line],
        x_label="epoch",
        y_label=metric_axis(metric, material.scope.measured_in),
        levels=_baseline(material, metric),
    )
    numbers = table(["epoch", f"valid {words}"], [[str(epoch), value] for epoch, value in rows])
    title = f"{words[0].upper()}{words[1:]} on the validation split."
    return chart(picture, numbers, title, f"Best at epoch {best} (ringed): its weights were kept.")


def _baseline(material: ReportMaterial, metric: str) -> list[tuple[str, float]]:
    name = (material.metrics.get("baseline") or {}).get("name")
    valid = ((material.metrics.get("baselines") or {}).get(name) or {}).get("valid") or {}
    return [] if name is None or valid.get(metric) is None else [(_short(baseline_words(name)), valid[metric])]


def _short(text: str, most: int = 34) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _loss(material: ReportMaterial) -> Markup | None:
    train = [(line["epoch"], line["train"]["loss"]) for line in material.history if "loss" in line.get("train", {})]
    if not train:
        return None
    valid = {line["epoch"]: line["valid"]["loss"] for line in material.history if "loss" in line.get("valid", {})}
    lines = [Line("training", *_columns(train), colour="second")]
    if valid:
        lines.append(Line("validation", *_columns(list(valid.items()))))
    picture = line_chart("loss", "Loss by epoch", lines, x_label="epoch", y_label=f"loss ({_loss_unit(material)})")
    numbers = table(
        ["epoch", "training", "validation"], [[str(epoch), loss, valid.get(epoch)] for epoch, loss in train]
    )
    what = "text" if material.scope.is_text else "rows"
    gap = f"Where validation turns up, the network begins to learn the training {what} by heart." if valid else None
    return chart(picture, numbers, "Loss.", gap)


def _loss_unit(material: ReportMaterial) -> str:
    if kind(material) in ("numbers", "forecasts"):
        return "of scaled numbers"
    if kind(material) == "texts":
        return "nats per token"
    return f"nats per {material.scope.unit}" if kind(material) in ("tags", "tokens", "notes") else "nats per row"


def _small(material: ReportMaterial, key: str, title: str, unit: str) -> Markup | None:
    rows = [(line["epoch"], line[key]) for line in material.history if line.get(key) is not None]
    if not rows:
        return None
    line = Line(title.lower(), *_columns(rows))
    picture = line_chart(key, f"{title} by epoch", [line], x_label="epoch", y_label=unit, height=190)
    return chart(picture, table(["epoch", title.lower()], [[str(epoch), value] for epoch, value in rows]), f"{title}.")


def _columns(rows: list[tuple[int, float]]) -> tuple[list[float], list[float]]:
    return [float(epoch) for epoch, _ in rows], [math.nan if value is None else float(value) for _, value in rows]


def _is_finite(line: Mapping[str, Any], split: str, metric: str) -> bool:
    value = line.get(split, {}).get(metric)
    return value is not None and math.isfinite(value)
