"""How far back the network learns: gradients by distance, the context that it uses, gates, updates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from throughtime.use.inspect.memory.verdict import advice_words, context_words, course_words
from throughtime.use.report.charts.lines import Line
from throughtime.use.report.charts.named_lines import named_line_chart
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import number
from throughtime.use.report.parts import chart, note, section, table

MOST_UPDATES = 400  # points of a curve over training
LEAST = 1e-9  # of the largest norm, below which a curve ends

Row = Mapping[str, Any]


def memory(material: ReportMaterial) -> Markup | None:
    """What was seen while training, and what ``throughtime inspect`` found; None where neither is known."""
    found, seen = material.inspection.get("memory"), material.observations
    if found is None and not seen:
        return None
    layers = found["layers"] if found is not None else seen[-1]["layers"]
    charts = [*_distances(layers, seen, found is not None), _context(found), _updates(seen)]
    return section(
        "memory",
        "Through time",
        _verdict(found),
        tag("div", charts, class_="pair"),
        _gates(layers),
        _trial(material.inspection.get("tried")),
    )


def _verdict(found: Row | None) -> Markup:
    if found is None:
        return note("Seen while training. throughtime inspect RUN adds the verdict, and the context that it uses.")
    said = [f"{layer['place']} ({layer['cell']}): {course_words(layer['reach'])}." for layer in found["layers"]]
    if found["context"] is not None:
        said.append(f"{context_words(found['context'])}.")
    items = [tag("li", sentence[0].upper(), sentence[1:]) for sentence in said]
    return tag("div", tag("ul", items, class_="notes"), _findings(found["findings"]))


def _findings(findings: Sequence[Row]) -> Markup:
    if not findings:
        return note("Nothing was found that stands in the way of learning.")
    rows = [
        [finding["place"], finding["words"], "; or ".join(advice_words(advice) for advice in finding["advice"]) or "-"]
        for finding in findings
    ]
    return table(["where", "what stands in the way", "what to try"], rows)


def _distances(layers: Sequence[Row], seen: Sequence[Row], judged: bool) -> list[Markup]:
    """A chart for each layer and direction; at the first update beside now."""
    begun = {layer["place"]: layer for layer in seen[0]["layers"]} if seen else {}
    return [
        _distance(f"distance-{k}", layer, begun.get(layer["place"]), "trained" if judged else "last seen")
        for k, layer in enumerate(layers)
        if len(layer["distances"].get("all") or []) > 1
    ]


def _distance(name: str, layer: Row, begun: Row | None, called: str) -> Markup:
    now = layer["distances"]
    lines = [Line(called, *_by_distance(now["all"]))]
    if begun is not None and begun["distances"]:
        lines.append(Line("first update", *_by_distance(begun["distances"]["all"]), colour="second", stroke="dashed"))
    picture = named_line_chart(
        name,
        f"Gradient by distance: {layer['place']}",
        lines,
        x_label="steps back",
        y_label="norm of the gradient of the states",
        log_y=True,
        y_from=max(max(line.y) for line in lines) * LEAST,
    )
    states = [state for state in now if state != "all"]
    rows = [[str(k), *(now[state][k] for state in ("all", *states))] for k in _some(len(now["all"]))]
    remark = None
    if layer["jacobian"] is not None:
        remark = f"One step lengthens a change of the state {number(layer['jacobian'])} times at most."
    return chart(picture, table(["steps back", "all states", *states], rows), f"{layer['place']}.", remark)


def _by_distance(norms: Sequence[float]) -> tuple[list[float], list[float]]:
    return [float(k) for k in range(len(norms))], [float(norm) for norm in norms]


def _some(count: int, most: int = 24) -> list[int]:
    step = -(-count // most)
    return list(range(0, count, step))


def _context(found: Row | None) -> Markup | None:
    if found is None or found["context"] is None or len(found["context"]["steps"]) < 2:
        return None
    measured = found["context"]
    line = Line("loss", [float(k) for k in measured["steps"]], measured["losses"], mark=float(measured["needs"]))
    picture = named_line_chart(
        "context",
        "Loss by steps of context",
        [line],
        x_label="steps of context" + (" on either side" if measured["both_ways"] else ""),
        y_label="loss on valid",
        log_x=True,
        x_marks=[float(k) for k in measured["steps"] if k & (k - 1) == 0],
    )
    numbers = table(
        ["steps", "loss"], [[str(k), v] for k, v in zip(measured["steps"], measured["losses"], strict=True)]
    )
    cut = "" if found["window"] is None else f"Training cut the gradient or the input after {found['window']} steps."
    return chart(
        picture, numbers, "What context is worth.", f"The network uses {measured['needs']} of them (ringed).", cut
    )


def _updates(seen: Sequence[Row]) -> Markup | None:
    """How far an update moves the weights, relative to their size."""
    rows = [row for row in seen if row.get("parameters")][:: -(-len(seen) // MOST_UPDATES) or 1]
    if len(rows) < 2:
        return None
    ratios = [_ratios(row) for row in rows]
    at = [float(row["update"]) for row in rows]
    lines = [
        Line("largest", at, [high for _, high in ratios]),
        Line("middle", at, [middle for middle, _ in ratios], colour="second", stroke="dashed"),
    ]
    picture = named_line_chart(
        "updates",
        "Size of an update",
        lines,
        x_label="update",
        y_label="update / weight",
        log_y=True,
        levels=[("usual: 0.001", 0.001)],
    )
    numbers = table(
        ["update", "largest", "middle"],
        [[str(row["update"]), high, mid] for row, (mid, high) in zip(rows, ratios, strict=True)],
    )
    return chart(picture, numbers, "How far an update moves the weights, for their size.")


def _ratios(row: Row) -> tuple[float, float]:
    """The middle and the largest of the parameters that are maps; a bias begins at 0 and has no size."""
    named = {
        name: entry["ratio"] for name, entry in row["parameters"].items() if "weight" in name or "embedding" in name
    }
    ratios = sorted(named.values() or [entry["ratio"] for entry in row["parameters"].values()])
    return ratios[len(ratios) // 2], ratios[-1]


def _gates(layers: Sequence[Row]) -> Markup | None:
    rows = [[layer["place"], *_figures(name, entry)] for layer in layers for name, entry in layer["quantities"].items()]
    if not rows:
        return None
    header = ["layer", "quantity", "squashing", "mean", "saturated low", "saturated high", "units still", "units dead"]
    caption = "Gates, candidates and states. Saturated: a sigmoid below 0.1 or above 0.9, tanh beyond ±0.9, ReLU at 0."
    return table(header, rows, caption)


def _figures(name: str, entry: Row) -> list[Any]:
    dead = entry["dead"] if entry["squashing"] == "relu" else None
    shares = [_share(share) for share in (entry["low"], entry["high"], entry["still"], dead)]
    return [name, entry["squashing"] or "-", entry["mean"], *shares]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _trial(tried: Row | None) -> Markup | None:
    if tried is None:
        return None
    settings = ", ".join(f"{name}={value}" for name, value in tried["settings"].items())
    epochs = max(len(tried["before"]["losses"]), len(tried["after"]["losses"]))
    rows = [
        [str(epoch + 1), *(_at(tried[which]["losses"], epoch) for which in ("before", "after"))]
        + [_at(tried[which]["metric"], epoch) for which in ("before", "after")]
        for epoch in range(epochs)
    ]
    header = ["epoch", "loss before", "loss after", f"{tried['metric_name']} before", f"{tried['metric_name']} after"]
    word = "better" if tried["better"] else "no better"
    stopped = [
        f" The training {which} broke off: {tried[key]['stopped']}"
        for key, which in (("before", "as it was"), ("after", "as advised"))
        if tried[key]["stopped"]
    ]
    return tag("div", tag("p", f"Tried in a short training: {settings}. It was {word}.", *stopped), table(header, rows))


def _at(values: Sequence[float], index: int) -> float | str:
    return values[index] if index < len(values) else "-"
