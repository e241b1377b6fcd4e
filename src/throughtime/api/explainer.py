"""A finished run's network opened up over single inputs: why it answers so, its quantities, one step, its units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from throughtime.api.again import prepared_again
from throughtime.api.given import Given
from throughtime.api.held_out import documents_for
from throughtime.api.rows import PreparedRows
from throughtime.data.batches import collated
from throughtime.data.dataset import Dataset
from throughtime.data.fields import Field
from throughtime.data.records import Records
from throughtime.errors import DataError, UsageError
from throughtime.models.heads.notes import NotesHead
from throughtime.models.heads.tokens import TextHead
from throughtime.models.language_model import LanguageModel
from throughtime.models.model import Model
from throughtime.models.tasks import Task
from throughtime.training.runs import Run
from throughtime.use.inspect.explain import Among, Explained, among, explain_row, explain_text, explain_written
from throughtime.use.inspect.recording import recorded_row, recorded_text
from throughtime.use.inspect.step.answer import answering, reading
from throughtime.use.inspect.step.numbers import StepInNumbers, step_of
from throughtime.use.inspect.units.annotations import Wanted, chosen
from throughtime.use.inspect.units.finding import find_units
from throughtime.use.inspect.units.found_units import UnitsFound

Row = str | Mapping[str, Any]  # a text, or a record with the run's input columns


@dataclass(frozen=True)
class Explainer:
    """What is asked is read by ``given``; everything raises UsageError for what the run cannot be asked."""

    run: Run
    task: Task
    model: Model | LanguageModel
    given: Given

    def row(self, data: Any, number: int | None, series: str | None) -> dict[str, Any]:
        """The inputs of one row of ``data``, as the others take it."""
        self._require_reader()
        return self.given.row(data, number, series)

    def explain(self, asked: Row, step: int | None, answer: str | None, data: Any, nearest: int) -> Explained:
        """Why the answer is what it is, with so many of the ``nearest`` rows of training or of ``data``."""
        model = self._reader_of(asked)
        if isinstance(model, LanguageModel):
            field = self.given.text_field()
            return explain_text(model, field, str(asked), self.task.name, step=step, answer=answer)
        if isinstance(model.head, NotesHead):
            raise UsageError(
                "a model of notes answers 88 questions a frame, of which none is explained; predict gives all"
            )
        records, inputs = self.given.one(asked), self._inputs
        if model.head.stepwise:
            self.given.require_aligned(records, Dataset(records, inputs))
        if isinstance(model.head, TextHead):
            found = explain_written(model, records, inputs, self.task.name, step=step, answer=answer)
        else:
            found = explain_row(model, records, inputs, self._output, self.task.name, step=step, answer=answer)
        if nearest < 1:
            return found
        try:
            rows = self._training_rows if data is None else self._among(self.given.records(data))
        except (UsageError, DataError) as error:
            return replace(found, no_nearest=str(error))
        return replace(found, nearest=tuple(rows.nearest(torch.from_numpy(found.seen), nearest)))

    def record(self, asked: Row, names: Sequence[str]) -> dict[str, np.ndarray]:
        """Named quantities of every recurrent layer at every step."""
        model = self._reader_of(asked)
        if isinstance(model, LanguageModel):
            return recorded_text(model, self.given.text_field(), str(asked), names)
        dataset = Dataset(self.given.one(asked), self._inputs)
        return recorded_row(model, collated(dataset, np.zeros(1, dtype=np.int64)), names)

    def step(self, asked: Row, step: int, layer: int, reverse: bool, unit: int | None) -> StepInNumbers:
        """One step of one unit in numbers."""
        model = self._reader_of(asked)
        if isinstance(model, LanguageModel):
            read = reading(model, self.given.text_field(), str(asked))
        else:
            column = self.given.only_text() if isinstance(asked, str) else self.given.only_steps()
            read = answering(model, Dataset(self.given.one(asked), {column: self.given.fields[column]}), self._output)
        return step_of(read, step, layer=layer, reverse=reverse, unit=unit)

    def units(
        self,
        annotations: Wanted | None,
        data: Any,
        pattern: str | None,
        *,
        states: Sequence[str],
        best: int,
        most: int,
        done: Callable[[int], None] | None,
    ) -> UnitsFound:
        """Units of a language model that stand for something."""
        model = self.model
        if not isinstance(model, LanguageModel):
            path = self.run.path
            if isinstance(model.head, NotesHead):
                raise UsageError(f"{path}: units are found in a language model of text; this one reads notes")
            raise UsageError(f"{path}: units are found in a language model; this run's task is {self.task.name}")
        documents = documents_for(data, self.run, self.given.settings)
        wanted, strict = chosen(annotations, pattern, documents), annotations is not None or pattern is not None
        field = self.given.text_field()
        return find_units(
            model, field, documents, wanted, states=states, best=best, most=most, strict=strict, done=done
        )

    def _reader_of(self, asked: Row) -> Model | LanguageModel:
        """The network, if it reads such a thing."""
        self._require_reader()
        if isinstance(self.model, LanguageModel) and not isinstance(asked, str):
            raise UsageError("a language model reads a text; give a text")
        return self.model

    def _require_reader(self) -> None:
        """Raise UsageError for a forecaster, which reads neither texts nor rows."""
        if self.task.name == "forecast":
            raise UsageError(
                f"{self.run.path}: a forecaster is asked why the future of a series is forecast so, with --series NAME "
                "and --at N alone; nothing else shows how far back it looks"
            )

    @property
    def _inputs(self) -> dict[str, Field]:
        return {column: self.given.fields[column] for column in self.given.inputs}

    @property
    def _output(self) -> Field:
        return self.given.fields[self.given.output]

    @cached_property
    def _training_rows(self) -> Among:
        prepared = prepared_again(self.run)
        assert isinstance(prepared, PreparedRows) and isinstance(self.model, Model)
        return among(self.model, prepared.records("train"), prepared.datasets["train"], self.given.output)

    def _among(self, records: Records) -> Among:
        assert isinstance(self.model, Model)
        return among(self.model, records, Dataset(records, self._inputs), self.given.output)
