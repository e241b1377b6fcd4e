"""The figures of what was read, and the warnings a person should see."""

from __future__ import annotations

import json
from typing import Any

from throughtime.data.columns import propose
from throughtime.data.dataset import Dataset
from throughtime.data.fields import fit_fields
from throughtime.data.files import read
from throughtime.data.profile import profile
from throughtime.data.settings import DataSettings
from throughtime.data.splits import NAMES, split


def profiled(source: Any, **settings: Any) -> dict[str, Any]:
    chosen = DataSettings(**settings)
    records = read(source, chosen)
    found = propose(records, chosen)
    kind = found.kinds[found.output]
    splits = split(records, chosen, found.inputs, found.output, stratify=kind == "category", given={})
    fields = fit_fields(splits.train, found.kinds, {found.output}, chosen)
    datasets = {name: Dataset(getattr(splits, name), fields) for name in NAMES}
    return profile(splits, fields, datasets, ["said"])


def rows(count: int = 100, **columns: Any) -> list[dict[str, Any]]:
    return [
        {
            "text": "a" * (k % 7) + "b" * (k // 7),
            "label": "xy"[k % 2],
            **{name: make(k) for name, make in columns.items()},
        }
        for k in range(count)
    ]


def test_figures_are_plain_json_and_add_up() -> None:
    found = profiled(rows())
    assert json.loads(json.dumps(found)) == found
    assert found["rows"] == {"train": 80, "valid": 10, "test": 10}
    for name in NAMES:
        assert sum(found["classes"][name].values()) == sum(found["lengths"][name].values()) == found["rows"][name]
    assert min(found["length"][name]["least"] for name in NAMES) == 0, "an empty text has no tokens"
    assert found["length"]["train"]["most"] == max(k % 7 + k // 7 for k in range(100)) == 19


def test_unknown_tokens_are_counted_on_both_sides() -> None:
    pairs = [{"read": f"a{k}", "write": chr(200 + k)} for k in range(40)]
    found = profiled(pairs, kinds=("write=tokens",), output=("write",), tokens="characters")
    assert found["unknown"]["read"] == dict.fromkeys(NAMES, 0.0)
    assert found["unknown"]["write"] == {"train": 0.0, "valid": 1 / 3, "test": 1 / 3}, "one of <sos>, the sign, <eos>"
    assert any(warning.startswith('column "write": 33%') for warning in found["warnings"])
    assert found["unit"] == "characters" and found["length"]["train"]["most"] == 3


def test_long_texts_are_counted_in_steps() -> None:
    found = profiled([{"text": "a" * (k * 5), "label": "xy"[k % 2]} for k in range(1, 201)])
    steps = [int(length) for length in found["lengths"]["train"]]
    assert len(steps) <= 31 and steps == sorted(steps) and all(step % steps[1] == 0 for step in steps)


def test_equal_test_rows_have_an_equal_digest() -> None:
    first, again, other = profiled(rows()), profiled(rows()), profiled(rows(), split_seed=1)
    assert first["test_digest"] == again["test_digest"] != other["test_digest"]
    assert profiled(rows(extra=str), input=("text",))["test_digest"] == first["test_digest"]


def test_labels_are_counted_each() -> None:
    found = profiled([{"text": f"t{k}", "tags": ["p", "q"][: k % 3]} for k in range(90)])
    assert sum(found["classes"][name]["p"] for name in NAMES) == 60
    assert sum(found["classes"][name]["q"] for name in NAMES) == 30


def test_what_looks_suspicious_is_said() -> None:
    uneven = [{"text": f"row {k}", "label": "rare" if k < 4 else "usual"} for k in range(400)]
    said = " ".join(profiled(uneven)["warnings"])
    assert 'uneven, from 316 rows of "usual" to 4 rows of "rare"' in said and "class_weights=balanced" in said
    unseen = [{"text": f"one two word{k}", "label": "xy"[k % 2]} for k in range(100)]
    said = " ".join(profiled(unseen, tokens="words")["warnings"])
    assert "33% of the validation tokens are <unk>; characters may serve better" in said
    empty = [{"text": "" if k % 2 else f"t{k}", "size": k, "label": "xy"[k % 2]} for k in range(100)]
    assert "40 of 80 training texts are empty" in " ".join(profiled(empty)["warnings"])
    assert not profiled([{"text": f"ab {k}", "label": "xy"[k % 2]} for k in range(100)])["warnings"]
