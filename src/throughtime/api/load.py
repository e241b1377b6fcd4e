"""Use what was trained: predict, evaluate, explain, see the verdict."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from throughtime.api.again import prepared_again
from throughtime.api.composer import Composer
from throughtime.api.explainer import Explainer
from throughtime.api.forecaster import Forecaster
from throughtime.api.given import Given
from throughtime.api.inspecting import memory_of
from throughtime.api.own import import_files
from throughtime.api.prepared import Say
from throughtime.api.rebuilt import device_here, rebuilt, settings_of
from throughtime.api.settings import Settings
from throughtime.cells.equations import Graph
from throughtime.data.alignment import require_aligned
from throughtime.data.alternatives import one_row_a_question
from throughtime.data.dataset import Dataset
from throughtime.data.fields import Field, fields_from_json
from throughtime.data.fields.notes import Notes
from throughtime.data.music import Piece
from throughtime.data.profile import foreign
from throughtime.data.writable import require_both_sides
from throughtime.errors import UsageError
from throughtime.models.decoding import Sampling, Way
from throughtime.models.heads.notes import NotesHead
from throughtime.models.heads.tokens import TextHead
from throughtime.models.language_model import LanguageModel
from throughtime.models.model import Model
from throughtime.models.settings import ForecastSettings
from throughtime.models.tasks import Task, tasks
from throughtime.training.runs import Run
from throughtime.use.answering import answer, measured
from throughtime.use.generating import next_tokens, stream
from throughtime.use.inspect.explain import Explained, ExplainedForecast
from throughtime.use.inspect.memory import Memory
from throughtime.use.inspect.step.numbers import StepInNumbers
from throughtime.use.inspect.units.annotations import Wanted
from throughtime.use.inspect.units.finding import MOST
from throughtime.use.inspect.units.found_units import UnitsFound
from throughtime.use.predictions import answered_rows
from throughtime.use.reading_on import read_on
from throughtime.use.verdict import verdict
from throughtime.use.writing import way_of


def load(run: str | os.PathLike[str], *, use: Sequence[str | os.PathLike[str]] = ()) -> TrainedRun:
    """The finished run in a folder; ``use`` are files with tasks or formats of one's own, where it has some.

    Raises UsageError if there is no finished run, DataError that names a damaged file.
    """
    import_files(use)
    return TrainedRun(Run.open(run))


class TrainedRun:
    """A finished run: its figures, and its model ready for use."""

    def __init__(self, run: Run) -> None:
        self.run, self.path = run, run.path
        self.metrics: Mapping[str, Any] = run.metrics.read()

    def __repr__(self) -> str:
        metric = self.metrics["metric"]
        return f"TrainedRun({str(self.path)!r}: {metric} {self.metrics['test'][metric]:.4g} on test)"

    @property
    def verdict(self) -> str:
        """The network against its best baseline, in words."""
        rows = self.run.predictions.read()
        return verdict(self.metrics, len(rows), rows)

    @cached_property
    def task(self) -> Task:
        return tasks[self.metrics["task"]]

    @cached_property
    def settings(self) -> Settings:
        return settings_of(self.run, self.task)

    @cached_property
    def fields(self) -> dict[str, Field]:
        """Inputs and output by column."""
        return fields_from_json(self.run.fields.read()["fields"])

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        return tuple(self.run.fields.read()["inputs"])

    @cached_property
    def output(self) -> Field:
        return self.fields[self.run.fields.read()["output"]]

    @cached_property
    def given(self) -> Given:
        """Reads what the run is asked about."""
        return Given(self.fields, self.inputs, self.run.fields.read()["output"], self.settings.data)

    @cached_property
    def graph(self) -> Graph:
        """The recorded cell: what the run needs of it, whatever file it came from."""
        return Graph.from_json(self.run.cell.read())

    @cached_property
    def model(self) -> Model | LanguageModel:
        """The trained network, in evaluation."""
        return rebuilt(self.run, self.task, self.settings, self.run.model.read()).eval()

    @cached_property
    def device(self) -> torch.device:
        """The run's device where this machine has it, else the best that it has."""
        return device_here(self.settings.machine)

    @cached_property
    def forecaster(self) -> Forecaster:
        """What a forecaster keeps beside its network; UsageError for a run of another task."""
        if not isinstance(self.settings.task, ForecastSettings):
            raise UsageError(f"{self.path}: a run of the task {self.task.name} forecasts nothing")
        return Forecaster.of(self.run, self.settings.data)

    def predict(
        self,
        data: Any = None,
        *,
        batch_size: int = 64,
        done: Callable[[int], None] | None = None,
        tell: Say | None = None,
        **writing: Any,
    ) -> list[dict[str, Any]]:
        """``{"predicted": ..., "probabilities": {...}}`` for each row of ``data``, or for each of its steps.

        ``data`` is a path, a list of texts (for a run with one text column), a list of records, or a data frame;
        columns other than the run's inputs do not matter; what was gathered from steps says of which ``series`` it is;
        so many as ``batch_size`` are answered at once. A language model gives the likeliest next tokens after each
        text. A forecaster gives for each series the steps after the last row of ``data``, or without it after its own
        last row: ``{"series", "time", "predicted", "lower", "upper"}``; ``tell`` is called with what is odd about rows.

        Where a text is written, ``writing`` may say otherwise than the run's settings how: ``beam``, ``n_best``,
        ``length_penalty``, ``coverage_penalty``, ``longest``, a ``prefix`` that answers begin with; or ``temperature``,
        ``top_k``, ``top_p`` and ``seed``, for answers that are drawn, ``n_best`` of them. Each row then also has
        ``log_probability``, ``score``, ``finished``, and ``n_best`` where several were asked for. Raises UsageError for
        what this run cannot do.

        A model of notes reads pieces, and says of each frame of them which notes follow it: ``predicted`` are those
        that are likelier to sound than not, ``probabilities`` those of at least 0.05, frame by frame.
        """
        if self.task.name == "forecast":
            if writing:
                raise UsageError(f"{', '.join(writing)}: the run is a forecaster and writes no texts; leave it out")
            assert isinstance(self.model, Model)
            return self.forecaster.predict(self.model, data, self.device, tell)
        if data is None:
            raise UsageError("there is nothing to answer; give a file, texts or records")
        if isinstance(self.model, LanguageModel):
            if writing:
                raise UsageError(f"{', '.join(writing)}: the run is a language model; generate writes texts")
            return [next_tokens(self.model, self.given.text_field(), text) for text in self.given.texts(data)]
        records = self.given.whole_pieces(data) if self.composes else self.given.records(data)
        inputs = {column: self.fields[column] for column in self.inputs}
        dataset = Dataset(records, inputs)
        if tell is not None:
            for note in foreign(dataset):
                tell(note)
        if self.model.head.stepwise:
            self.given.require_aligned(records, dataset)
        way = self._way(writing) if writing else None
        found = answer(
            self.model,
            dataset,
            self.output,
            batch_size=batch_size,
            device=self.device,
            truth=False,
            way=way,
            done=done,
        )
        rows = answered_rows(self.output, found)
        if records.series is None:
            return rows
        return [{"series": name, **row} for name, row in zip(records.columns[records.series], rows, strict=True)]

    def evaluate(
        self, data: Any, *, done: Callable[[int], None] | None = None, tell: Say | None = None
    ) -> dict[str, float]:
        """All metrics on other labelled data, which holds the run's input and output columns; or on another text.

        Of data that says which of its rows are for the test, only these are measured. Of series, ``tell`` is called
        with what is odd about the rows.
        """
        if self.task.name == "forecast":
            assert isinstance(self.model, Model)
            return self.forecaster.evaluate(self.model, data, self.device, done, tell)
        if isinstance(self.model, LanguageModel):
            streams = self.given.stream(data)
            rate = getattr(self.settings.task, "dynamic_rate", 0.0)
            return measured(read_on(self.model, streams["test"], device=self.device, dynamic_rate=rate, done=done))
        records = self.given.records(data, with_output=True)
        if records.split is not None and "test" in records.split:
            records = records.select(i for i, name in enumerate(records.split) if name == "test")
        if self.output.kind == "tokens":
            records = one_row_a_question(records, self.inputs, self.output.column)
        dataset = Dataset(records, self.fields)
        if self.output.kind == "tokens":
            require_both_sides(records, self.fields, dataset.columns)
        if self.model.head.stepwise:
            require_aligned(records, self.fields, dataset.columns, self.output.column)
        found = answer(self.model, dataset, self.output, device=self.device, done=done)
        return measured(found.outcome)

    def explain(
        self,
        given: str | Mapping[str, Any],
        *,
        step: int | None = None,
        answer: str | None = None,
        data: Any = None,
        nearest: int = 5,
    ) -> Explained:
        """Why the network answers ``given`` as it does: a text, or a record with the run's input columns.

        What each token gave to the answer's score (integrated gradients, which add up to it), the answer without each
        of them, gates and states over the tokens, and the ``nearest`` training rows: see :class:`Explained`.
        ``throughtime.use.inspect.explain.lines`` writes it for a terminal.

        ``step``, from 0, is the step whose answer is explained where every step has one, by default the least sure; of
        a language model the token that is explained, by default the one that would follow the text. Where a text is
        written, it is one of its tokens, by default the least sure; ``written`` then says of all of them where the
        decoder looked, and what each rests on: :class:`WrittenText`. ``answer`` is a
        class (a label, a token) to be explained in the place of the predicted one. Rows are near among the run's
        training rows, read from where they were, or among ``data``; where that cannot be, the result says why.

        >>> import tempfile, throughtime
        >>> rows = [{"text": word * n, "label": word} for word in ("ab", "ba") for n in range(1, 31)]
        >>> trained = throughtime.train(rows, tempfile.mkdtemp(), output="label", epochs=2, hidden_size=8)
        >>> found = trained.explain("abab", data=rows)
        >>> found.inputs[0].tokens, found.attribution.complete, len(found.nearest)
        (('a', 'b', 'a', 'b'), True, 5)

        Raises UsageError for an input, a step or a class that the run does not know, DataError for a value that cannot
        be read.
        """
        return self._explainer.explain(given, step, answer, data, nearest)

    def row(self, data: Any, number: int | None = None, series: str | None = None) -> dict[str, Any]:
        """The inputs of one row of ``data``, as :meth:`explain` takes them: by ``number``, from 1, or of a ``series``.

        Raises UsageError for a row or a series that there is not, and for a forecaster, which reads no rows.
        """
        return self._explainer.row(data, number, series)

    def explain_forecast(
        self, series: str | None = None, *, step: int | None = None, data: Any = None
    ) -> ExplainedForecast:
        """Why the network forecasts what it does for a series: what every value before, and all known ahead, gave.

        ``step``, from 0, is one of the horizon's, by default the last; ``series`` may be left out where there is one.
        The future is that after the last row of ``data``, or without it after the run's own last row, as in
        :meth:`predict`. What all gave (integrated gradients) adds up to the forecast: see :class:`ExplainedForecast`;
        ``throughtime.use.inspect.explain.forecast_lines`` writes it for a terminal.

        >>> import tempfile, throughtime
        >>> rows = [{"day": f"2024-{1 + k // 28:02}-{1 + k % 28:02}", "sold": float(k % 7)} for k in range(200)]
        >>> trained = throughtime.train(rows, tempfile.mkdtemp(), output="sold", epochs=1, horizon=2, hidden_size=4)
        >>> found = trained.explain_forecast(step=1)
        >>> found.parts[0].name, found.parts[0].times[-1], found.attribution.complete
        ('sold, before', '2024-08-04', True)

        Raises UsageError for a run that forecasts nothing, and for a series or a step that there is not.
        """
        forecaster = self.forecaster
        assert isinstance(self.model, Model)
        return forecaster.explain(self.model, series, step, data)

    def _way(self, writing: Mapping[str, Any]) -> Way:
        if not isinstance(self.model, Model) or not isinstance(self.model.head, TextHead):
            raise UsageError(f"{', '.join(writing)}: a run of the task {self.task.name} writes no texts; leave it out")
        return way_of(self.model.head, **writing)

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(self.run, self.task, self.model, self.given)

    def inspect(self, data: Any = None) -> Memory:
        """How far back the network learns, how much context it uses, and what stands in its way.

        Measured on the run's own validation split, which is read again from where it was, or from ``data``, which must
        be the same. ``str`` of what comes back
        is the verdict in words; ``evidence`` and ``findings`` hold the figures. Raises UsageError where the data is
        gone, or came from Python.
        """
        return memory_of(self.model, prepared_again(self.run, data), self.run)

    def record(self, given: str | Mapping[str, Any], names: str | Sequence[str] = ()) -> dict[str, np.ndarray]:
        """Named quantities of every recurrent layer while it reads one text or row, by column, layer and name.

        ``{"text.l0.f": (T, units), "text.l0_reverse.f": ...}``, and where a text is written ``"decoder.l0.f"``, a row
        for each token that the decoder reads, ``<sos>`` first. ``names`` are the cell's own, such as ``f`` and ``c``
        (``throughtime cells lstm`` prints them), all of them by default. Raises UsageError for a name it does not have.

        >>> import tempfile, throughtime
        >>> rows = [{"text": word * n, "label": word} for word in ("ab", "ba") for n in range(1, 31)]
        >>> trained = throughtime.train(rows, tempfile.mkdtemp(), output="label", epochs=2, hidden_size=8)
        >>> trained.record("abab", ["f"])["text.l0.f"].shape
        (4, 8)
        """
        return self._explainer.record(given, [names] if isinstance(names, str) else names)

    def generate(
        self,
        prompt: str = "",
        length: int = 500,
        *,
        temperature: float = 0.8,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int = 0,
    ) -> Iterator[str]:
        """The text that goes on after ``prompt``, ``length`` tokens of it at most, piece by piece as it is made.

        ``temperature`` 0 always takes the likeliest token; ``top_k`` and ``top_p`` leave unlikely ones out. The same
        seed gives the same text. Raises UsageError for a run that is no language model.
        """
        if self.composes:
            raise UsageError(f"{self.path}: a model of notes makes no text; compose gives frames of notes")
        if not isinstance(self.model, LanguageModel):
            raise UsageError(f"{self.path}: a run of the task {self.task.name} generates nothing; predict answers")
        _require_drawable(length, seed)
        sampling = Sampling(temperature, top_k, top_p)
        return stream(self.model, self.given.text_field(), prompt=prompt, length=length, sampling=sampling, seed=seed)

    @property
    def composes(self) -> bool:
        """Whether the run is a model of notes, which makes music."""
        return isinstance(self.model, Model) and isinstance(self.model.head, NotesHead)

    def compose(
        self, prompt: Any = None, length: int = 64, *, temperature: float = 0.8, seed: int = 0
    ) -> Iterator[list[int]]:
        """``length`` frames of music that go on after ``prompt``, a list of MIDI notes each, as they are made.

        ``prompt`` is a file with one piece, MIDI or JSON, or a list of frames; without one it is the frame with which
        most training pieces begin. Each note is drawn by itself: at a ``temperature`` below 1 what is likely sounds
        more often, at 0 what is likelier than not. The same seed gives the same music. :meth:`write_midi` writes it.

        Raises UsageError for a run that is no model of notes, and for a prompt of no piece or several.

        >>> import tempfile, throughtime
        >>> pieces = [[[60 + k % (2 + i % 4)] for k in range(8 + i)] for i in range(30)]
        >>> trained = throughtime.train(pieces, tempfile.mkdtemp(), epochs=1, hidden_size=8)
        >>> len(list(trained.compose([[60], [61]], length=5)))
        5
        """
        composer = self._composer
        _require_drawable(length, seed)
        return composer.compose(prompt, length, temperature=temperature, seed=seed)

    def prompted(self, prompt: Any = None) -> Piece:
        """The piece that music goes on from, as :meth:`compose` takes it."""
        return self._composer.prompted(prompt)

    def write_midi(
        self, frames: Iterable[Sequence[int]], path: str | os.PathLike[str], *, tempo: float | None = None
    ) -> Path:
        """Write frames of notes as a MIDI file, and say where it is; frames are as long as the run was trained on.

        ``tempo``, in beats a minute, is that of the training pieces where it is known. Raises UsageError where the
        library mido is missing or the path cannot be written.
        """
        return self._composer.write_midi(frames, path, tempo=tempo)

    @property
    def _composer(self) -> Composer:
        if not self.composes or not isinstance(self.model, Model):
            raise UsageError(f"{self.path}: a run of the task {self.task.name} that learned no notes makes no music")
        field = self.fields[self.inputs[0]]
        assert isinstance(field, Notes)
        known = self.run.data.read().get("tempo") if self.run.data.exists() else None
        return Composer(self.model, field, self.output, self.given, known)

    def step(
        self,
        given: str | Mapping[str, Any],
        step: int,
        *,
        layer: int = 0,
        reverse: bool = False,
        unit: int | None = None,
    ) -> StepInNumbers:
        """One step (from 0) of one unit while the network reads a text, or a series: equations and derivatives in
        numbers.

        Without ``unit`` that one is taken on which the answer hangs most. Where a text is written, it is the layers
        that read which are looked into, and the answer is all that is written. Raises UsageError for a run that reads
        more than one column, and for a step, layer, direction or unit that there is not.
        """
        return self._explainer.step(given, step, layer, reverse, unit)

    def units(
        self,
        annotations: Wanted | None = None,
        data: Any = None,
        pattern: str | None = None,
        *,
        states: Sequence[str] = (),
        best: int = 5,
        most: int = MOST,
        done: Callable[[int], None] | None = None,
    ) -> UnitsFound:
        """The units of a language model whose states agree best with annotations of a text, measured on held-out text.

        ``annotations`` are names (``inside_string``, ``indentation``, ...), annotations of your own, or values by name,
        an array with one a character for each text; by default those that fit the text. ``pattern`` adds a regular
        expression. ``data`` is a file, a folder or a list of texts; by default what the run was validated and tested
        on. ``states`` are quantities of the cell, by default its states; ``best`` units are given for each annotation,
        after reading ``most`` tokens of each half of the texts.

        Raises UsageError for a run that is no language model, and for an annotation that nothing can be told by.
        """
        asked = [annotations] if isinstance(annotations, str) else annotations
        return self._explainer.units(asked, data, pattern, states=states, best=best, most=most, done=done)


def _require_drawable(length: int, seed: int) -> None:
    if length < 1:
        raise UsageError(f"--length {length}: it must be at least 1")
    if seed < 0:
        raise UsageError(f"--seed {seed}: it must be 0 or more")
