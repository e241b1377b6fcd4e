"""A run's model on one text: its recurrent layers, the tokens they read, and the answer as one number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.batch import Batch, Sequences
from throughtime.cells.recurrent import Recurrent
from throughtime.data.batches import collated
from throughtime.data.dataset import Dataset
from throughtime.data.fields import Field
from throughtime.data.fields.tokens import Tokens
from throughtime.data.streams.windows import NEXT, READ
from throughtime.errors import UsageError
from throughtime.models.heads.tags import TagsHead
from throughtime.models.heads.tokens import TextHead
from throughtime.models.language_model import LanguageModel
from throughtime.models.model import Model
from throughtime.use.generating import prompt_ids
from throughtime.use.inspect.explain.tokens import tokens_of


@dataclass(frozen=True)
class Answering:
    """A text before a model. ``score(step)`` runs it, and gives the number that the answer at this step hangs on.

    That is the log-probability of the class, of the step's tag, of the next token or of the whole text that is written,
    or the number that is answered; in words beside it. ``tokens`` are those of the text; ``before`` counts the steps
    that are read before its first.
    """

    layers: Recurrent
    tokens: tuple[str, ...]
    score: Callable[[int], tuple[Tensor, str]]
    before: int = 0

    def require(self, step: int) -> None:
        """Raise UsageError for a step that the text does not have."""
        if not self.tokens:
            raise UsageError("the text is empty: it has no step")
        if not 0 <= step < len(self.tokens):
            raise UsageError(f"step {step}: the text has {len(self.tokens)} steps, 0 to {len(self.tokens) - 1}")


def answering(model: Model, dataset: Dataset, output: Field) -> Answering:
    """A data set of one row, whose only column is a text or a series."""
    ((column, field),) = dataset.fields.items()
    batch = collated(dataset, np.zeros(1, dtype=np.int64)).to(next(model.parameters()).device)
    layers = model.encoders[0].recurrent
    assert isinstance(layers, Recurrent)
    tokens = _read(dataset, column, field, batch)
    if isinstance(model.head, TextHead):
        return Answering(layers, tuple(tokens), _writing(model, model.head, batch))
    return Answering(layers, tuple(tokens), lambda step: _score(model, batch, output, step))


def _read(dataset: Dataset, column: str, field: Field, batch: Batch) -> list[str]:
    """What stands at each step that is read: tokens as the network knows them, numbers as they were given."""
    if not hasattr(field, "vocabulary"):
        return tokens_of(field, dataset.records.columns[column][0], dataset.records.where(0, column))
    held, vocabulary = batch[column], field.vocabulary
    assert isinstance(held, Sequences)
    ids = held.data[0, : int(held.lengths[0])]
    return list(vocabulary.decode((ids if ids.dim() == 1 else ids[:, 0]).tolist()))  # of words the first id


def reading(model: LanguageModel, field: Tokens, text: str) -> Answering:
    """A text that a language model reads, after what stands before every text; its answer is the token that follows."""
    start, ids = field.vocabulary.encode(field.start), prompt_ids(text, field)
    read = torch.from_numpy(np.concatenate([start, ids]).astype(np.int64))[None].to(next(model.parameters()).device)
    lengths = torch.tensor([read.shape[1]], device=read.device)

    def surprises(last: int) -> tuple[Tensor, Tensor]:
        following = torch.cat([read[:, 1:], read.new_tensor([[last]])], 1)
        columns: dict[str, Tensor | Sequences] = {READ: Sequences(read, lengths), NEXT: Sequences(following, lengths)}
        return model.surprises(Batch(columns, lengths.new_zeros(1)))[:2]

    def score(step: int) -> tuple[Tensor, str]:
        with torch.no_grad():
            likeliest = int(surprises(0)[1][-1])
        following = [*ids[1:].tolist(), likeliest][step]
        what = "the next token" if step + 1 < len(ids) else "the likeliest next token"
        words = f"F = log P({what} {field.vocabulary.tokens[following]!r})"
        return -surprises(likeliest)[0][len(start) + step], words

    return Answering(model.recurrent, tuple(field.vocabulary.decode(ids.tolist())), score, len(start))


def _writing(model: Model, head: TextHead, batch: Batch) -> Callable[[int], tuple[Tensor, str]]:
    """The log-probability of the whole answer that the model writes, at whatever step of what it reads."""
    with torch.no_grad():
        (answer,) = head.best(model(batch))
    ids = [head.first, *head.ids(answer)]
    lengths = batch.sample_ids.new_tensor([len(ids)])
    target = Sequences(torch.tensor([ids], device=lengths.device), lengths)
    words = f"F = log P({head.field.decode(answer.ids)!r})"
    return lambda step: (-head.surprises(model(batch), target)[0].double().sum(), words)


def _score(model: Model, batch: Batch, field: Field, step: int) -> tuple[Tensor, str]:
    output, head, known = model(batch), model.head, list(getattr(field, "classes", ()))
    if field.kind == "category":
        found = int(output[0].argmax())
        return head.score(output.double(), found, step)[0], f"F = log P({known[found]!r})"
    if field.kind == "labels":
        found = int(output[0].argmax())
        return F.logsigmoid(output[0, found].double()), f"F = log P({known[found]!r})"
    if isinstance(head, TagsHead):
        with torch.no_grad():
            found = int(head.answers(output)[0][step])
        exact = Sequences(output.data.double(), output.lengths)
        return head.score(exact, found, step)[0], f"F = log P({known[found]!r} at step {step})"
    number = output.data[0, step, 0] if isinstance(output, Sequences) else output[0]
    scaling: Any = getattr(field, "scaling", None) or getattr(field, "scalings")[0]  # noqa: B009
    where = f" at step {step}" if isinstance(output, Sequences) else ""
    return scaling.mean + scaling.deviation * number.double(), f'F = the number answered for "{field.column}"{where}'
