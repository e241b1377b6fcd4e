"""What is learned at which lag."""

from __future__ import annotations

from collections.abc import Sequence

from throughtime.laboratory.counting import at, by_name, mean_updates, solved
from throughtime.laboratory.findings import Findings
from throughtime.laboratory.lags import TOLD
from throughtime.laboratory.page.strokes import network_line
from throughtime.laboratory.trial import Trial
from throughtime.synthetic import Problem, problems
from throughtime.synthetic.adding import NEAR
from throughtime.use.report.charts.named_lines import named_line_chart
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.parts import chart, note, section, table

# The share of right answers of who remembers nothing: always saying 1, of two classes one, is right this often.
GUESSED = {"adding": 1 - (1 - NEAR) ** 2, "latch": 0.5}


def lags(findings: Findings) -> Markup:
    """A chart for each problem: the share of sequences that are right after learning, by lag."""
    size = findings.size
    said = note(
        f"Each network has {size.hidden_size} units and learns by Adam, at the better of two rates, 32 fresh "
        "sequences an update, until 95 % of 500 others are right, or "
        f"for {size.adding_updates:,} updates (adding) and {size.latch_updates:,} (latch). "
        f"“{TOLD}” is an LSTM whose forget gates begin open for as long as the lag: it is told how long. "
        "Fewer updates than papers take: what fails here may come with patience, what succeeds is soon learned."
    )
    charts = [
        _chart(problems["adding"], findings.adding, size.adding_lags),
        _chart(problems["latch"], findings.latch, size.latch_lags),
    ]
    return section("lags", "What is learned", said, tag("div", charts, class_="pair"))


def _chart(problem: Problem, trials: Sequence[Trial], lags: Sequence[int]) -> Markup:
    found = by_name(trials)
    lines = [network_line(name, lags, [_share(at(mine, lag)) for lag in lags]) for name, mine in found.items()]
    picture = named_line_chart(
        f"lags-{problem.name}",
        f"{problem.title}: share of sequences right by lag",
        lines,
        x_label="lag, in steps",
        y_label="share of sequences right",
        log_x=True,
        y_reach=(0.0, 1.0),
        levels=[("guessed", GUESSED[problem.name])],
    )
    return chart(
        picture, _numbers(found, lags), f"{problem.title}.", f"Right is where {problem.criterion}.", open_=True
    )


def _share(trials: Sequence[Trial]) -> float:
    """Right at the last judgement, the mean over seeds."""
    return sum(trial.learned.shares[-1] if trial.learned.shares else 0.0 for trial in trials) / len(trials)


def _numbers(found: dict[str, list[Trial]], lags: Sequence[int]) -> Markup:
    rows = [[name, *(_cell(at(trials, lag)) for lag in lags)] for name, trials in found.items()]
    return table(["network", *(f"lag {lag}" for lag in lags)], rows, "Solved of all runs (updates, mean)")


def _cell(trials: Sequence[Trial]) -> str:
    """``2/3 (600)``: solved, runs, updates on average."""
    updates, count = mean_updates(trials), solved(trials).replace(" of ", "/")
    return count if updates is None else f"{count} ({updates:,})"
