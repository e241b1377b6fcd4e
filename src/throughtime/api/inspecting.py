"""A finished run's network, looked into with its own validation split."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

from torch import nn

from throughtime.api.prepared import Prepared
from throughtime.models.forecasting.heads import ForecastHead
from throughtime.training.runs import Run
from throughtime.use.inspect.memory.evidence import looked_into
from throughtime.use.inspect.memory.findings import Finding
from throughtime.use.inspect.memory.verdict import Memory, remembered
from throughtime.use.report import report

ROWS = 8  # that are looked into
UNUSED = Finding(
    "unused",
    "forecast",
    "the linear forecast alone answers: on the validation split the network was not surely better; all else here is "
    "of the network by itself",
    {},
)


def memory_of(model: nn.Module, prepared: Prepared, run: Run) -> Memory:
    """How far back the network learns, what it remembers, and what stands in its way.

    Where a linear forecast answers alone, the network beside it is looked into as if it had a part.
    """
    head = getattr(model, "head", None)
    alone = isinstance(head, ForecastHead) and head.linear_alone
    if alone:
        model = deepcopy(model)
        model.head.share.fill_(1.0)  # type: ignore[union-attr,operator]
    option, window = prepared.window or ("", None)
    training = prepared.settings.training
    evidence = looked_into(
        model,
        prepared.unseen(ROWS),
        context=prepared.context(model),
        window=window,
        window_option=option,
        learning_rate=training.learning_rate,
        clip_norm=training.clip_norm,
        history=run.history.read() if run.history.exists() else (),
        observations=run.observations.read() if run.observations.exists() else (),
    )
    found = remembered(evidence, all_settings(prepared))
    return replace(found, findings=(UNUSED, *found.findings)) if alone else found


def all_settings(prepared: Prepared) -> dict[str, Any]:
    """All settings by name, as ``train`` takes them."""
    return {name: value for table in prepared.settings.to_toml().values() for name, value in table.items()}


def keep(run: Run, kind: str, value: Any) -> None:
    """Put what was found into a finished run's folder and its report; it takes the place of an earlier one."""
    known = run.inspection.read() if run.inspection.exists() else {}
    run.inspection.write({**known, kind: value})
    report(run)
    run.finish()


def keep_among(run: Run, kind: str, value: Any, most: int) -> None:
    """Keep it as the latest of at most so many of a kind."""
    known = run.inspection.read().get(kind, []) if run.inspection.exists() else []
    keep(run, kind, [*(one for one in known if one != value), value][-most:])
