"""A forecaster out of its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Generator

from throughtime.cells.engine import ORDINARY, Execution
from throughtime.cells.equations import Graph
from throughtime.data.series.windows import AHEAD, NEXT, PAST, PLACE, WHICH
from throughtime.errors import UsageError
from throughtime.models.encoders import Encoder
from throughtime.models.encoders.encoder import Surroundings
from throughtime.models.forecasting.heads import DirectHead, ForecastHead, RecursiveHead
from throughtime.models.forecasting.reading import Given, Identity, PastReader
from throughtime.models.model import Model
from throughtime.models.settings import ForecastSettings, NetworkSettings, refuse_idle

IDENTITY_SIZE = 8
MOST_SERIES = 1_000  # that are told apart, if not set
HEADS: Mapping[str, type[ForecastHead]] = {"direct": DirectHead, "recursive": RecursiveHead}
OF_TEXTS = (
    "embeddings",
    "embedding_size",
    "frozen_embeddings",
    "token_dropout",
    "letters",
    "letters_size",
    "bag",
    "pooling",
)


def build_forecaster(
    features: int,
    ahead: int,
    series: int,
    levels: Sequence[float],
    settings: NetworkSettings,
    task: ForecastSettings,
    *,
    cell: Graph,
    execution: Execution = ORDINARY,
    generator: Generator | None = None,
) -> Model:
    """A new forecaster: of so many ``features`` a step behind it and ``ahead`` a step ahead.

    ``series``: how many series it tells apart, 0 for none. Context length and horizon are those of the settings, and
    must be there. Raises UsageError for settings that mean nothing here.
    """
    assert task.context_length is not None and task.horizon is not None
    refuse_idle(settings, OF_TEXTS, "no input holds words or letters")

    def around(place: str) -> Surroundings:
        return Surroundings(settings, cell, execution, place, generator)

    encoders: dict[str, Encoder] = {PAST: PastReader(features, around("past")), AHEAD: Given(ahead), PLACE: Given(2)}
    if series:
        encoders[WHICH] = Identity(series, IDENTITY_SIZE, generator)
    sizes = (task.context_length, task.horizon, ahead - 1)
    head = HEADS[task.decoding](list(encoders.values()), around("head"), task, sizes, levels)
    return Model(encoders, NEXT, head)


def require_linear(task: ForecastSettings) -> None:
    """Raise UsageError where the linear path cannot read what is taken off the windows."""
    if task.linear and task.normalise in ("mean", "standard"):
        raise UsageError(
            f"--set normalise={task.normalise}: the linear forecast is fitted to values as they are or less the last "
            "one; say --set linear=no too"
        )


def tells_apart(settings: ForecastSettings, names: tuple[str, ...]) -> bool:
    """Whether the network is told which series it reads."""
    if settings.identity == "auto":
        return 1 < len(names) <= MOST_SERIES
    return settings.identity == "yes"
