"""Nearest words by a trained embedding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

Neighbours = dict[str, list[tuple[str, float]]]

FEWEST = 200  # words, below which there is little to be near to
AMONG = 2000  # the most frequent words; rare ones have hardly moved since they were drawn
RANKS = range(30, 400)  # before them stand words like "the", behind them rare ones
ASKED, NEAREST, SHORTEST = 12, 5, 4


def neighbours(tensors: Mapping[str, Tensor], fields: Mapping[str, Any]) -> Neighbours:
    """For a dozen words of the first column of words that has an embedding, the nearest others and their cosine.

    ``tensors`` are the model's, ``fields`` what ``fields.json`` holds; empty where there is no such column.
    """
    for place, column in enumerate(fields.get("inputs") or [fields.get("output")]):  # a language model's text is both
        words = _words(fields.get("fields", {}).get(column, {}))
        embedding = _embedding(tensors, place)
        if embedding is not None and len(words) == len(embedding) and len(words) >= FEWEST:
            return _nearest(words, embedding)
    return {}


def _words(field: Mapping[str, Any]) -> list[str]:
    """The vocabulary of a column that is cut into words, most frequent first behind the special tokens."""
    of_words = field.get("kind") == "words" or (
        field.get("kind") == "tokens" and field.get("unit") not in ("characters", "bytes")
    )
    return list(field.get("vocabulary", {}).get("tokens", ())) if of_words else []


def _embedding(tensors: Mapping[str, Tensor], place: int) -> Tensor | None:
    names = [name for name in sorted(tensors) if name.startswith(f"encoders.{place}.")]
    found = [name for name in names if name.removesuffix(".weight").endswith(".embedding")]
    found += [name for name in tensors if name == "embedding"]  # of a language model, which has no encoders
    return tensors[found[0]].float() if found else None


def _nearest(words: Sequence[str], embedding: Tensor) -> Neighbours:
    plain = [i for i in range(min(AMONG, len(words))) if _is_word(words[i])]
    asked = [i for i in plain if i in RANKS and len(words[i]) >= SHORTEST]
    asked = asked[:: max(1, len(asked) // ASKED)][:ASKED]
    directions = F.normalize(embedding[plain], dim=1)
    found: Neighbours = {}
    for i in asked:
        cosines = directions @ directions[plain.index(i)]
        best = torch.topk(cosines, min(NEAREST + 1, len(plain)))
        near = [(words[plain[k]], float(cosine)) for cosine, k in zip(best.values, best.indices, strict=True)]
        found[words[i]] = [pair for pair in near if pair[0] != words[i]][:NEAREST]
    return found


def _is_word(token: str) -> bool:
    return token.replace("-", "").replace("'", "").isalpha()
