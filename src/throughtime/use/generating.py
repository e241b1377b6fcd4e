"""A language model writes: token by token, from a prompt, as a stream."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from throughtime.data.fields.tokens import LETTERS, Tokens
from throughtime.data.order import words
from throughtime.data.streams.store import EOS_ID, tokeniser
from throughtime.data.tokenisation import joined
from throughtime.data.vocabulary import EOS, SPECIALS
from throughtime.models.decoding.sampling import Sampling
from throughtime.models.language_model import LanguageModel

CHUNK = 1024  # tokens of a prompt that are read at once
DRAWS = 3  # tells the random numbers of drawing from others of the same seed


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

    What is read first is ``field.start``, then the prompt.

    ``<pad>``, ``<unk>`` and ``<sos>`` are never written, and ``<eos>`` only where ``end``. Row r is drawn by random
    numbers of (seed, r) alone: the same seed gives the same texts, however many are made.
    """
    model.eval()
    where = next(model.parameters()).device
    ids = torch.from_numpy(np.tile(_read(prompt, field), (rows, 1))).to(where)
    state = None
    for begin in range(0, ids.shape[1], CHUNK):
        logs, state = model.after(ids[:, begin : begin + CHUNK], state)
    chance = np.stack([words(length, seed, DRAWS, row) for row in range(rows)], axis=1) / 2.0**64
    never = [k for k, name in enumerate(SPECIALS) if not (end and name == "<eos>")]
    for step in range(length):
        logs[:, never] = -torch.inf
        drawn = sampling.draw(logs, torch.from_numpy(np.minimum(chance[step], 1 - 2.0**-53)).to(where))
        yield drawn.cpu().numpy()
        if step + 1 < length:
            logs, state = model.after(drawn[:, None], state)


def prompt_ids(prompt: str, field: Tokens) -> np.ndarray:
    """The tokens of a prompt (n,)."""
    return tokeniser(field)(prompt.replace("\r\n", "\n"))


def _read(prompt: str, field: Tokens) -> np.ndarray:
    """What a text begins after, and the tokens of a prompt (n,)."""
    return np.concatenate([field.vocabulary.encode(field.start), prompt_ids(prompt, field)]).astype(np.int64)


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
    drawn: list[np.ndarray] = []
    newline = EOS_ID if field.unit not in LETTERS else field.vocabulary.ids.get("\n", -1)
    ends = np.zeros(count, dtype=int)
    end = field.unit not in LETTERS
    for ids in generated(model, field, prompt=prompt, length=most, sampling=sampling, seed=seed, rows=count, end=end):
        drawn.append(ids)
        ends += ids == newline
        if (ends >= lines).all():
            break
    found = (prompt + "".join(pieces(row.tolist(), field, prompt)) for row in np.stack(drawn, axis=1))
    return ["\n".join(text.split("\n")[:lines]) for text in found]


def stream(
    model: LanguageModel, field: Tokens, *, prompt: str, length: int, sampling: Sampling, seed: int
) -> Iterator[str]:
    """The text after the prompt, in pieces as they are made."""
    drawn = generated(model, field, prompt=prompt, length=length, sampling=sampling, seed=seed)
    return pieces((int(ids[0]) for ids in drawn), field, prompt)


def pieces(ids: Iterable[int], field: Tokens, prompt: str = "") -> Iterator[str]:
    """Tokens to the text that goes on after ``prompt``, one by one; bytes wait until they are characters.

    Where tokens are letters, ``<eos>`` is the end of the text, else the end of a line.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    goes_on = prompt and not prompt[-1].isspace()
    last = field.vocabulary.decode(prompt_ids(prompt, field)[-1:])[0] if goes_on else None
    for token in (field.vocabulary.tokens[k] for k in ids):
        if field.unit in LETTERS and token == EOS:
            break
        if field.unit == "characters":
            piece = token
        elif field.unit == "bytes":
            piece = decoder.decode(bytes([ord(token)]))
        elif token == EOS:
            piece, last = "\n", None
        else:
            piece, last = joined([token] if last is None else [last, token], field.unit)[len(last or "") :], token
        if piece:
            yield piece
    if rest := decoder.decode(b"", final=True):
        yield rest


@torch.no_grad()
def next_tokens(model: LanguageModel, field: Tokens, text: str, most: int = 10) -> dict[str, Any]:
    """``{"predicted": token, "probabilities": {token: share}}`` after a text: the likeliest next tokens."""
    read = _read(text, field)
    state = None
    where = next(model.parameters()).device
    for begin in range(0, len(read), CHUNK):
        logs, state = model.after(torch.from_numpy(read[None, begin : begin + CHUNK]).to(where), state)
    shares = logs[0].double().exp()
    likeliest = shares.argsort(descending=True)[:most].tolist()
    named = {field.vocabulary.tokens[k]: float(shares[k]) for k in likeliest}
    return {"predicted": field.vocabulary.tokens[likeliest[0]], "probabilities": named}
