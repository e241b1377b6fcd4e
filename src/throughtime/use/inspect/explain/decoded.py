"""A text that a decoder writes, explained token by token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from throughtime.batch import Batch, Sequences
from throughtime.data.fields import Field
from throughtime.data.records import Records
from throughtime.data.vocabulary import SOS
from throughtime.errors import UsageError
from throughtime.models.decoder import PLACE, Decoder, Source
from throughtime.models.decoding import Hypothesis
from throughtime.models.encoders import Encoding, steps_of
from throughtime.models.heads.tokens import Read, TextHead
from throughtime.models.model import Model
from throughtime.use.inspect.explain.attribution import Attribution, integrated_gradients
from throughtime.use.inspect.explain.exact import in_float64
from throughtime.use.inspect.explain.explained import Explained, Input
from throughtime.use.inspect.explain.leaving_out import Without, in_parts
from throughtime.use.inspect.explain.over_time import over_time, recorded
from throughtime.use.inspect.explain.rows import one_row, with_insides
from throughtime.use.inspect.explain.texts import token_of
from throughtime.use.inspect.explain.tokens import are_words, tokens_of
from throughtime.use.inspect.explain.written import WrittenText

MOST = 60  # tokens of an answer that are explained, each with a path of its own


def explain_written(
    model: Model,
    records: Records,
    fields: Mapping[str, Field],
    task: str,
    *,
    step: int | None = None,
    answer: str | None = None,
) -> Explained:
    """Explain what the model writes for the only row of ``records``; ``fields`` are its inputs, by column.

    It writes in its own way. Of each token it is said where the decoder looked, and what every token that was read and
    every token written before gave to its log-probability: integrated gradients over the vectors of both at once, so
    that all together add up. One is explained in full, that at ``step`` (from 0; the answer's end, ``<eos>``, is one of
    them), by default the least sure; ``answer`` names another token in its place.

    Raises UsageError for a step or a token that there is not, DataError for a value that a field refuses.
    """
    row, batch = one_row(records, fields)
    told = _Told.of(model, batch)
    place, token = told.asked(step, answer)
    exact = in_float64(model)
    read = {name: tokens_of(field, records.columns[name][0], records.where(0, name)) for name, field in fields.items()}
    rests = [attributed(exact, batch, told.ids[:k], told.ids[k]) for k in range(min(MOST, len(told.ids)))]
    same = place < len(rests) and token == told.ids[place]
    attribution = rests[place] if same else attributed(exact, batch, told.ids[:place], token)
    trial = _Trial(model, row, fields, told, place, token)
    entries = []
    for k, (name, field) in enumerate(fields.items()):
        without = tuple(trial.shortened(name) if field.stepwise else [trial.without_value(name, batch)])
        entry = Input(name, tuple(read[name]), attribution.inputs[k], without, are_words(field))
        entries.append(with_insides(entry, exact, k, batch))
    names = told.names
    return Explained(
        task=task,
        output=told.head.field.column,
        kind="token",
        predicted=names[place],
        answer=told.head.field.vocabulary.tokens[token],
        value=float(told.shares[place, token]),
        step=place,
        scored=told.head.scored,
        attribution=attribution,
        inputs=(*entries, _written_before(exact, batch, told, place, attribution, tuple(trial.without_written()))),
        seen=told.seen,
        written=_written(told, fields, read, rests),
    )


def attributed(exact: Model, batch: Batch, before: Sequence[int], token: int) -> Attribution:
    """What every step of the only row of a batch gave to the log-probability of a token after those written before.

    The last entry is what the written ones gave, ``<sos>`` first. ``exact`` is a model in float64.
    """
    head = _head(exact)
    with torch.no_grad():
        vectors = [x[0] for x in exact.vectors(batch)]
        written = head.decoder.vectors(torch.tensor([[head.first, *before]]))[0]

    def score(points: Sequence[Tensor]) -> Tensor:
        return head.decoder.over(points[-1], source_over(exact, batch, points[:-1]))[:, token]

    found = integrated_gradients(score, [*vectors, written])
    lengths = [*(int(steps_of(batch[name])) for name in exact.inputs), len(written)]
    return replace(found, inputs=tuple(part[:length] for part, length in zip(found.inputs, lengths, strict=True)))


def source_over(model: Model, batch: Batch, vectors: Sequence[Tensor]) -> Source:
    """What a decoder is given over other vectors ``(B, T, F)`` than those of the only row of a batch.

    The tokens that may be copied stay those of the row.
    """

    def over(encoder: Any, given: Tensor, known: Encoding) -> Encoding:
        rows = len(given)
        found: Encoding = encoder.over(given, known.lengths.expand(rows), None)
        return replace(found, ids=None if known.ids is None else known.ids.expand(rows, -1))

    with torch.no_grad():
        row = model.encode(batch)
    source: Source = model.head([over(*part) for part in zip(model.encoders, vectors, row, strict=True)], None).source
    return source


@torch.no_grad()
def recorded_decoder(
    decoder: Decoder, read: Sequence[int], source: Source, names: Sequence[str] = ()
) -> dict[str, np.ndarray]:
    """Named quantities of a decoder's layers, all by default, over these tokens: ``{"l0.f": (S, units), ...}``."""
    x, state = decoder.given(torch.tensor([read], device=source.hidden.device), source)
    return recorded(decoder.recurrent, x[0], state, names)


def decoder_name(model: Model) -> str:
    """What the decoder is called beside the input columns."""
    return PLACE if PLACE not in model.inputs else f"{PLACE} of {model.output}"


@dataclass(frozen=True)
class _Told:
    """What was written for one row: ``ids (S,)`` with the end, where it came to it.

    ``shares (S, V)`` are the probabilities before each of them, ``weights (S, T)`` where the decoder looked.
    """

    head: TextHead
    answer: Hypothesis
    ids: tuple[int, ...]
    shares: np.ndarray
    weights: np.ndarray
    seen: np.ndarray

    @classmethod
    @torch.no_grad()
    def of(cls, model: Model, batch: Batch) -> _Told:
        head, here = _head(model), batch.to(next(model.parameters()).device)
        encodings = model.encode(here)
        output = head(encodings, None)
        (answer,) = head.best(output)
        ids = head.ids(answer)
        before = torch.tensor([[head.first, *ids[:-1]]], device=output.source.hidden.device)
        read = Sequences(before, output.source.lengths.new_tensor([before.shape[1]]))
        logs = head.decoder(read, output.source)[0].double().cpu()
        weights = head.weights(output, ids).double().cpu()
        return cls(
            head, answer, ids, logs.exp().numpy(), weights.numpy(), head.seen(encodings)[0].double().cpu().numpy()
        )

    @property
    def names(self) -> list[str]:
        return self.head.field.vocabulary.decode(self.ids)

    @property
    def sure(self) -> np.ndarray:
        return self.shares[np.arange(len(self.ids)), list(self.ids)]

    def asked(self, step: int | None, answer: str | None) -> tuple[int, int]:
        """The step that is explained, and the token."""
        count = len(self.ids)
        if step is not None and not 0 <= step < count:
            raise UsageError(f"step {step}: the answer has the steps 0 to {count - 1}, {self.names[-1]!r} the last")
        place = int(self.sure.argmin()) if step is None else step
        if answer is None:
            return place, self.ids[place]
        token = token_of(self.head.field, answer)
        if token in self.head.get_buffer("never").tolist():
            raise UsageError(f"--answer {answer}: it is never written; choose another")
        return place, token


def _written(
    told: _Told, fields: Mapping[str, Field], read: Mapping[str, Sequence[str]], rests: Sequence[Attribution]
) -> WrittenText:
    places = tuple((name, k, token) for name, tokens in read.items() for k, token in enumerate(tokens))
    looked = np.array([fields[name].stepwise for name, _, _ in places], dtype=bool)
    weights = np.zeros((len(rests), len(places)))
    weights[:, looked] = told.weights[: len(rests), : int(looked.sum())]
    before = np.zeros((len(rests), len(rests)))
    for k, found in enumerate(rests):
        before[k, : k + 1] = found.inputs[-1]
    return WrittenText(
        told.head.field.decode(told.answer.ids),
        tuple(told.names),
        told.sure[: len(rests)],
        places,
        np.stack([np.concatenate(found.inputs[:-1]) for found in rests]),
        before,
        None if told.head.decoder.task.attention == "none" else weights,
        all(found.complete for found in rests),
    )


def _written_before(
    exact: Model, batch: Batch, told: _Told, place: int, attribution: Attribution, without: tuple[Without | None, ...]
) -> Input:
    """The tokens that the decoder had read, as one more input, and what its layers did over them."""
    head = _head(exact)
    with torch.no_grad():
        source = exact(batch).source
    quantities = recorded_decoder(head.decoder, [head.first, *told.ids[:place]], source)
    curves, tokens = tuple(over_time(head.decoder.recurrent.graph, quantities)), (SOS, *told.names[:place])
    return Input(
        decoder_name(exact), tokens, attribution.inputs[-1], without, are_words(head.field), curves, quantities
    )


@dataclass(frozen=True)
class _Trial:
    """One row, what was written for it, and the token that is asked about."""

    model: Model
    row: Mapping[str, Any]
    fields: Mapping[str, Field]
    told: _Told
    place: int
    token: int

    def shortened(self, column: str) -> Iterator[Without]:
        """What is written without each step of a column, and the token's probability after the same ones before it."""
        values = self.row[column]
        for some in in_parts(range(self.fields[column].length(values))):
            yield from self._again(self._source([{**self.row, column: np.delete(values, k, 0)} for k in some]))

    def without_value(self, column: str, batch: Batch) -> Without:
        """The same with the vector of a column without time set to 0."""
        here = batch.to(next(self.model.parameters()).device)
        with torch.no_grad():
            vectors = self.model.vectors(here)
            given = [x * 0 if name == column else x for name, x in zip(self.model.inputs, vectors, strict=True)]
            (found,) = self._again(source_over(self.model, here, given))
        return found

    @torch.no_grad()
    def without_written(self) -> list[Without | None]:
        """The likeliest token, and the probability of the one asked about, without each of those written before."""
        ids, names = list(self.told.ids[: self.place]), self.told.head.field.vocabulary.tokens
        shorter = [ids[:k] + ids[k + 1 :] for k in range(len(ids))]
        found: list[Without | None] = [None]  # <sos> stays
        likeliest = self._likeliest(torch.from_numpy(self.told.shares[self.place : self.place + 1]))[0]
        for some in in_parts(range(len(ids))):
            shares = self._shares(self._source([self.row] * len(some)), [shorter[k] for k in some])
            for after, share in zip(self._likeliest(shares), shares[:, self.token].tolist(), strict=True):
                found.append(Without(names[after], share, after != likeliest))
        return found

    @torch.no_grad()
    def _again(self, source: Source) -> Iterator[Without]:
        head, text = self.told.head, self.told.head.field.decode(self.told.answer.ids)
        asked = Read(source, None, self.told.ids)
        shares = head.score(asked, self.token, self.place).double().exp().tolist()
        for answer, share in zip(head.best(asked), shares, strict=True):
            said = head.field.decode(answer.ids)
            yield Without(said, share, said != text)

    def _shares(self, source: Source, before: Sequence[Sequence[int]]) -> Tensor:
        """The probabilities ``(B, V)`` of what follows ``before``, of equal lengths."""
        head = self.told.head
        ids = torch.tensor([[head.first, *some] for some in before], device=source.hidden.device)
        return head.decoder.over(head.decoder.vectors(ids), source).double().exp().cpu()

    def _likeliest(self, shares: Tensor) -> list[int]:
        """Among those that may be written."""
        return shares.index_fill(1, self.told.head.get_buffer("never").cpu(), 0).argmax(1).tolist()

    def _source(self, rows: Sequence[Mapping[str, Any]]) -> Source:
        columns = {column: field.collate([row[column] for row in rows]) for column, field in self.fields.items()}
        batch = Batch(columns, torch.arange(len(rows))).to(next(self.model.parameters()).device)
        with torch.no_grad():
            source: Source = self.model(batch).source
        return source


def _head(model: Model) -> TextHead:
    assert isinstance(model.head, TextHead)
    return model.head
