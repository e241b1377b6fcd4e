"""Made-up runs of models of notes: pieces with their surprises, a long one and silent ones, and a hostile name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.use.report_material import HOSTILE, common, history, rest
from throughtime.use.report import ReportMaterial

Row = dict[str, Any]


def pieces(rows: int = 12, seed: int = 61, baseline: float = 5.0) -> list[Row]:
    """Of unequal length, the last one long and the most surprising; the network's mean surprise is about 3."""
    random = np.random.default_rng(seed)
    made: list[Row] = []
    for i in range(rows):
        count = 400 if i == rows - 1 else int(random.integers(1, 60))
        frames = [sorted({int(note) for note in random.integers(50, 80, random.integers(0, 4))}) for _ in range(count)]
        surprise = random.gamma(3, 1.5 if i == rows - 1 else 1, count)
        made.append(
            {
                "id": i,
                "file": "music.json, test",
                "row": i + 1,
                "frames": count,
                "inputs": {"notes": [[60, 64], *frames[:-1]]},
                "truth": frames,
                "predicted": [frame[:1] for frame in frames],
                "probabilities": [{str(note): 0.5 for note in frame} for frame in frames],
                "surprise": [round(float(value), 4) for value in surprise],
                "loss": float(surprise.mean()),
                "baseline_loss": float(surprise.mean() + random.normal(baseline - 3, 0.3)),
            }
        )
    return made


def music(rows: list[Row] | None = None, name: str = "two voices", made: int = 3) -> ReportMaterial:
    rows = pieces() if rows is None else rows
    random, frames = np.random.default_rng(62), sum(row["frames"] for row in rows)
    ours, theirs = (sum(row[side] * row["frames"] for row in rows) / frames for side in ("loss", "baseline_loss"))
    test = {"nll": ours, "note_accuracy": 0.4, "note_f1": 0.55}
    beside = {"nll": theirs, "note_accuracy": 0.3, "note_f1": 0.45}
    alone = {name: value * 1.4 for name, value in beside.items()}
    written = [[[60, 64], *({int(n)} for n in random.integers(50, 80, 20))] for _ in range(made)]
    return ReportMaterial(
        name=name,
        metrics={
            **common("language_model", "nll", test),
            "steps": {"test": frames},
            "baseline": {"name": "repeat_frame", **beside},
            "baselines": {
                "repeat_frame": {**beside, "valid": beside, "settings": "one for all notes"},
                "independent_notes": {**alone, "valid": alone, "settings": "0.01 added"},
            },
        },
        history=history(6, "nll", ours, random),
        predictions=rows,
        samples={"pieces": [[sorted(frame) for frame in piece] for piece in written], "temperature": 0.8},
        data={"source": "music.json", "rows": {"train": 100, "valid": 12, "test": len(rows)}, "unit": "frames"},
        **rest(),
    )


def hostile() -> ReportMaterial:
    """A name that tries to break out of the page, silence alone, and no piece made."""
    silent = pieces(3, seed=63)
    for row in silent:
        row |= {"file": HOSTILE, "truth": [[] for _ in row["truth"]], "inputs": {HOSTILE: [[] for _ in row["truth"]]}}
    return music(silent, name=HOSTILE, made=0)


ALL: dict[str, Callable[[], ReportMaterial]] = {"music": music, "music_hostile": hostile}
