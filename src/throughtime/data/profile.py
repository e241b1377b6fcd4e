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
from throughtime.data.splits import NAMES, Splits
from throughtime.data.values import class_name
from throughtime.data.vocabulary import UNK

IMBALANCE = 20
BINS = 30


def profile(splits: Splits, fields: Mapping[str, Field], datasets: Mapping[str, Dataset], notes: Sequence[str]) -> dict[str, Any]:
    """What data.json keeps and ``throughtime check`` says.

    ``test_digest`` is equal for equal test rows, so that only runs on the same rows are compared.
    """
    output = list(fields)[-1]
    texts = [column for column, field in fields.items() if field.kind == "tokens"]
    found: dict[str, Any] = {
        "source": splits.train.source,
        "notes": list(notes),
        "rows": {name: len(getattr(splits, name)) for name in NAMES},
        "repeated": splits.repeated,
        "test_digest": _digest(splits, list(fields)),
    }
    if fields[output].kind in ("category", "labels"):
        found["classes"] = {name: _classes(fields[output], datasets[name].columns[output]) for name in NAMES}
    if texts:
        found["unit"] = getattr(fields[texts[0]], "unit", "steps")
        found["lengths"] = {name: _histogram(datasets[name].lengths) for name in NAMES}
        found["length"] = {name: _percentiles(datasets[name].lengths) for name in NAMES}
        found["unknown"] = {column: {name: _unknown(datasets[name].columns[column]) for name in NAMES} for column in texts}
    found["warnings"] = _warnings(found, datasets, fields, output)
    return found


def _classes(field: Any, encoded: Sequence[Any]) -> dict[str, int]:
    if field.kind == "labels":
        totals = np.sum(encoded, axis=0)
        return {name: int(total) for name, total in zip(field.classes, totals, strict=True)}
    counts = Counter(encoded)
    return {name: counts[k] for k, name in enumerate(field.classes)}


def _histogram(lengths: np.ndarray) -> dict[str, int]:
    """Rows by length; long ones in steps, each named by its least length."""
    step = max(1, -(-(int(lengths.max()) + 1) // BINS))
    counts = Counter((lengths // step * step).tolist())
    return {str(length): counts[length] for length in sorted(counts)}


def _percentiles(lengths: np.ndarray) -> dict[str, float]:
    return {name: float(np.percentile(lengths, share)) for name, share in (("least", 0), ("median", 50), ("p95", 95), ("most", 100))}


def _unknown(encoded: Sequence[np.ndarray]) -> float:
    total = sum(len(ids) for ids in encoded)
    return sum(int((ids == 1).sum()) for ids in encoded) / max(1, total)


def _warnings(found: Mapping[str, Any], datasets: Mapping[str, Dataset], fields: Mapping[str, Field], output: str) -> list[str]:
    said = []
    train = datasets["train"]
    for column, field in fields.items():
        if field.kind == "tokens" and (empty := sum(len(ids) == 0 for ids in train.columns[column])):
            said.append(f'column "{column}": {empty:,} of {len(train):,} training texts are empty')
        if field.kind in ("category", "number") and column != output and len(set(train.columns[column])) == 1:
            said.append(f'column "{column}" is the same in every training row; nothing can be learnt from it')
    for column, shares in found.get("unknown", {}).items():
        if shares["valid"] > 0.1:
            said.append(f'column "{column}": {shares["valid"]:.0%} of the validation tokens are {UNK}; characters may serve better (--set tokens=characters)')
    counts = found.get("classes", {}).get("train", {})
    if counts and max(counts.values()) > IMBALANCE * min(counts.values()):
        most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
        said.append(
            f'classes are uneven: {counts[most]:,} rows of "{most}", {counts[least]:,} of "{least}"; see macro_f1, or set class_weights=balanced'
        )
    return said


def _digest(splits: Splits, columns: Sequence[str]) -> str:
    rows = [[class_name(value) for value in splits.test.columns[column]] for column in columns]
    return hashlib.sha256(json.dumps(rows).encode("utf-8", "surrogatepass")).hexdigest()
