"""Material that is running text: read on and on, the next token to be predicted at every step."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from throughtime.api.beginning import Beginning, put
from throughtime.api.prepared import Measured, Prepared, Say
from throughtime.api.settings import Settings, resolve
from throughtime.batch import Batch
from throughtime.cells.cell import form
from throughtime.cells.equations.parameters import recurrent_maps
from throughtime.data.fields.tokens import LETTERS
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.data.splits import NAMES
from throughtime.data.streams import Stream, Streams, read_streams
from throughtime.data.streams.windows import Windows
from throughtime.data.tokenisation import unit_name
from throughtime.errors import UsageError, unknown
from throughtime.models.baselines import Answer, Material, baselines
from throughtime.models.decoding.sampling import Sampling
from throughtime.models.language_model import LanguageModel
from throughtime.models.metrics import Metric, Outcome, metrics
from throughtime.models.model import float_type
from throughtime.models.settings import LanguageSettings, refuse_idle
from throughtime.models.skipgram import skipgram
from throughtime.models.tasks import Task, tasks
from throughtime.use.answering import measured
from throughtime.use.generating import texts
from throughtime.use.inspect.memory.context import Context, context_of_stream
from throughtime.use.reading_on import line_rows, read_on

IDLE = (
    "kinds", "split", "group", "label_separator", "max_length", "crop", "missing", "delimiter", "header", "subwords",
    "shared_vocabulary", "series", "time",
)  # fmt: skip
READ = 14_000_000  # tokens, all epochs together
SHORT = 2_000_000  # training tokens, below which the network would learn the text by heart
SAMPLES = 20
UNSEEN = 256  # steps of the validation text that are looked into
BEGINNING = 5_000_000  # tokens from which frequencies and vectors are taken


@dataclass(frozen=True)
class PreparedStream(Prepared):
    """The streams of a text, and the task of going on with them."""

    task: Task
    settings: Settings
    source: str
    streams: Streams
    notes: tuple[str, ...]
    beginning: Beginning | None = None

    def with_settings(self, settings: Settings) -> PreparedStream:
        return replace(self, settings=settings)

    @property
    def language(self) -> LanguageSettings:
        assert isinstance(self.settings.task, LanguageSettings)
        return self.settings.task

    @property
    def unit(self) -> str:
        """What a token is, in words."""
        return unit_name(self.streams.field.unit)

    def new_model(self) -> LanguageModel:
        settings = self.settings
        model = LanguageModel(
            self.streams.field,
            settings.network,
            self.language,
            cell=form(settings.network.cell),
            execution=settings.machine.execution,
            generator=torch.Generator().manual_seed(settings.training.seed),
            vectors=self._vectors() if settings.network.embeddings == "skipgram" else None,
            counts=np.bincount(self._beginning(), minlength=len(self.streams.field.vocabulary)),
        )
        if self.beginning is not None:
            put(self.beginning.weights, model)
        return model.to(float_type(settings.machine.precision))

    def _vectors(self) -> np.ndarray:
        """Vectors made of the training text, or of its beginning."""
        size = self.settings.network.embedding_size or 128
        return skipgram([self._beginning()], len(self.streams.field.vocabulary), size, seed=self.settings.training.seed)

    def _beginning(self) -> np.ndarray:
        return self.streams["train"].read(0, BEGINNING).astype(np.int64)

    def watched_metric(self) -> str:
        name = self.settings.training.metric
        if name == "auto":
            watched = self.task.metric["stream"]
            return watched if isinstance(watched, str) else watched(self.streams.field)
        known = [entry for entry, metric in metrics.items() if "tokens" in metric.kinds]
        if name not in known:
            raise unknown("metric for running text", name, known)
        return name

    def batches(self, epoch: int, start: int) -> Windows:
        return Windows(self.streams["train"], self.settings.training.batch_size, self.language.bptt, start)

    def evaluated(self, device: torch.device, model: nn.Module) -> dict[str, float]:
        assert isinstance(model, LanguageModel)
        found = measured(read_on(model, self.streams["valid"], device=device))
        return {**found, "loss": found["cross_entropy"]}

    def beside(self, name: str, metric: Metric) -> Answer | None:
        train, valid, test = (self._material(self.streams[split]) for split in NAMES)
        return baselines[name](train, valid, test, metric.score)

    def _material(self, stream: Stream) -> Material:
        size = len(self.streams.field.vocabulary)
        return Material({}, {}, {}, stream.ids, vocabulary_size=size, characters=stream.characters)

    def measured(self, model: nn.Module, device: torch.device, best: Outcome | None) -> Measured:
        assert isinstance(model, LanguageModel)
        rate = self.language.dynamic_rate
        valid, test = (
            read_on(model, self.streams[split], device=device, dynamic_rate=rate) for split in ("valid", "test")
        )
        rows = line_rows(self.streams.field, self.streams["test"], test, best)
        more = {"tokens": {"test": len(test), "unit": self.unit}}
        return Measured(measured(valid), measured(test), rows, more, self._samples(model))

    def sample(self, device: torch.device, model: nn.Module) -> str | None:
        assert isinstance(model, LanguageModel)
        sampling = Sampling(self.language.temperature)
        most = 300 if self.unit in LETTERS else 60
        (found,) = texts(model, self.streams.field, count=1, lines=12, most=most, sampling=sampling, seed=1)
        return found

    def _samples(self, model: LanguageModel) -> dict[str, Any]:
        """Texts of so many lines; where the model has read Python, whether each is Python."""
        lines, sampling = self.language.sample_lines, Sampling(self.language.temperature)
        most = lines * (80 if self.unit in LETTERS else 20)
        found = texts(model, self.streams.field, count=SAMPLES, lines=lines, most=most, sampling=sampling, seed=2)
        python = self.streams.suffix == ".py"
        judged = [{"text": text, "parses": parses(text) if python else None} for text in found]
        share = float(np.mean([entry["parses"] for entry in judged])) if python else None
        return {"samples": judged, "lines": lines, "temperature": sampling.temperature, "parse_share": share}

    def figures(self) -> dict[str, Any]:
        streams = self.streams
        return {
            "source": self.source,
            "notes": list(self.notes),
            "unit": self.unit,
            "tokens": {name: len(streams[name]) for name in NAMES},
            "characters": {name: streams[name].characters for name in NAMES},
            "unknown": {"text": {name: self._unknown[name] for name in NAMES}},
            "rows": {name: len(streams[name]) for name in NAMES},
            "digest": " ".join(streams[name].digest for name in NAMES),
            "test_digest": streams["test"].digest,
            "warnings": self._warnings(),
        }

    def _warnings(self) -> list[str]:
        share = self._unknown["valid"]
        if share <= 0.1:
            return []
        return [f"{share:.0%} of the validation {self.unit} are <unk>; characters may serve better"]

    @cached_property
    def _unknown(self) -> dict[str, float]:
        """The share of unknown tokens, of the first million of each split."""
        return {name: float((self.streams[name].ids[:1_000_000] == 1).mean()) for name in NAMES}

    def fields_json(self) -> dict[str, Any]:
        field = self.streams.field
        return {"inputs": [field.column], "output": field.column, "fields": {field.column: field.to_json()}}

    def unseen(self, count: int) -> Batch:
        valid = self.streams["valid"]
        steps = min(UNSEEN, max(1, len(valid) // count))
        return Windows(valid, count, steps).window(0)

    def context(self, model: nn.Module) -> Context | None:
        assert isinstance(model, LanguageModel)
        return context_of_stream(model, self.streams["valid"])

    @property
    def window(self) -> tuple[str, int] | None:
        return "bptt", self.language.bptt

    def place(self, batch: Batch, sample: int) -> str:
        row = sample % self.settings.training.batch_size
        first = row * self.batches(1, 0).row_length + batch.offset
        return f"{self.source}, {self.unit} {first:,} and on of the training text"

    def example(self) -> Batch:
        return Windows(self.streams["train"], 1, 2).window(0)


def prepare_text(
    source: Any,
    settings: DataSettings,
    chosen: Mapping[str, object],
    tell: Say,
    notes: list[str],
    *,
    records: Records | None = None,
    why: str = "",
    room: Path | None = None,
) -> PreparedStream:
    """Split a text, fit its vocabulary and tokenise it, once; every decision is told as it is made."""
    task = tasks["language_model"]
    if settings.reverse_complement != "none":
        raise UsageError(
            f"--set reverse_complement={settings.reverse_complement}: running text is read onwards, from one window to "
            "the next, and in one direction; leave it out, or give the other strands as sequences too"
        )
    refuse_idle(settings, ("kmer",), "running text is cut into characters, bytes or words")
    refuse_idle(settings, IDLE, "running text has no rows and no columns")
    if records is None:
        refuse_idle(settings, ("input", "output"), "running text has no columns")
    if why:
        tell(f"task: {task.name} ({task.shape}), because {why}")
    first = resolve(task, chosen)
    beginning = None
    if first.training.init_from is not None:
        beginning = Beginning.of(first.training.init_from)
        if beginning.task != task.name:
            raise UsageError(f"--init-from {first.training.init_from}: a language model begins from a language model")
        tell(beginning.note())
        chosen = {**chosen, **beginning.inherited(chosen)}
    known = None if beginning is None else beginning.field
    streams = read_streams(source, first.data, tell, records=records, known=known, room=room)
    resolved = resolve(task, chosen, _suited(streams, first))
    rows, tokens = resolved.training.batch_size, len(streams["train"])
    if rows * 2 > tokens:
        raise UsageError(
            f"--batch-size {rows}: the training text has {tokens:,} tokens, less than two for each of so many rows; "
            "give fewer, or more text"
        )
    return PreparedStream(task, resolved, streams.source, streams, tuple(notes), beginning)


def _suited(streams: Streams, settings: Settings) -> dict[str, object]:
    """Rows long enough that a state has time to tell something; a short text is read often, and against much noise."""
    tokens = len(streams["train"])
    suited: dict[str, object] = {
        "batch_size": min(max(tokens // 2_000, 1), 32),
        "epochs": min(max(READ // tokens, 1), 20),
        "dropout": 0.4 if tokens < SHORT else 0.15,
    }
    if tokens < SHORT and recurrent_maps(form(settings.network.cell)):
        suited["drop_connect"] = 0.25
    return suited


def parses(text: str) -> bool:
    """Whether a text is Python.

    >>> parses("x = (1"), parses("x = (1)")
    (False, True)
    """
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
