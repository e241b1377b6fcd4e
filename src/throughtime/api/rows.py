"""Material in rows: inputs and an output, each row answered by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from throughtime.api.beginning import Beginning, put
from throughtime.api.prepared import Measured, Prepared, Say
from throughtime.api.settings import Settings, resolve
from throughtime.api.strands import require_answers_of_strands, require_readable_strands
from throughtime.batch import Batch
from throughtime.data.alignment import require_aligned
from throughtime.data.alternatives import one_row_a_question
from throughtime.data.batches import Batches, batches, collated
from throughtime.data.channels import series_column
from throughtime.data.columns import Proposal, propose
from throughtime.data.dataset import Dataset
from throughtime.data.fields import Field, fields, fields_to_json, fit_fields
from throughtime.data.profile import profile
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.data.splits import NAMES, Splits, given_splits, split
from throughtime.data.values import as_text, shown
from throughtime.data.writable import require_both_sides, require_writable
from throughtime.errors import DataError, Place, UsageError, unknown
from throughtime.models.baselines import Answer, baselines
from throughtime.models.decoding import Way
from throughtime.models.heads.notes import NotesHead
from throughtime.models.material import material, outcome_kind, target
from throughtime.models.metrics import Metric, Outcome, metrics, signatures
from throughtime.models.model import Model, float_type
from throughtime.models.settings import refuse_idle
from throughtime.models.skipgram import skipgram
from throughtime.models.tasks import Task, build_model, task_for, tasks
from throughtime.models.tasks.task import require_kind, require_texts
from throughtime.settings import Group, changed
from throughtime.training.observe.recorder import LONGEST
from throughtime.use.answering import answer, measured
from throughtime.use.composing import composed
from throughtime.use.inspect.attention import attention_maps
from throughtime.use.inspect.memory.context import Context, context_of_rows
from throughtime.use.predictions import test_rows

SAMPLES, SAMPLE = 4, 96  # pieces that are made after training, and their frames
FEW = 5_000  # training rows, below which a network is kept small
CONTEXT_ROWS = 512  # of valid, by which the context that a task needs is measured
WINDOW = 150  # tokens of a long text that are read at a time in training
MUSIC_WINDOW = 200  # frames of a long piece
MUSIC_READ = 3_000_000  # frames, all epochs together


@dataclass(frozen=True)
class PreparedRows(Prepared):
    """``fields`` holds inputs and output by column, inputs first."""

    task: Task
    settings: Settings
    source: str
    splits: Splits
    fields: Mapping[str, Field]
    output: str
    datasets: Mapping[str, Dataset]
    notes: tuple[str, ...]
    beginning: Beginning | None = None

    @property
    def inputs(self) -> dict[str, Field]:
        return {column: field for column, field in self.fields.items() if column != self.output}

    @property
    def output_field(self) -> Field:
        return self.fields[self.output]

    def records(self, split: str) -> Records:
        return getattr(self.splits, split)

    def with_settings(self, settings: Settings) -> PreparedRows:
        return replace(self, settings=settings)

    def new_model(self) -> Model:
        settings = self.settings
        generator = torch.Generator().manual_seed(settings.training.seed)
        model = build_model(
            self.task,
            self.inputs,
            self.output_field,
            settings.network,
            settings.task,
            target=target(self.datasets["train"], self.output_field),
            execution=settings.machine.execution,
            generator=generator,
            vectors=self._vectors() if settings.network.embeddings == "skipgram" else {},
        )
        if self.beginning is not None:
            put(self.beginning.encoder, model.encoders[0])
        return model.to(float_type(settings.machine.precision))

    def _vectors(self) -> dict[str, np.ndarray]:
        """Vectors made of the training texts, by column."""
        network, found = self.settings.network, {}
        for column, field in self.fields.items():
            if field.kind in ("tokens", "words"):
                ids = [row if row.ndim == 1 else row[:, 0] for row in self.datasets["train"].columns[column]]
                size = network.embedding_size or 128
                count = len(field.vocabulary)  # type: ignore[attr-defined]
                found[column] = skipgram(ids, count, size, seed=self.settings.training.seed)
        if not found:
            raise UsageError("--set embeddings=skipgram: no input is a text of tokens; leave it out")
        return found

    def watched_metric(self) -> str:
        name = self.settings.training.metric
        if name == "auto":
            return self.task.metric_for(self.output_field)
        kind = outcome_kind(self.output_field)
        known = [entry for entry, metric in metrics.items() if kind in metric.kinds]
        if name not in known:
            raise unknown(f"metric for {self.output_field.kind}", name, known)
        metrics[name].require()
        if kind == "texts":  # the baselines write, as here, without probabilities; what has no figure is refused now
            metrics[name].compute(Outcome.of_texts([["a"]], ["a"], self.output_field.text_unit))  # type: ignore[attr-defined]
        return name

    def batches(self, epoch: int, start: int) -> Batches:
        settings, crop = self.settings.training, self.settings.data.crop
        train = self.datasets["train"]
        if crop:
            train = train.cropped(crop, settings.seed, epoch)
        if self.settings.data.reverse_complement == "augment":
            train = train.on_drawn_strands(settings.seed, epoch)
        return batches(
            train,
            batch_size=settings.batch_size,
            seed=settings.seed,
            epoch=epoch,
            shuffle=True,
            start=start,
        )

    def evaluated(self, device: torch.device, model: nn.Module) -> dict[str, float]:
        assert isinstance(model, Model)
        written, longest = self.output_field.kind == "tokens", getattr(self.settings.task, "longest", 1)
        way = Way(longest=longest) if written else None  # greedily, which takes less time
        found = answer(model, self.datasets["valid"], self.output_field, device=device, way=way)
        assert found.losses is not None
        return {**measured(found.outcome), "loss": float(found.losses.mean())}

    def beside(self, name: str, metric: Metric) -> Answer | None:
        train, valid, test = (
            material(self.records(split), self.datasets[split], self.inputs, self.output_field) for split in NAMES
        )
        return baselines[name](train, valid, test, metric.score)

    def measured(self, model: nn.Module, device: torch.device, best: Outcome | None) -> Measured:
        assert isinstance(model, Model)
        valid, test = (
            answer(model, self.datasets[split], self.output_field, device=device) for split in ("valid", "test")
        )
        rows = test_rows(self.splits.test, list(self.inputs), self.output_field, test, best)
        more: dict[str, Any] = {} if test.outcome.lengths is None else {"steps": {"test": len(test.outcome)}}
        maps = samples = None
        if isinstance(model.head, NotesHead):
            samples = self._samples(model)
        if test.hypotheses is not None:
            more["texts"] = {"unit": test.outcome.unit, "signatures": signatures(test.outcome)}
            maps = attention_maps(model, self.datasets["test"], test.hypotheses)
        return Measured(measured(valid.outcome), measured(test.outcome), rows, more, samples, maps)

    def _samples(self, model: Model) -> dict[str, Any]:
        """Pieces that the model makes of nothing."""
        temperature = getattr(self.settings.task, "temperature", 1.0)
        made = composed(model, prompt=self._start, length=SAMPLE, temperature=temperature, seed=2, rows=SAMPLES)
        pieces = np.stack([np.repeat(self._start[None, 0], SAMPLES, axis=0), *made], axis=1)
        return {"pieces": [self.output_field.decode(piece) for piece in pieces], "temperature": temperature}

    @property
    def _start(self) -> np.ndarray:
        """The frame that a piece of nothing begins with ``(1, 88)``."""
        (field,) = self.inputs.values()
        return field.encode([list(field.start)], Place())  # type: ignore[attr-defined]

    def figures(self) -> dict[str, Any]:
        return profile(self.splits, self.fields, self.datasets, self.notes)

    def fields_json(self) -> dict[str, Any]:
        return {"inputs": list(self.inputs), "output": self.output, "fields": fields_to_json(self.fields)}

    def unseen(self, count: int) -> Batch:
        valid = self.datasets["valid"]
        # step by step a very long row would take too long; where all are, the shortest are taken
        worth = np.where(valid.lengths <= LONGEST, valid.lengths, -valid.lengths)
        return collated(valid, np.sort(np.argsort(-worth, kind="stable")[:count]))

    def context(self, model: nn.Module) -> Context | None:
        assert isinstance(model, Model)
        valid = self.datasets["valid"]
        spread = np.unique(np.linspace(0, len(valid) - 1, CONTEXT_ROWS).round().astype(np.int64))
        return context_of_rows(model, collated(valid, spread))

    @property
    def window(self) -> tuple[str, int] | None:
        cuts = {name: getattr(self.settings.data, name) for name in ("crop", "max_length")}
        set_ = {name: steps for name, steps in cuts.items() if steps}
        return min(set_.items(), key=lambda item: item[1]) if set_ else None

    def place(self, batch: Batch, sample: int) -> str:
        return str(self.splits.train.where(sample))


def prepare_rows(
    records: Records,
    settings: DataSettings,
    task: str | None,
    chosen: Mapping[str, object],
    tell: Say,
    notes: list[str],
) -> PreparedRows:
    """Propose, split, fit and encode; every decision is told as it is made, and stands in ``notes``."""
    given = given_splits(records, settings)
    _tell_all(tell, records.notes, *(part.notes for part in given.values()))
    found, proposal = _task_for(records, settings, task, tell)
    kind = proposal.kinds[proposal.output]
    chosen = {**found.kind_defaults.get(kind, {}), **chosen}
    begun = resolve(found, chosen).training.init_from  # what cannot be is refused before the work begins
    beginning = None if begun is None else _begin(begun, proposal, tell)
    splits = split(records, settings, proposal.inputs, proposal.output, stratify=kind == "category", given=given)
    _tell_all(tell, splits.notes)
    require_readable_strands(proposal, settings)
    cut = changed(settings, tokens=proposal.unit) if proposal.unit and settings.tokens == "auto" else settings
    fitted = _fitted(splits.train, proposal, cut, beginning)
    if beginning is not None:
        chosen = {**chosen, **beginning.inherited(chosen)}
    _tell_all(tell, *(field.notes for field in fitted.values()))
    _require_several_classes(fitted[proposal.output], records)
    _require_a_sequence(proposal, records)
    _refuse_idle(proposal, settings)
    require_answers_of_strands(fitted, proposal.output, settings, resolve(found, chosen).task)
    if kind == "tokens":
        _require_several_texts(proposal.output, splits.train)
        splits = _questions(splits, proposal, tell)
    datasets = {name: Dataset(getattr(splits, name), fitted) for name in NAMES}
    if kind == "tokens":
        _require_texts(splits, fitted, datasets, proposal.output, resolve(found, chosen).task)
    elif fitted[proposal.output].stepwise:
        for name, dataset in datasets.items():
            require_aligned(getattr(splits, name), fitted, dataset.columns, proposal.output)
    resolved = resolve(found, chosen, _suited(datasets["train"], proposal.output))
    source = str(records.source)
    return PreparedRows(found, resolved, source, splits, fitted, proposal.output, datasets, tuple(notes), beginning)


def _task_for(records: Records, settings: DataSettings, task: str | None, tell: Say) -> tuple[Task, Proposal]:
    """The task that was named, that the material is laid out for, or that learns such an output; and its columns."""
    meant = None if (named := task or records.task) is None else tasks[named]
    asks = meant is not None and meant.texts > 1
    proposal = propose(records, settings, () if task is None else tasks[task].metric, asks=asks)
    _tell_all(tell, proposal.notes)
    kind = proposal.kinds[proposal.output]
    if meant is None:
        found = task_for(kind)
        tell(f"task: {found.name} ({found.shape}), because {proposal.reason}")
        return found, proposal
    if task is None:
        tell(f"task: {meant.name} ({meant.shape}), as the material is laid out")
    require_kind(meant, proposal.output, kind)
    require_texts(meant, {column: proposal.kinds[column] for column in proposal.inputs})
    return meant, proposal


def _fitted(
    train: Records, proposal: Proposal, settings: DataSettings, beginning: Beginning | None
) -> dict[str, Field]:
    """The fields of all columns; where another run is begun from, its field for the one text that is read."""
    if beginning is None:
        return fit_fields(train, proposal.kinds, {proposal.output}, settings)
    if settings.reverse_complement != "none":
        told = f"texts are read with the vocabulary of {beginning.path}, which knows one strand; leave it out"
        raise UsageError(f"--set reverse_complement={settings.reverse_complement}: {told}")
    if settings.shared_vocabulary:
        told = f"texts are read with the vocabulary of {beginning.path}; leave it out"
        raise UsageError(f"--set shared_vocabulary=yes: {told}")
    only, output = proposal.inputs[0], proposal.output
    outputs = fit_fields(train, {output: proposal.kinds[output]}, {output}, settings)
    return {only: beginning.known(only, settings.max_length), **outputs}


def _questions(splits: Splits, proposal: Proposal, tell: Say) -> Splits:
    """Of valid and test a row for each question, with all its right answers."""
    valid, test = (one_row_a_question(part, proposal.inputs, proposal.output) for part in (splits.valid, splits.test))
    rows = len(splits.valid) + len(splits.test) - len(valid) - len(test)
    if rows:
        tell(f"in valid and test {rows:,} rows ask what another one asks: they count as further right answers to it")
    return replace(splits, valid=valid, test=test)


def _require_texts(
    splits: Splits, fitted: Mapping[str, Field], datasets: Mapping[str, Dataset], output: str, task: Group
) -> None:
    for name, dataset in datasets.items():
        require_both_sides(getattr(splits, name), fitted, dataset.columns)
    longest = getattr(task, "longest", None)
    assert longest is not None, "who writes texts says how long they may be"
    require_writable(splits.train, fitted[output], datasets["train"].columns[output], longest)


def _begin(path: str, proposal: Proposal, tell: Say) -> Beginning:
    if len(proposal.inputs) != 1 or proposal.kinds[proposal.inputs[0]] not in ("tokens", "words"):
        held = ", ".join(f'"{column}" ({proposal.kinds[column]})' for column in proposal.inputs)
        raise UsageError(f"--init-from {path}: one text is read with its vocabulary; the inputs are {held}")
    beginning = Beginning.of(path)
    tell(beginning.note())
    return beginning


def _tell_all(tell: Say, *parts: tuple[str, ...]) -> None:
    for part in parts:
        for sentence in part:
            tell(sentence)


def _require_a_sequence(proposal: Proposal, records: Records) -> None:
    """Raise UsageError where there is no order to learn: nothing of several steps is read, and none is written."""
    kinds = {column: proposal.kinds[column] for column in proposal.inputs}
    if proposal.kinds[proposal.output] == "tokens":
        return
    if not any(fields[kind].stepwise for kind in kinds.values()):
        held = ", ".join(f'"{column}" ({kind})' for column, kind in kinds.items())
        classes = proposal.kinds[proposal.output] == "category"
        written = f', or, if "{proposal.output}" is a text to be written, --task transduce' if classes else ""
        if (series := series_column(records)) is not None:
            raise UsageError(
                f"there is nothing to read in order: the inputs are {held}; if the rows are the steps of series, "
                f"and {series} says of which, say --set series={series}"
            )
        followed = ", or, if the rows follow each other in time, --task forecast" * (set(kinds.values()) == {"number"})
        raise UsageError(
            f"there is nothing to read in order: the inputs are {held}; "
            f"name a text with --input, or say --set kinds={next(iter(kinds))}=tokens{written}{followed}"
        )


def _refuse_idle(proposal: Proposal, settings: DataSettings) -> None:
    """Raise UsageError for what was said about texts where there are none, or only words that are cut already."""
    kinds = {proposal.kinds[column] for column in proposal.inputs}
    if proposal.kinds[proposal.output] == "notes":
        refuse_idle(settings, ("label_separator", "missing"), "notes are whole numbers in lists")
    if proposal.kinds[proposal.output] == "tokens":
        refuse_idle(settings, ("crop",), "whole texts are written")
        if "labels" not in kinds:
            refuse_idle(settings, ("label_separator",), "no input holds labels")
        return
    if "words" in kinds and "tokens" not in kinds:
        cutting = ("tokens", "subwords", "kmer", "shared_vocabulary")
        refuse_idle(settings, cutting, "the inputs hold words, each with a value of its own")
    elif "tokens" not in kinds:
        names = ("tokens", "subwords", "kmer", "shared_vocabulary", "lower_case", "max_vocabulary", "min_count")
        refuse_idle(settings, names, "no input holds words or letters")


def _require_several_texts(output: str, records: Records) -> None:
    different = {as_text(value) for value in records.column(output)}
    if len(different) < 2:
        raise DataError(
            f"every row has the same text, {shown(different.pop())}",
            place=Place(records.source, None, output),
            mend="give rows of another text, or choose another --output",
        )


def _require_several_classes(output: Field, records: Records) -> None:
    classes = getattr(output, "classes", None)
    if output.kind in ("category", "tags") and classes is not None and len(classes) < 2:
        place = Place(records.source, None, output.column)
        what = "row" if output.kind == "category" else "step"
        raise DataError(
            f'every {what} is of one class, "{classes[0]}"',
            place=place,
            mend=f"give {what}s of another class, or choose another --output",
        )


def _suited(train: Dataset, output: str) -> dict[str, object]:
    """Defaults that suit the training rows: few rows want a small network and much dropout, long texts a window."""
    fields = train.fields
    words = any(
        field.kind in ("tokens", "words", "sentences") and getattr(field, "unit", "") not in ("characters", "bytes")
        for field in fields.values()
    )
    suited: dict[str, object] = {"batch_size": min(max(len(train) // 100, 8), 64)}
    if fields[output].kind == "tokens":
        return {**suited, "hidden_size": 64 if len(train) < FEW else 256, "dropout": 0.4 if words else 0.3}
    stepwise = fields[output].stepwise
    if fields[output].kind == "notes":
        return {**suited, **_suited_to_music(train)}
    if stepwise and words:  # the letters must learn to speak for the word; with less noise names are learnt by heart
        suited |= {"batch_size": min(max(len(train) // 100, 8), 32), "dropout": 0.5, "token_dropout": 0.1}
        suited["learning_rate"] = 0.004
    if (int(train.lengths.sum()) // 20 if stepwise else len(train)) < FEW:
        suited |= {"hidden_size": 32, "dropout": 0.5, "token_dropout": 0.2 if words else 0.0}
        if not words and any(field.kind == "numbers" for column, field in fields.items() if column != output):
            suited["epochs"] = 30  # no words are learnt by heart, and of few series much is to be learnt
    if any(getattr(field, "strands", None) and getattr(field, "unit", "") == "characters" for field in fields.values()):
        suited |= {"learning_rate": 0.002, "epochs": 30}  # of four letters nothing is seen until long runs are known
    if words and float(train.lengths.mean()) >= 2 * WINDOW:
        suited["crop"] = WINDOW
    return suited


def _suited_to_music(train: Dataset) -> dict[str, object]:
    """A short collection is read often, and of long pieces windows."""
    suited: dict[str, object] = {"epochs": min(max(MUSIC_READ // max(1, int(train.lengths.sum())), 15), 40)}
    if float(train.lengths.mean()) >= 2 * MUSIC_WINDOW:
        suited["crop"] = MUSIC_WINDOW
    return suited


def data_path(data: Any) -> str:
    """The path as config.toml keeps it; empty for material from Python."""
    return str(data) if isinstance(data, (str, Path)) else ""
