"""A language model reads a stream: how surprising each token is, given all before it."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch

from throughtime.batch import Batch, Sequences
from throughtime.data.fields.tokens import LETTERS, Tokens
from throughtime.data.streams.store import EOS_ID, Stream
from throughtime.data.streams.windows import NEXT, READ, Windows, before
from throughtime.errors import NonFiniteError
from throughtime.models.language_model import LanguageModel
from throughtime.models.metrics import Outcome
from throughtime.use.generating import written

ROW = 2048  # tokens of a row: a long stream is read at several places at once
ROWS = 64
WARM = 512  # tokens before a row that are read first, so that its state is what it would be
STEPS = 256
LONGEST = 2000  # tokens of a row of predictions


def read_on(
    model: LanguageModel,
    stream: Stream,
    *,
    device: torch.device | str = "cpu",
    dynamic_rate: float = 0.0,
    done: Callable[[int], None] | None = None,
) -> Outcome:
    """The surprise of every token. With ``dynamic_rate`` the model learns from each window after predicting it.

    Rows of a long stream begin from the state after the ``WARM`` tokens before them. Dynamic evaluation (Krause et al.
    2018) goes through the stream from its beginning to its end in one row, by plain steps against the gradient, clipped
    to length 1; the model's weights are afterwards what they were. Raises NonFiniteError if a figure is not finite.
    """
    model.eval()
    rows = 1 if dynamic_rate else max(1, min(ROWS, len(stream) // ROW))
    windows = Windows(stream, rows, STEPS if not dynamic_rate else 32)
    kept = {name: tensor.clone() for name, tensor in model.state_dict().items()} if dynamic_rate else {}
    surprise, guessed = np.zeros(len(stream), dtype=np.float32), np.zeros(len(stream), dtype=stream.ids.dtype)
    with torch.no_grad():
        state = _warm(model, windows, device) if rows > 1 else None
    try:
        for number in range(len(windows)):
            batch = windows.window(number).to(device).after(state)
            with torch.no_grad():
                found, likeliest, state = model.surprises(batch)
            _put(windows, number, batch, surprise, found)
            _put(windows, number, batch, guessed, likeliest)
            if not bool(torch.isfinite(found).all()):
                raise NonFiniteError("the model's probabilities are not finite; its weights have gone wrong")
            if dynamic_rate:
                state = _learn(model, batch, dynamic_rate)
            if done is not None:
                done(len(found))
    finally:
        if kept:
            model.load_state_dict(kept)
    return Outcome(stream.read(0, len(stream)), guessed, surprise=surprise, characters=stream.characters)


def _warm(model: LanguageModel, windows: Windows, device: torch.device | str) -> tuple[torch.Tensor, ...]:
    """The states at the beginnings of the rows: the first from nothing, the others from what stands before them."""
    begins = [row * windows.row_length for row in range(windows.rows)]
    lengths = torch.tensor([min(WARM, begin) for begin in begins])
    read = np.zeros((windows.rows, int(lengths.max())), dtype=np.int64)
    for row, (begin, length) in enumerate(zip(begins, lengths.tolist(), strict=True)):
        read[row, :length] = before(windows.stream, begin - length, length)
    column = Sequences(torch.from_numpy(read), lengths)
    batch = Batch({READ: column, NEXT: column}, torch.arange(windows.rows)).to(device)
    return model.surprises(batch)[2]


def _put(windows: Windows, number: int, batch: Batch, values: np.ndarray, found: torch.Tensor) -> None:
    column = batch[NEXT]
    assert isinstance(column, Sequences)
    lengths = column.lengths.tolist()
    parts = np.split(found.cpu().numpy(), np.cumsum(lengths)[:-1])
    for row, part in enumerate(parts):
        begin = row * windows.row_length + number * windows.steps
        values[begin : begin + len(part)] = part


def _learn(model: LanguageModel, batch: Batch, rate: float) -> tuple[torch.Tensor, ...]:
    model.zero_grad(set_to_none=True)
    with torch.enable_grad():
        loss, state = model.loss(batch)
        loss.backward()
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    norm = math.sqrt(sum(float(gradient.double().square().sum()) for gradient in gradients))
    with torch.no_grad():
        for weight in model.parameters():
            if weight.grad is not None:
                weight.sub_(weight.grad, alpha=rate / max(1.0, norm))
    model.zero_grad(set_to_none=True)
    return tuple(part.detach() for part in state)


def line_rows(
    field: Tokens, stream: Stream, outcome: Outcome, best: Outcome | None, most: int = 3000
) -> list[dict[str, object]]:
    """A row for each line of a text, the first ``most`` of them: its text, tokens, and the mean surprise of each.

    A line of very many tokens has several rows.
    """
    assert outcome.surprise is not None
    ends = (field.vocabulary.ids.get("\n", -1), EOS_ID) if field.unit in LETTERS else (EOS_ID,)
    head = stream.read(0, min(len(stream), most * 400))
    cuts = np.flatnonzero(np.isin(head, ends)) + 1
    if not len(cuts) or (len(head) == len(stream) and cuts[-1] < len(stream)):
        cuts = np.append(cuts, len(head))
    rows: list[dict[str, object]] = []
    for line, (first, last) in enumerate(pairwise([0, *cuts[:most].tolist()]), start=1):
        for begin in range(first, last, LONGEST):
            end = min(begin + LONGEST, last)
            row: dict[str, object] = {
                "id": len(rows),
                "file": None,
                "row": line,
                "text": written(head[begin:end].tolist(), field).rstrip("\n"),
                "tokens": end - begin,
                "loss": float(outcome.surprise[begin:end].mean()),
            }
            if best is not None and best.surprise is not None:
                row["baseline_loss"] = float(best.surprise[begin:end].mean())
            rows.append(row)
    return rows
