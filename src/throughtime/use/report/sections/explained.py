"""Single answers explained: what each token gave, what would be without it, gates, states, and rows held for alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from throughtime.use.inspect.explain.tokens import visible, written
from throughtime.use.inspect.explain.written_lines import HEADER, remarks, written_cells
from throughtime.use.report.charts.attention import attention_map, strongest
from throughtime.use.report.charts.lines import Line
from throughtime.use.report.charts.strips import Strip, strip_chart
from throughtime.use.report.charts.time_lines import STYLES, WIDE, time_chart
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.inputs import place
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import amount, fraction, number
from throughtime.use.report.parts import chart, note, section, table, unfold
from throughtime.use.report.tagged import space_between
from throughtime.use.report.times import values

MOST_TOKENS = 400  # of one input in the page
MOST_STEPS = 60  # of the strips; so many are told apart
STRONGEST = 50  # per cent of the full colour, at which text is still easily read on it
LISTED = 8  # tokens without which the answer is another one
MOST_MAPPED = 60  # tokens on either side of a map
MANY_READ = 14  # tokens read, from which a map needs the whole width
LONGEST = 240  # letters of a neighbour's input
Row = Mapping[str, Any]


def explained(material: ReportMaterial) -> Markup | None:
    """A part of the page for each answer that was inspected; None where none was."""
    found = material.inspection.get("explained") or []
    if not found:
        return None
    legend = note(
        "Shaded blue and underlined: speaks for the answer. Shaded orange, underlined with dashes: against it. The "
        "darker, the more. What all tokens gave (integrated gradients) adds up to how far the score lies from that of "
        "vectors which are all zero."
    )
    return section("explained", "Why it answered so", legend, [_answer(i, entry) for i, entry in enumerate(found)])


def _answer(i: int, entry: Row) -> Markup:
    most = max((abs(given) for part in entry["inputs"] for given in part["given"]), default=0.0)
    return tag(
        "article",
        tag("h3", _heading(entry)),
        _written(i, entry),
        [
            _series(f"explained-{i}-series-{k}", entry, part) if part.get("values") else _read(entry, part, most)
            for k, part in enumerate(entry["inputs"])
        ],
        note(_account(entry)),
        note(_flipping(entry)),
        unfold("What each token gave, and the answer without it", _tokens(entry)),
        _nearest(entry),
        [_over_time(f"explained-{i}-{k}", part) for k, part in enumerate(entry["inputs"])],
        class_="explained",
    )


def _written(i: int, entry: Row) -> list[Markup] | None:
    """The whole answer of a decoder, and what each of its tokens rests on."""
    found = entry.get("written")
    if found is None:
        return None
    cells = [
        [step, tag("bdi", token), sure, tag("bdi", looks), tag("bdi", rests), *gave]
        for step, token, sure, looks, rests, *gave in written_cells(found)
    ]
    said = (
        "Of each token written: the token read at which the decoder looked most, with its weight; the one that spoke "
        "most for it; and what all that was read gave to its log-probability, and all that had been written before."
    )
    notes = [note(remark) for remark in (said, *remarks(found))]
    return [
        tag("p", "Written: ", tag("bdi", visible(found["text"]))),
        _maps(i, found),
        unfold("What each token of the answer rests on", table(HEADER, cells), notes),
    ]


def _maps(i: int, found: Row) -> Markup:
    """Where the decoder looked, and beside it what its tokens rest on: each token's share of what spoke for it."""
    read, written = [visible(token) for *_, token in found["read"]], list(map(visible, found["tokens"]))
    shares = [_shares(given) for given in found["given"]]
    maps = [("What each token rests on", shares, "Of what was read, the share of each in what spoke for it.")]
    if found["weights"] is not None:
        maps.insert(0, ("Where it looked", found["weights"], "The weights of attention."))
    drawn = []
    for k, (title, weights, remark) in enumerate(maps):
        cut = [row[:MOST_MAPPED] for row in weights[:MOST_MAPPED]]
        sides = written[: len(cut)], read[:MOST_MAPPED]
        picture = attention_map(f"written-{i}-{k}", title, cut, *sides)
        whole = "wide" if len(read) > MANY_READ else None
        drawn.append(tag("div", chart(picture, strongest(cut, *sides), title, remark), class_=whole))
    return tag("div", drawn, class_="maps")


def _shares(given: Sequence[float]) -> list[float]:
    """Of what spoke for a token, the share of each that was read; what spoke against it has none."""
    whole = sum(max(0.0, one) for one in given)
    return [max(0.0, one) / whole if whole else 0.0 for one in given]


def _heading(entry: Row) -> Markup:
    at = "" if entry["step"] is None else f" at step {entry['step']}"
    output = tag("bdi", entry["output"])
    if entry["kind"] == "number":
        return join(output, at, ": ", number(entry["value"]))
    answer = tag("bdi", visible(str(entry["answer"])), class_="truth")
    said = entry["predicted"]
    predicted = said if isinstance(said, list) else [said]
    other = None
    if entry["answer"] not in predicted:
        names = [visible(str(name)) for name in predicted]
        other = join("; predicted is ", tag("bdi", ", ".join(names) or "no label"))
    return join(output, at, ": ", answer, f" with probability {fraction(entry['value'])}", other)


def _read(entry: Row, part: Row, most: float) -> Markup:
    """The input as it is read, each token in the shade of what it gave; bold is the one that is answered."""
    tokens, given = part["tokens"][:MOST_TOKENS], part["given"][:MOST_TOKENS]
    column = tag("bdi", part["column"], class_="column") if len(entry["inputs"]) > 1 else None
    answered = entry["step"] if part["over_time"] and entry["kind"] != "token" else None
    shown = [
        join(
            space_between(tokens[k - 1], token) if k and part["words"] else "",
            _shaded(token, share, most, bold=k == answered),
        )
        for k, (token, share) in enumerate(zip(tokens, given, strict=True))
    ]
    left = len(part["tokens"]) - len(tokens)
    more = [" … ", tag("bdi", f"{left:,} more", class_="more")] if left else None
    return tag("div", column, shown, more, class_="running shaded", dir="auto")


def _series(name: str, entry: Row, part: Row) -> Markup:
    """The series as it was measured, and below it over the same steps what each step gave."""
    rows = [value if isinstance(value, list) else [value] for value in part["values"]]
    steps = [float(k) for k in range(len(rows))]
    count = min(len(rows[0]), len(STYLES))
    names = [*part["channels"], *(f"channel {k + 1}" for k in range(len(part["channels"]), count))]
    measured = [
        Line(names[k] if count > 1 else part["column"], steps, values([row[k] for row in rows]), colour, stroke=stroke)
        for k, (colour, stroke) in enumerate(STYLES[:count])
    ]
    more = [f"{len(rows[0]) - count} more channels not drawn."] if len(rows[0]) > count else []
    at = None if entry["step"] is None else float(entry["step"])
    pictures = [
        (f"{part['column']}, as it was measured.", measured, "measured", [], more),
        ("What each step gave.", [Line("gave", steps, part["given"])], "given to the score", [("nothing", 0.0)], []),
    ]
    return tag(
        "div",
        [
            tag(
                "figure",
                tag("figcaption", tag("strong", title), *(join(" ", remark) for remark in remarks)),
                tag(
                    "div",
                    time_chart(
                        f"{name}-{k}",
                        title,
                        lines,
                        dated=False,
                        y_label=label,
                        levels=levels,
                        begin=at,
                        width=WIDE,
                        height=240,
                    ),
                    class_="scroll",
                ),
            )
            for k, (title, lines, label, levels, remarks) in enumerate(pictures)
        ],
    )


def _shaded(token: str, given: float, most: float, *, bold: bool) -> Markup:
    strength = round(STRONGEST * abs(given) / most) if most else 0
    way = "for" if given > 0 else "against"
    text = token if token.strip() and token.isprintable() else _space(token)
    return tag(
        "span",
        tag("b", text) if bold else text,
        class_=way if strength else None,
        style=f"--shade:{strength}%" if strength else None,
        title=f"{_signed(given)}, {way}" if given else "gave nothing",
    )


def _space(token: str) -> str:
    """Blanks as they are, so that lines break there; ends of lines as a sign too."""
    return token if token and not token.strip(" ") else visible(token) + ("\n" if "\n" in token else "")


def _account(entry: Row) -> str:
    score = entry["score"]
    change = score["value"] - score["baseline"]
    said = f"Score: the {score['name']}, {number(score['value'])}; of zero vectors {number(score['baseline'])}. "
    if score["complete"]:
        return (
            said + f"What all tokens gave adds up to the difference, {_signed(change)}: complete to {score['gap']:.1e}."
        )
    return said + (
        f"What all tokens gave does not add up to the difference, {_signed(change)}: "
        f"up to {number(score['gap'])} is missing after {amount(score['points'], 'point')} on the way."
    )


def _flipping(entry: Row) -> str:
    """Which single tokens the answer hangs on."""
    pairs = [
        (token, out)
        for part in _inputs_alone(entry)
        for token, out in zip(part["tokens"], part["without"], strict=True)
        if out is not None
    ]
    if entry["kind"] == "number" or not pairs:
        return ""
    flip = [visible(token) for token, out in pairs if out["flips"]]
    if not flip:
        return "No single token decides: without any one of them the answer stays."
    more = f" and {len(flip) - LISTED:,} more" if len(flip) > LISTED else ""
    return f"Without one of these the answer is another: {', '.join(f'“{token}”' for token in flip[:LISTED])}{more}."


def _inputs_alone(entry: Row) -> Sequence[Row]:
    """Without the tokens that a decoder had written, of which only the next token was tried."""
    parts: Sequence[Row] = entry["inputs"]
    return parts[:-1] if entry.get("written") else parts


def _tokens(entry: Row) -> list[Markup]:
    asked = "number" if entry["kind"] == "number" else f"probability of {visible(str(entry['answer']))}"
    answered = [] if entry["kind"] == "number" else ["answer without it"]
    return [
        table(
            ["step", "token", "gave", f"{asked} without it", *answered],
            [
                [f"{step:,}", tag("bdi", visible(token)), _signed(given), *_without(entry, out)]
                for step, (token, given, out) in enumerate(
                    zip(part["tokens"], part["given"], part["without"], strict=True)
                )
            ],
            caption=part["column"],
        )
        for part in entry["inputs"]
    ]


def _without(entry: Row, out: Row | None) -> list[Any]:
    if entry["kind"] == "number":
        return ["-" if out is None else number(out["value"])]
    if out is None:
        return ["-", "-"]
    said = ", ".join(map(str, out["predicted"])) if isinstance(out["predicted"], list) else str(out["predicted"])
    answer = tag("bdi", visible(said), class_="wrong" if out["flips"] else None)
    return [fraction(out["value"]), join(answer, " (another)" if out["flips"] else None)]


def _over_time(name: str, part: Row) -> Markup | None:
    """A chart for each layer and direction, unfolded on demand."""
    lines: Sequence[Row] = part["over_time"]
    ways = list(dict.fromkeys((line["layer"], line["backward"]) for line in lines))
    if not ways:
        return None
    charts = [
        _layer(f"{name}-{k}", part, [line for line in lines if (line["layer"], line["backward"]) == way])
        for k, way in enumerate(ways)
    ]
    said = note("Gates: the mean over the units, full at 1. States and candidates: their length, full at its largest.")
    return unfold(join("Gates and states over ", tag("bdi", part["column"])), said, tag("div", charts, class_="pair"))


def _layer(name: str, part: Row, lines: Sequence[Row]) -> Markup:
    way = "backward" if lines[0]["backward"] else "forward"
    title = f"Layer {lines[0]['layer']}, {way}."
    steps = [visible(token) for token in part["tokens"]]
    strips = [
        Strip(
            line["name"],
            line["values"][:MOST_STEPS],
            1.0 if line["measure"] == "mean" else max(line["values"]),
        )
        for line in lines
    ]
    picture = strip_chart(name, f"{title} Gates and states over the tokens", strips, steps[:MOST_STEPS])
    header = ["step", "token", *(f"{line['measure']} {line['name']}" for line in lines)]
    values = zip(*(line["values"] for line in lines), strict=True)
    rows = [
        [f"{k:,}", tag("bdi", step), *map(number, figures)]
        for k, (step, figures) in enumerate(zip(steps, values, strict=True))
    ]
    cut = [f"The first {MOST_STEPS} of {len(steps):,} steps."] if len(steps) > MOST_STEPS else []
    return chart(picture, table(header, rows), title, *cut)


def _nearest(entry: Row) -> Markup | None:
    if not entry["nearest"]:
        reason = entry["no_nearest"]
        return note(f"No training rows stand beside it: {reason}") if reason else None
    rows = [
        [f"{row['distance']:.4f}", tag("bdi", written(row["label"])), _inputs(row), place(row)]
        for row in entry["nearest"]
    ]
    return table(
        ["distance", entry["output"], "row", "place"],
        rows,
        caption="The nearest training rows: 1 - the cosine between what the head sees of them",
    )


def _inputs(row: Row) -> Markup:
    text = "  ".join(map(written, row["inputs"].values()))
    return tag("span", text[:LONGEST], " …" if len(text) > LONGEST else None, class_="input", dir="auto")


def _signed(value: float) -> str:
    """With its sign, which colour alone must not tell."""
    return f"{value:+.4f}"
