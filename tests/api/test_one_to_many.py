"""A text written from what has no order: a class, numbers, vectors, several columns at once."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

import throughtime as tt
from throughtime.cli.commands.predict import predict
from throughtime.errors import UsageError

SMALL: dict[str, Any] = {
    "task": "transduce",
    "output": "text",
    "epochs": 1,
    "hidden_size": 6,
    "embedding_size": 5,
    "threads": 1,
    "longest": 14,
    "baselines": ("copy",),
    "tokens": "words",
}


def rows(count: int = 90, endings: int = 9) -> list[dict[str, Any]]:
    """A text that tells of a class and of the sign of a number, with one of some endings; and these in other forms."""
    chance, found = random.Random(1), []
    for k in range(count):
        kind, size = chance.choice("AB"), round(chance.gauss(0, 1), 3)
        text = " ".join(
            [*["so" if kind == "A" else "but"] * (2 if size > 0 else 1), "it", "ends", "abcdefghi"[k % endings]]
        )
        vector = [size, float(kind == "A"), round(chance.random(), 2)]
        more = {"vector": vector, "grid": [vector, vector], "labels": [kind, "all"], "twice": kind + kind}
        found.append({"kind": kind, "size": size, "other": -size, "word": f"w{k}", **more, "text": text})
    return found


SOURCES: list[tuple[tuple[str, ...], tuple[str, ...], dict[str, str], str]] = [
    (("kind",), (), {"kind": "category"}, "none"),
    (("kind",), ("kind=tokens",), {"kind": "tokens"}, "general"),
    (("size",), (), {"size": "tokens"}, "general"),
    (("size",), ("size=number",), {"size": "number"}, "none"),
    (("size", "other"), (), {"size": "number", "other": "number"}, "none"),
    (("vector",), (), {"vector": "numbers"}, "general"),
    (("grid",), (), {"grid": "numbers"}, "general"),
    (("labels",), ("labels=labels",), {"labels": "labels"}, "none"),
    (("word", "kind"), (), {"word": "tokens", "kind": "category"}, "general"),
    (("word", "twice"), ("twice=tokens",), {"word": "tokens", "twice": "tokens"}, "general"),
    (("word", "vector", "size"), (), {"word": "tokens", "vector": "numbers", "size": "number"}, "general"),
]


@pytest.mark.parametrize(("inputs", "kinds", "found", "attention"), SOURCES, ids=lambda value: str(value))
def test_a_text_is_written_from_whatever_is_given(
    inputs: tuple[str, ...], kinds: tuple[str, ...], found: dict[str, str], attention: str, tmp_path: Path
) -> None:
    trained = tt.train(rows(), tmp_path / "run", input=inputs, kinds=kinds, **SMALL)
    assert {name: trained.fields[name].kind for name in inputs} == found
    assert trained.model.head.decoder.task.attention == attention  # type: ignore[union-attr]
    saved = trained.run.predictions.read()
    again = tt.load(tmp_path / "run").predict([row["inputs"] for row in saved])
    assert [row["predicted"] for row in again] == [row["predicted"] for row in saved]
    assert "character_error" in trained.metrics["test"] and trained.metrics["baselines"]["copy"]


@pytest.mark.parametrize("inputs", [("kind", "size"), ("vector",)])
def test_it_is_learnt(inputs: tuple[str, ...], tmp_path: Path) -> None:
    more = {"epochs": 10, "hidden_size": 24, "embedding_size": 16, "learning_rate": 0.02, "dropout": 0.1, "beam": 1}
    trained = tt.train(rows(240, endings=1), tmp_path / "run", input=inputs, **{**SMALL, **more})
    assert trained.metrics["test"]["exact_match"] > 0.8 > trained.metrics["baseline"]["exact_match"]


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"attention": "dot"}, "--set attention=dot: the inputs have no steps to look at; leave it out"),
        ({"attention": "coverage"}, "--set attention=coverage: the inputs have no steps"),
        ({"copying": True}, "--set copying=True: attention=none looks at nothing; leave it out"),
        ({"coverage_penalty": 0.2}, "--set coverage_penalty=0.2: attention=none looks at nothing; leave it out"),
        ({"bridge": "none"}, "--set bridge=none: .* know nothing of the input; leave it out"),
        ({"bidirectional": False}, "--bidirectional False: the inputs have no steps to be read; leave it out"),
        ({"learned_state": True}, "--set learned_state=True: the inputs have no steps to be read; leave it out"),
        ({"pooling": "last"}, "--set pooling=last: .* none is pooled; leave it out"),
        ({"shared_vocabulary": True}, "--set shared_vocabulary=yes: no texts are both read and written; leave it out"),
        ({"crop": 3}, "--set crop=3: whole texts are written; leave it out"),
        ({"label_separator": ";"}, "--set label_separator=;: no input holds labels; leave it out"),
        ({"letters": "no"}, "--set letters=no: no input holds words"),
    ],
    ids=lambda value: "",
)
def test_what_acts_on_nothing_is_refused(option: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        tt.train(rows(), tmp_path / "run", input="kind", **{**SMALL, **option})
    assert not list((tmp_path / "run").glob("*"))


def test_what_acts_on_the_text_alone_is_not_refused(tmp_path: Path) -> None:
    said: list[dict[str, Any]] = [{}, {"embeddings": "skipgram"}, {"token_dropout": 0.4}, {"max_vocabulary": 6}]
    said += [{"tokens": "characters", "longest": 40}, {"lower_case": "yes"}, {"input_feeding": True}]
    texts = [{**row, "text": row["text"].replace("ends", ("Ends", "ends")[k % 2])} for k, row in enumerate(rows())]
    found = [tt.train(texts, tmp_path / str(k), input="kind", **{**SMALL, **more}) for k, more in enumerate(said)]
    assert len({run.metrics["test"]["cross_entropy"] for run in found}) == len(said)


def test_baselines_read_all_that_the_network_reads(tmp_path: Path) -> None:
    """Two columns that say together what neither says alone: no row that training knew, none that is looked up."""
    pairs = [{"a": a, "b": b, "text": f"{a + b} in all"} for a in range(10) for b in range(9)]
    trained = tt.train(pairs, tmp_path / "run", **SMALL | {"baselines": ("known_answers",)})
    valid = len(trained.run.predictions.read())
    settings = trained.metrics["baselines"]["known_answers"]["settings"]
    assert settings == f"of {valid} sources of valid training knew 0"


def test_a_text_for_what_reads_no_text_is_refused_with_the_mend(tmp_path: Path) -> None:
    trained = tt.train(rows(), tmp_path / "run", input=("kind",), **SMALL)
    with pytest.raises(UsageError, match="the column kind, which a text alone does not fill; give a file with it"):
        trained.predict(["A"])
    table = [{key: row[key] for key in ("size", "other", "kind")} for row in rows()]
    with pytest.raises(UsageError, match='if "kind" is a text to be written, --task transduce'):
        tt.train(table, tmp_path / "other", output="kind", epochs=1)


def test_the_header_of_a_table_of_one_column_is_no_row(tmp_path: Path) -> None:
    tt.train(rows(), tmp_path / "run", input=("word",), **SMALL)
    trained = tt.load(tmp_path / "run")
    for name, lines in {"with.csv": "word\nw1\nw2\n", "without.csv": "w1\nw2\n"}.items():
        (tmp_path / name).write_text(lines, encoding="utf-8")
        assert len(trained.predict(tmp_path / name)) == 2


def test_texts_of_several_inputs_stand_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tt.train(rows(), tmp_path / "run", input=("word",), **SMALL)
    predict(str(tmp_path / "run"), text=["w1", "w2"], n_best=2)
    blocks = capsys.readouterr().out.removesuffix("\n").split("\n\n")
    assert [len(block.splitlines()) for block in blocks] == [2, 2]
