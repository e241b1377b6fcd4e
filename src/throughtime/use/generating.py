"""A language model writes: token by token, from a prompt, as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from throughtime.data.fields.tokens import LETTERS, Tokens
from throughtime.data.order import words
from throughtime.data.streams.store import EOS_ID, tokeniser
from throughtime.data.streams.windows import SOS_ID
from throughtime.data.tokenisation import joined
from throughtime.data.vocabulary import SPECIALS
from throughtime.models.decoding.sampling import Sampling
from throughtime.models.language_model import LanguageModel

CHUNK = 1024  # tokens of a prompt that are read at once


@torch.no_grad()
def generated(
    model: LanguageModel,
    field: Tokens,
    *,
    prompt: str = "",
    length: int,
    sampling: Sampling,
    seed: int = 0,
    rows: int = 1,
    end: bool = True,
) -> Iterator[np.ndarray]:
    """``length`` times the next token of each of ``rows`` texts that begin with the prompt, ids ``(rows,)``.

    ``<pad>``, ``<unk>`` and ``<sos>`` are never written, and ``<eos>`` only where ``end``. The same seed gives the same
    texts.
    """
    model.eval()
    where = next(model.parameters()).device
    read = np.concatenate([[SOS_ID], prompt_ids(prompt, field)]).astype(np.int64)
    ids = torch.from_numpy(np.tile(read, (rows, 1))).to(where)
    state = None
    for begin in range(0, ids.shape[1], CHUNK):
        logs, state = model.after(ids[:, begin : begin + CHUNK], state)
    chance = words(length * rows, seed, 3).reshape(length, rows) / 2.0**64
    never = [k for k, name in enumerate(SPECIALS) if not (end and name == "<eos>")]
    for step in range(length):
        logs[:, never] = -torch.inf
        drawn = sampling.draw(logs, torch.from_numpy(np.minimum(chance[step], 1 - 2.0**-53)).to(where))
        yield drawn.cpu().numpy()
        if step + 1 < length:
            logs, state = model.after(drawn[:, None], state)


def prompt_ids(prompt: str, field: Tokens) -> np.ndarray:
    """The tokens of a prompt; what it does not end is not ended."""
    ids = tokeniser(field)(prompt) if prompt else np.zeros(0, dtype=np.int64)
    ends = len(ids) and field.unit not in LETTERS and not prompt.endswith("\n")
    return ids[:-1] if ends else ids


def written(ids: Sequence[int], field: Tokens) -> str:
    """Tokens as text: ``<eos>`` is the end of a line where tokens are words."""
    if field.unit in LETTERS:
        return joined([token for token in field.vocabulary.decode(ids) if token not in SPECIALS], field.unit)
    lines: list[list[str]] = [[]]
    for token in field.vocabulary.decode(ids):
        if token == "<eos>":
            lines.append([])
        elif token not in ("<pad>", "<sos>"):
            lines[-1].append(token)
    return "\n".join(joined(line, field.unit) for line in lines)


def texts(
    model: LanguageModel,
    field: Tokens,
    *,
    count: int,
    lines: int,
    most: int,
    sampling: Sampling,
    seed: int = 0,
    prompt: str = "",
) -> list[str]:
    """``count`` texts of so many lines each, side by side; cut there, or after ``most`` tokens."""
    rows: list[np.ndarray] = []
    newline = EOS_ID if field.unit not in LETTERS else field.vocabulary.ids.get("\n", -1)
    ends = np.zeros(count, dtype=int)
    for drawn in generated(
        model,
        field,
        prompt=prompt,
        length=most,
        sampling=sampling,
        seed=seed,
        rows=count,
        end=field.unit not in LETTERS,
    ):
        rows.append(drawn)
        ends += drawn == newline
        if (ends >= lines).all():
            break
    columns = np.stack(rows, axis=1)
    return ["\n".join((prompt + written(ids, field)).split("\n")[:lines]) for ids in columns]


def stream(
    model: LanguageModel, field: Tokens, *, prompt: str, length: int, sampling: Sampling, seed: int
) -> Iterator[str]:
    """The text after the prompt, in pieces as they are made; bytes wait until they are characters."""
    ids: list[int] = []
    shown = ""
    prompted = prompt_ids(prompt, field).tolist()
    before = written(prompted, field)
    for drawn in generated(model, field, prompt=prompt, length=length, sampling=sampling, seed=seed):
        ids.append(int(drawn[0]))
        if ids[-1] == EOS_ID and field.unit in LETTERS:
            return  # the end of a document
        if field.unit == "characters":
            yield field.vocabulary.tokens[ids[-1]]
            continue
        text = written([*prompted, *ids], field)[len(before) :] if field.unit != "bytes" else written(ids, field)
        if text.startswith(shown) and not text.endswith("\ufffd"):
            yield text[len(shown) :]
            shown = text


@torch.no_grad()
def next_tokens(model: LanguageModel, field: Tokens, text: str, most: int = 10) -> dict[str, Any]:
    """``{"predicted": token, "probabilities": {token: share}}`` after a text: the likeliest next tokens."""
    read = np.concatenate([[SOS_ID], prompt_ids(text, field)]).astype(np.int64)
    state = None
    where = next(model.parameters()).device
    for begin in range(0, len(read), CHUNK):
        logs, state = model.after(torch.from_numpy(read[None, begin : begin + CHUNK]).to(where), state)
    shares = logs[0].double().exp()
    likeliest = shares.argsort(descending=True)[:most].tolist()
    named = {field.vocabulary.tokens[k]: float(shares[k]) for k in likeliest}
    return {"predicted": field.vocabulary.tokens[likeliest[0]], "probabilities": named}
