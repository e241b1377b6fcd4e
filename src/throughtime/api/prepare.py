"""From a person's data to everything training needs: task, settings, splits, fitted fields, encoded rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from throughtime.api.settings import Settings, one_group, resolve
from throughtime.data.columns import Proposal, propose
from throughtime.data.dataset import Dataset
from throughtime.data.fields import Field, fit_fields
from throughtime.data.fields.tokens import Tokens
from throughtime.data.files import read
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.data.splits import Splits, given_splits, split
from throughtime.errors import DataError, Place, UsageError
from throughtime.models.tasks import Task, task_for, tasks
from throughtime.models.tasks.task import require_kind

Say = Callable[[str], None]
SINGLE = {"number", "category", "labels"}  # kinds of columns that hold no sequence
FEW = 5_000  # training rows, below which a network is kept small
WINDOW = 150  # tokens of a long text that are read at a time in training


@dataclass(frozen=True)
class Prepared:
    """All that is known before a weight is drawn. ``fields`` holds inputs and output by column, inputs first."""

    task: Task
    settings: Settings
    source: str
    splits: Splits
    fields: Mapping[str, Field]
    output: str
    datasets: Mapping[str, Dataset]
    notes: tuple[str, ...]

    @property
    def inputs(self) -> dict[str, Field]:
        return {column: field for column, field in self.fields.items() if column != self.output}

    @property
    def output_field(self) -> Field:
        return self.fields[self.output]

    def records(self, split: str) -> Records:
        return getattr(self.splits, split)


def prepare(data: Any, task: str | None, chosen: Mapping[str, object], say: Say) -> Prepared:
    """Read, propose, split, fit and encode; every decision is said aloud as it is made.

    ``data`` is a path, a list of records, a dictionary of columns or a data frame. Raises DataError and UsageError.
    """
    notes: list[str] = []

    def tell(*sentences: str) -> None:
        notes.extend(sentences)
        for sentence in sentences:
            say(sentence)

    settings = one_group(DataSettings, chosen, (entry for _, entry in tasks.items()))
    records = read(data, settings)
    given = given_splits(records, settings)
    tell(*records.notes, *(note for part in given.values() for note in part.notes))
    proposal = propose(records, settings)
    tell(*proposal.notes)
    kind = proposal.kinds[proposal.output]
    if task is None:
        found = task_for(kind)
        tell(f"task: {found.name} ({found.shape}), because {proposal.reason}")
    else:
        found = tasks[task]
        require_kind(found, proposal.output, kind)
    resolve(found, chosen)  # what cannot be is refused before the work begins
    splits = split(records, settings, proposal.inputs, proposal.output, stratify=kind == "category", given=given)
    tell(*splits.notes)
    fields = fit_fields(splits.train, proposal.kinds, {proposal.output}, settings)
    tell(*(note for field in fields.values() for note in field.notes))
    _require_several_classes(fields[proposal.output], records)
    _require_a_sequence(proposal)
    datasets = {name: Dataset(getattr(splits, name), fields) for name in ("train", "valid", "test")}
    resolved = resolve(found, chosen, _suited(datasets["train"]))
    return Prepared(found, resolved, str(records.source), splits, fields, proposal.output, datasets, tuple(notes))


def _require_a_sequence(proposal: Proposal) -> None:
    kinds = {column: proposal.kinds[column] for column in proposal.inputs}
    if set(kinds.values()) <= SINGLE:
        held = ", ".join(f'"{column}" ({kind})' for column, kind in kinds.items())
        raise UsageError(
            f"there is nothing to read in order: the inputs are {held}; "
            f"name a text with --input, or say --set kinds={next(iter(kinds))}=tokens"
        )


def _require_several_classes(output: Field, records: Records) -> None:
    classes = getattr(output, "classes", None)
    if output.kind == "category" and classes is not None and len(classes) < 2:
        place = Place(records.source, None, output.column)
        raise DataError(
            f'every row is of one class, "{classes[0]}"',
            place=place,
            mend="give rows of another class, or choose another --output",
        )


def _suited(train: Dataset) -> dict[str, object]:
    """Defaults that suit the training rows: few rows want a small network and much dropout, long texts a window."""
    words = any(isinstance(field, Tokens) and field.unit != "characters" for field in train.fields.values())
    suited: dict[str, object] = {"batch_size": min(max(len(train) // 100, 8), 64)}
    if len(train) < FEW:
        suited |= {"hidden_size": 32, "dropout": 0.5, "token_dropout": 0.2 if words else 0.0}
    if words and float(train.lengths.mean()) >= 2 * WINDOW:
        suited["crop"] = WINDOW
    return suited


def data_path(data: Any) -> str:
    """The path as config.toml keeps it; empty for material from Python."""
    return str(data) if isinstance(data, (str, Path)) else ""
