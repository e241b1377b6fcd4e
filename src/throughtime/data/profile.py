"""What was read, in figures: rows, classes, lengths, and what looks suspicious. Plain JSON."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from throughtime.data.dataset import Dataset
from throughtime.data.fields import Field
from throughtime.data.music import TEMPO
from throughtime.data.records import Records
from throughtime.data.splits import NAMES, Splits
from throughtime.data.values import class_name
from throughtime.data.vocabulary import SPECIALS, UNK

UNEVEN = 20  # so many times more rows of one class than of another are worth a word
MANY_UNKNOWN = 0.1
BINS = 30


def profile(
    splits: Splits, fields: Mapping[str, Field], datasets: Mapping[str, Dataset], notes: Sequence[str]
) -> dict[str, Any]:
    """What data.json keeps and ``throughtime check`` says; the last of ``fields`` is the output.

    ``digest`` is equal for equal rows in equal splits, so that a run goes on with its own rows only; ``test_digest``
    for equal test rows, so that only runs on the same rows are compared.
    """
    output = list(fields)[-1]
    texts = [column for column, field in fields.items() if field.stepwise and column != output]
    found: dict[str, Any] = {
        "source": splits.train.source,
        "notes": list(notes),
        "rows": {name: len(getattr(splits, name)) for name in NAMES},
        "repeated": splits.repeated,
        "digest": _digest([splits.train, splits.valid, splits.test], list(fields)),
        "test_digest": _digest([splits.test], list(fields)),
    }
    if fields[output].kind == "notes" and (tempi := [t for t in splits.train.columns.get(TEMPO, ()) if t]):
        found["tempo"] = float(np.median(tempi))
    if fields[output].kind in ("category", "labels", "tags"):
        found["classes"] = {name: _classes(fields[output], datasets[name].columns[output]) for name in NAMES}
    if texts:
        lengths = {name: _lengths(datasets[name], texts) for name in NAMES}
        found["unit"] = _unit(fields[texts[0]])
        found["lengths"] = {name: _histogram(lengths[name]) for name in NAMES}
        found["length"] = {name: _percentiles(lengths[name]) for name in NAMES}
        written = [output] if fields[output].kind == "tokens" else []
        found["unknown"] = {
            column: {name: _unknown(datasets[name].columns[column]) for name in NAMES}
            for column in (*texts, *written)
            if hasattr(fields[column], "vocabulary")
        }
    found["warnings"] = [
        *_dull_columns(datasets["train"], fields, output),
        *_unknown_tokens(found.get("unknown", {}), fields),
        *(_uneven_classes(found.get("classes", {}).get("train", {})) if fields[output].kind != "tags" else ()),
    ]
    return found


def _unit(field: Field) -> str:
    """What a length counts."""
    if field.kind == "words":
        return "words"
    return getattr(field, "unit", "steps")


def _classes(field: Any, encoded: Sequence[Any]) -> dict[str, int]:
    if field.kind == "labels":
        totals = np.sum(encoded, axis=0)
        return {name: int(total) for name, total in zip(field.classes, totals, strict=True)}
    counts = Counter(np.concatenate(encoded).tolist() if field.kind == "tags" else encoded)
    return {name: counts[k] for k, name in enumerate(field.classes)}


def _lengths(dataset: Dataset, texts: Sequence[str]) -> np.ndarray:
    """Tokens of each row's longest text (N,)."""
    return np.array([[len(ids) for ids in dataset.columns[column]] for column in texts]).max(axis=0)


def _histogram(lengths: np.ndarray) -> dict[str, int]:
    """Rows by length; long ones in steps, each named by its least length."""
    step = max(1, -(-(int(lengths.max()) + 1) // BINS))
    counts = Counter((lengths // step * step).tolist())
    return {str(length): counts[length] for length in sorted(counts)}


def _percentiles(lengths: np.ndarray) -> dict[str, float]:
    shares = {"least": 0, "median": 50, "p95": 95, "most": 100}
    return {name: float(np.percentile(lengths, share)) for name, share in shares.items()}


def _unknown(encoded: Sequence[np.ndarray]) -> float:
    """The share of tokens that training did not show."""
    total = sum(len(ids) for ids in encoded)
    tokens = (ids if ids.ndim == 1 else ids[:, 0] for ids in encoded)
    return sum(int((ids == SPECIALS.index(UNK)).sum()) for ids in tokens) / max(1, total)


def foreign(dataset: Dataset) -> list[str]:
    """A sentence for each column of texts of which some consist mostly of what training never showed."""
    said = []
    for column, field in dataset.fields.items():
        if not hasattr(field, "vocabulary") or field.kind not in ("tokens", "words"):
            continue
        rows = [i for i, ids in enumerate(dataset.columns[column]) if len(ids) and _unknown([ids]) > 0.5]
        if rows:
            unit = getattr(field, "unit", "words")
            what = unit if unit in ("characters", "words", "kmers", "bytes") else "tokens"
            count = "1 row holds" if len(rows) == 1 else f"{len(rows):,} of {len(dataset):,} rows hold"
            place = dataset.records.where(rows[0], column)
            said.append(f"{count} mostly {what} that training never showed, first {place}")
    return said


def _dull_columns(train: Dataset, fields: Mapping[str, Field], output: str) -> list[str]:
    """Inputs from which nothing, or not everything, can be learnt."""
    said = []
    for column, field in fields.items():
        values = train.columns[column]
        if field.stepwise and column != output and (empty := sum(len(ids) == 0 for ids in values)):
            said.append(f'column "{column}": {empty:,} of {len(train):,} training {_texts(field)} are empty')
        if field.kind == "category" and column != output and len(set(values)) == 1:
            said.append(f'column "{column}" is the same in every training row; nothing can be learnt from it')
    return said


def _texts(field: Field) -> str:
    return "texts" if field.kind == "tokens" else "rows"


def _unknown_tokens(unknown: Mapping[str, Mapping[str, float]], fields: Mapping[str, Field]) -> list[str]:
    said = []
    for column, shares in unknown.items():
        if shares["valid"] > MANY_UNKNOWN and fields[column].kind == "tokens":
            by_words = getattr(fields[column], "unit", "") not in ("characters", "bytes")
            mend = "; characters may serve better (--set tokens=characters)" if by_words else ""
            said.append(f'column "{column}": {shares["valid"]:.0%} of the validation tokens are {UNK}{mend}')
    return said


def _uneven_classes(counts: Mapping[str, int]) -> list[str]:
    if not counts or max(counts.values()) <= UNEVEN * min(counts.values()):
        return []
    most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    rows = "row" if counts[least] == 1 else "rows"
    return [
        f'the classes are uneven, from {counts[most]:,} rows of "{most}" to {counts[least]:,} {rows} of "{least}"; '
        "look at macro_f1 beside accuracy, or say --set class_weights=balanced"
    ]


def _digest(parts: Sequence[Records], columns: Sequence[str]) -> str:
    rows = [[[class_name(value) for value in part.columns[column]] for column in columns] for part in parts]
    return hashlib.sha256(json.dumps(rows).encode("utf-8", "surrogatepass")).hexdigest()
