"""An answer of several words to a question about a story: written by a decoder that looks at both."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

import throughtime as tt
from throughtime.errors import UsageError

PEOPLE, PLACES = ("Anna", "Ben", "Cleo"), ("garden", "hall", "old school", "market")
SMALL: dict[str, Any] = {"task": "answer", "kinds": ("answer=tokens",), "learning_rate": 0.01, "batch_size": 16}


def told(count: int) -> list[dict[str, str]]:
    chance, rows = random.Random(1), []
    for _ in range(count):
        where = {name: chance.choice(PLACES) for name in chance.sample(PEOPLE, 3)}
        who = chance.choice(PEOPLE)
        story = " ".join(f"{name} went to the {there}." for name, there in where.items())
        rows.append({"story": story, "question": f"Where is {who}?", "answer": f"{who} is in the {where[who]}."})
    return rows


def test_it_is_written_measured_and_explained(tmp_path: Path) -> None:
    """The form of the answer and the name in it are learnt in a few epochs; where he is takes longer."""
    run = tt.train(told(300), tmp_path / "run", **SMALL, epochs=8)
    assert run.metrics["test"]["word_error"] <= 0.25 and run.metrics["texts"]["unit"] == "words"
    row = {"story": "Ben went to the garden. Anna went to the old school.", "question": "Where is Ben?"}
    (answer,) = run.predict([row], n_best=2)
    assert answer["predicted"].startswith("Ben is in the ") and len(answer["n_best"]) == 2
    found = run.explain(row, nearest=0)
    assert [entry.column for entry in found.inputs] == ["story", "question", "decoder"]
    assert found.written is not None and len(found.written.read) == 2 + 4
    assert set(run.record(row, "h")) >= {"story.l0.h", "question.l0.h", "decoder.l0.h"}


def test_what_acts_on_the_other_kind_of_answer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--set looks=2: the answer is written, and every token looks once"):
        tt.train(told(60), tmp_path / "text", **SMALL, looks=2)
    classes = [{**row, "answer": row["answer"].split()[-1]} for row in told(60)]
    with pytest.raises(UsageError, match="--set beam=3: the answer is a class, and none is written"):
        tt.train(classes, tmp_path / "class", task="answer", beam=3)
