"""A language model: what has been read so far, as a state, to the probabilities of the next token."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from throughtime.batch import Batch, Draw, Sequences, valid_mask
from throughtime.cells.dropout import Masks, dropout, scaled
from throughtime.cells.engine import ORDINARY, Execution
from throughtime.cells.engine.contract import State
from throughtime.cells.equations import Graph
from throughtime.data.fields.tokens import LETTERS, Tokens
from throughtime.data.streams.windows import NEXT, READ
from throughtime.errors import UsageError
from throughtime.models.encoders.encoder import Surroundings
from throughtime.models.encoders.layers import embedding, recurrent
from throughtime.models.next_token import NextToken
from throughtime.models.settings import LanguageSettings, NetworkSettings, refuse_idle

PLACE = "text"
LARGE = 20_000  # tokens of a vocabulary, from which on the softmax is adaptive
AT_ONCE = 1 << 23  # probabilities held at once where none is learned from: 32 MB of float32


class LanguageModel(nn.Module):
    """Embedding, recurrent layers, and a softmax over the vocabulary at every step.

    Batches hold the tokens read, ``text (B, T)``, and those that follow them, ``next (B, T)``. A batch goes on from
    ``batch.state``; what comes out at its end is handed back, as a value. The regularisers are those of the AWD-LSTM
    (Merity, Keskar and Socher 2018): DropConnect on the recurrent maps, locked dropout, dropout of whole words of the
    embedding (``token_dropout``), and penalties on the size and the change of the last layer's output.

    With ``counts (V,)`` of the tokens it begins by predicting how frequent each is, which many updates would go into.
    """

    def __init__(
        self,
        field: Tokens,
        settings: NetworkSettings,
        task: LanguageSettings,
        *,
        cell: Graph,
        execution: Execution = ORDINARY,
        generator: Generator | None = None,
        vectors: np.ndarray | None = None,
        counts: np.ndarray | None = None,
    ) -> None:
        super().__init__()
        if settings.bidirectional:
            raise UsageError("--bidirectional: a language model must not see what it is to predict; leave it out")
        refuse_idle(settings, ("pooling", "bag", "letters", "letters_size"), "a language model answers every step")
        self.settings, self.task = settings, task
        self.size = len(field.vocabulary)
        around = Surroundings(settings, cell, execution, PLACE, generator, vectors)
        self.embedding = embedding(field.vocabulary, 128 if field.unit in LETTERS else settings.hidden_size, around)
        input_size = self.size if self.embedding is None else self.embedding.shape[1]
        self.recurrent = recurrent(input_size, around)
        tied = _tied(task, field, self.embedding)
        adaptive = task.adaptive == "yes" or (task.adaptive == "auto" and self.size > LARGE and not tied)
        self.following = NextToken(self.recurrent.output_size, self.size, adaptive, tied, input_size, generator)
        if counts is not None:
            self.following.expect(counts)
        self.tied = tied

    def called(self, module: str) -> str:
        """The recurrent layers' name in a person's words."""
        return PLACE

    def loss(self, batch: Batch) -> tuple[Tensor, State]:
        """The mean of -log P(next token) over the valid steps, with the penalties; and the state at the end."""
        hidden, state, lengths = self._read(batch)
        target = batch[NEXT]
        assert isinstance(target, Sequences)
        steps = valid_mask(lengths, hidden.shape[1])
        rate = self.settings.dropout
        dropped = dropout(hidden, rate, batch.draw, f"{PLACE}.output", locked=self.settings.locked_dropout)
        valid = dropped[steps]
        if not len(valid):
            return valid.sum(), state
        loss = self.following.surprise(valid, target.data[steps], self._shared()).mean()
        if batch.draw is not None and self.task.activation_penalty:
            loss = loss + self.task.activation_penalty * valid.square().mean()
        if batch.draw is not None and self.task.change_penalty and hidden.shape[1] > 1:
            changes = (hidden[:, 1:] - hidden[:, :-1])[steps[:, 1:]]
            loss = loss + self.task.change_penalty * changes.square().sum() / max(1, changes.numel())
        return loss, state

    def weight(self, batch: Batch) -> Tensor:
        """How many steps :meth:`loss` is the mean over."""
        return batch[NEXT].lengths.sum()  # type: ignore[union-attr]

    def surprises(self, batch: Batch) -> tuple[Tensor, Tensor, State]:
        """-log P of each valid next token, and the likeliest one, ``(N,)`` each, row by row; and the state."""
        hidden, state, lengths = self._read(batch)
        target = batch[NEXT]
        assert isinstance(target, Sequences)
        steps = valid_mask(lengths, hidden.shape[1])
        valid, truth, shared = hidden[steps], target.data[steps], self._shared()
        if not len(valid):
            return valid.sum(1), truth, state
        surprises, likeliest = [], []
        most = max(1, AT_ONCE // self.size)
        for some, following in zip(valid.split(most), truth.split(most), strict=True):
            logs = self.following.log_probabilities(some, shared)
            surprises.append(-logs.gather(1, following[:, None])[:, 0])
            likeliest.append(logs.argmax(1))
        return torch.cat(surprises), torch.cat(likeliest), state

    def after(self, ids: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Read ``ids (B, T)``, T at least 1; log-probabilities of the next token ``(B, V)``, and the state."""
        return self.over(self.vectors(ids), state)

    def over(self, vectors: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """The same of the vectors ``(B, T, F)`` that stand for tokens, wherever they come from."""
        hidden, state = self.recurrent(vectors, None, state)
        return self.following.log_probabilities(hidden[:, -1], self._shared()), state

    def recorded(self, ids: Tensor, state: State | None, names: Sequence[str]) -> tuple[dict[str, Tensor], State]:
        """Read ``ids (B, T)``, T at least 1: any named quantities of the cell in every layer, and the state at the end.

        They are those of :meth:`throughtime.Recurrent.record`, ``{"l0.h": (B, T, hidden_size), ...}``.
        """
        states = self.recurrent.graph.states
        found = self.recurrent.record(self.vectors(ids), None, state, names=tuple(dict.fromkeys([*names, *states])))
        layers = range(self.recurrent.num_layers)
        ends = tuple(torch.stack([found[f"l{layer}.{name}"][:, -1] for layer in layers]) for name in states)
        return {key: values for key, values in found.items() if key.split(".")[1] in names}, ends

    def _read(self, batch: Batch) -> tuple[Tensor, State, Tensor]:
        column = batch[READ]
        assert isinstance(column, Sequences)
        x = self.vectors(column.data, batch.draw)
        x = dropout(x, self.settings.dropout, batch.draw, f"{PLACE}.embedding", locked=self.settings.locked_dropout)
        whole = bool((column.lengths == x.shape[1]).all())
        hidden, state = self.recurrent(x, None if whole else column.lengths, batch.state, batch.draw)
        return hidden, state, column.lengths

    def vectors(self, ids: Tensor, draw: Draw | None = None) -> Tensor:
        """A vector for each token ``(B, T, F)``; in training whole tokens are dropped from the embedding."""
        if self.embedding is None:
            return F.one_hot(ids, self.size).to(next(self.recurrent.parameters()).dtype)
        matrix: Tensor = self.embedding
        if draw is not None and self.settings.token_dropout:
            rate = self.settings.token_dropout
            kept = Masks(draw, f"{PLACE}.token").each_weight((self.size, 1), rate)
            matrix = matrix * scaled(kept, rate, matrix.dtype)
        return F.embedding(ids, matrix)

    def _shared(self) -> Tensor | None:
        return self.embedding if self.tied else None


def _tied(task: LanguageSettings, field: Tokens, matrix: Tensor | None) -> bool:
    if task.tied == "yes" and matrix is None:
        raise UsageError("--set tied=yes: one-hot vectors cannot be shared with the output; leave one of them out")
    if task.tied == "yes" and task.adaptive == "yes":
        raise UsageError("--set tied=yes: the adaptive softmax has its own vectors; leave one of them out")
    if task.tied != "auto":
        return task.tied == "yes"
    large = task.adaptive == "yes" or (task.adaptive == "auto" and len(field.vocabulary) > LARGE)
    return field.unit not in LETTERS and matrix is not None and not large
