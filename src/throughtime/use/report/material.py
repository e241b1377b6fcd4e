"""What a report is made of: plain Python values, so that it can be built without a run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from throughtime.use.verdict import Scope, scope_of

Row = Mapping[str, Any]


@dataclass(frozen=True)
class ReportMaterial:
    """Everything the page shows. The mappings are the run folder's files as read: what is missing in them is left out.

    ``data`` (of ``data.json``) may hold ``source``, ``notes`` and ``warnings`` (sentences), and by split ``rows``,
    ``classes`` (rows by class), ``lengths`` (rows by length, or by the least length of equal steps), ``length`` (least,
    median, most), and ``unknown`` (share of unknown tokens, by column first); ``unit`` is that of a length, "words".
    Of series, it may hold ``periods`` (first and last time of each split), ``missing`` (missing steps by series) and
    ``series`` (how many there are).
    ``samples`` (of ``samples.json``) are texts that a language model wrote: ``samples``, each with its ``text`` and
    whether it ``parses`` (None where that is no question), ``lines``, ``temperature`` and ``parse_share``; or the
    ``pieces`` of music that a model of notes made, frame by frame.
    ``channels`` name, by input column, what each of its numbers a step measures.
    ``attention`` (the ``rows`` of ``attention.json``) holds for some test rows, by ``id``, the tokens that were
    ``read`` and ``written``, and ``weights``: for each written token a list, how much it looked at each token read.
    """

    name: str
    metrics: Row
    history: Sequence[Row] = ()
    predictions: Sequence[Row] = ()
    data: Row = field(default_factory=dict)
    config: str = ""  # the text of config.toml
    environment: Row = field(default_factory=dict)
    equations: Sequence[str] = ()  # a line each
    parameters: Mapping[str, int] = field(default_factory=dict)  # by part of the model
    command: str = ""
    samples: Row | None = None
    attention: Sequence[Row] = ()
    forecast: Row | None = None  # forecast.json: the future after the last row of each series
    observations: Sequence[Row] = ()  # updates that were looked into while training
    inspection: Mapping[str, Any] = field(default_factory=dict)  # what ``throughtime inspect`` found, by kind
    channels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    neighbours: Mapping[str, Sequence[tuple[str, float]]] = field(default_factory=dict)  # by word: nearest, cosine

    @property
    def test_rows(self) -> int:
        """As counted in the data; where that is unknown, the rows that were answered."""
        return int(self.data.get("rows", {}).get("test", len(self.predictions)))

    @property
    def scope(self) -> Scope:
        """What the test rows are called, and how many steps they have."""
        return scope_of(self.metrics, self.test_rows, self.predictions)
