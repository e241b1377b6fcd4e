"""One answer explained, by the way a user goes: what is left out, gates and states, nearest rows, what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import throughtime as tt
from tests.laws.material import OUTPUT, rows, tiny
from tests.laws.test_language import text
from tests.laws.test_language import tiny as tiny_text
from tests.use.page_reader import Page, section, tables
from throughtime.api.again import prepared_again
from throughtime.cells.cell import form
from throughtime.errors import UsageError
from throughtime.use.inspect.explain import Explained, lines
from throughtime.use.inspect.explain.over_time import is_gate
from throughtime.use.report import report


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tt.TrainedRun]:
    """A small run of each kind, trained on records, and one of a text in a file."""
    folder = tmp_path_factory.mktemp("runs")
    found = {
        kind: tt.train(rows(kind), folder / kind, **tiny(kind, bidirectional=True, layers=2, epochs=4))
        for kind in ("classify", "labels", "regress", "tags", "steps")
    }
    (folder / "text.txt").write_text(text())
    found["text"] = tt.train(folder / "text.txt", folder / "text", **tiny_text())
    return found


def row(kind: str, number: int = 3) -> dict[str, Any]:
    """The inputs of one row."""
    return {name: value for name, value in rows(kind)[number].items() if name != OUTPUT[kind]}


@pytest.mark.parametrize("kind", ["classify", "labels", "regress"])
def test_left_out_is_the_answer_to_the_shortened_text(kind: str, runs: dict[str, tt.TrainedRun]) -> None:
    run, given = runs[kind], row(kind)
    found = run.explain(given, nearest=0)
    (whole,) = run.predict([given])
    assert found.predicted == pytest.approx(whole["predicted"]) if kind == "regress" else whole["predicted"]
    words = given["text"].split()
    assert [token for token in found.inputs[0].tokens] == [word.lower() for word in words]
    for k, out in enumerate(found.inputs[0].without):
        (short,) = run.predict([{**given, "text": " ".join(words[:k] + words[k + 1 :])}])
        assert out is not None
        if kind == "regress":
            assert out.predicted == out.value == pytest.approx(short["predicted"], rel=1e-5) and out.flips is None
            continue
        assert out.predicted == short["predicted"]
        assert out.value == pytest.approx(short["probabilities"][found.answer], abs=1e-6)
        changed = short["predicted"] != whole["predicted"]
        if kind == "labels":
            changed = (found.answer in short["predicted"]) != (found.answer in whole["predicted"])
        assert out.flips == changed


def test_left_out_of_a_number_is_the_training_mean(runs: dict[str, tt.TrainedRun]) -> None:
    run, given = runs["classify"], row("classify")
    (out,) = run.explain(given, nearest=0).inputs[1].without
    mean = run.fields["size"].scaling.mean  # type: ignore[attr-defined]
    (expected,) = run.predict([{**given, "size": mean}])
    assert out is not None and out.predicted == expected["predicted"]
    assert out.value == pytest.approx(max(expected["probabilities"].values()), abs=1e-6) or out.flips


@pytest.mark.parametrize("kind", ["tags", "steps"])
def test_left_out_of_a_row_of_steps_takes_the_step_from_every_column(kind: str, runs: dict[str, tt.TrainedRun]) -> None:
    run, given, step = runs[kind], row(kind), 1
    found = run.explain(given, step=step, nearest=0)
    timed = [name for name in given if isinstance(given[name], list)]
    for entry in found.inputs:
        if entry.column not in timed:
            continue
        assert entry.without[step] is None
        for k, out in enumerate(entry.without):
            if k == step:
                continue
            short = {name: given[name][:k] + given[name][k + 1 :] if name in timed else given[name] for name in given}
            (expected,) = run.predict([short])
            place = step - (k < step)
            assert out is not None
            if kind == "steps":
                assert out.predicted == pytest.approx(expected["predicted"][place], rel=1e-5, abs=1e-6)
            else:
                assert out.predicted == expected["predicted"][place]


def test_without_a_step_the_least_sure_answer_is_explained(runs: dict[str, tt.TrainedRun]) -> None:
    given = row("tags")
    (answer,) = runs["tags"].predict([given])
    least = int(np.argmin(answer["sure"]))
    found = runs["tags"].explain(given, nearest=0)
    assert found.step == least and found.predicted == found.answer == answer["predicted"][least]
    assert found.value == pytest.approx(answer["sure"][least], abs=1e-6)
    numbers = row("steps")
    assert runs["steps"].explain(numbers, nearest=0).step == len(numbers["words"]) - 1


def test_the_score_is_that_of_the_answer(runs: dict[str, tt.TrainedRun]) -> None:
    for kind in ("classify", "tags", "text"):
        found = runs[kind].explain("so it is" if kind == "text" else row(kind), nearest=0)
        assert np.exp(found.attribution.score) == pytest.approx(found.value, rel=1e-4), kind
    found = runs["labels"].explain(row("labels"), nearest=0)
    assert 1 / (1 + np.exp(-found.attribution.score)) == pytest.approx(found.value, rel=1e-4)
    found = runs["regress"].explain(row("regress"), nearest=0)
    scaling = runs["regress"].output.scaling  # type: ignore[attr-defined]
    assert scaling.unscale(found.attribution.score) == pytest.approx(found.value, rel=1e-4)


def test_another_answer_can_be_asked_for(runs: dict[str, tt.TrainedRun]) -> None:
    run, given = runs["classify"], row("classify")
    (whole,) = run.predict([given])
    other = min(whole["probabilities"], key=whole["probabilities"].get)
    found = run.explain(given, answer=other, nearest=0)
    assert found.answer == other != found.predicted
    assert found.value == pytest.approx(whole["probabilities"][other], abs=1e-6)
    assert f"predicted is {found.predicted}" in lines(found)[0]


def test_a_language_model_explains_a_token_with_those_before_it(runs: dict[str, tt.TrainedRun]) -> None:
    run, sentence = runs["text"], "a (big) one"
    (likely,) = run.predict([sentence])
    found = run.explain(sentence)
    assert found.answer == found.predicted == likely["predicted"] and found.step == len(sentence)
    assert found.value == pytest.approx(likely["probabilities"][found.answer], rel=1e-4)
    assert "".join(found.inputs[0].tokens) == sentence and found.no_nearest == (
        "running text has no rows that could be near to one another"
    )
    for k, out in enumerate(found.inputs[0].without):
        (short,) = run.predict([sentence[:k] + sentence[k + 1 :]])
        assert out is not None and out.predicted == short["predicted"]
        assert out.flips == (short["predicted"] != likely["predicted"])
    inside = run.explain(sentence, step=6)
    assert inside.answer == ")" and "".join(inside.inputs[0].tokens) == "a (big"
    (alone,) = run.explain("a").inputs[0].without
    assert alone is not None


# ---- gates and states


@pytest.mark.parametrize(
    ("cell", "gates"),
    [
        ("lstm", "i f o"),
        ("gru", "r z"),
        ("lstm_coupled", "f o"),
        ("mgu", "f"),
        ("rnn", ""),
        ("lstm_layernorm", "i f o"),
    ],
)
def test_which_quantities_are_gates(cell: str, gates: str) -> None:
    graph = form(cell)
    assert [name for name, index in graph.names if is_gate(graph, index)] == gates.split()


def test_gates_are_means_and_states_are_lengths_of_what_was_recorded(runs: dict[str, tt.TrainedRun]) -> None:
    entry = runs["classify"].explain(row("classify"), nearest=0).inputs[0]
    assert {(line.layer, line.backward) for line in entry.over_time} == {(0, False), (0, True), (1, False), (1, True)}
    assert {line.name: line.measure for line in entry.over_time} == {
        **dict.fromkeys("ifo", "mean"),
        **dict.fromkeys("gch", "norm"),
    }
    for line in entry.over_time:
        values = entry.recorded[f"l{line.layer}{'_reverse' if line.backward else ''}.{line.name}"]
        assert values.shape == (len(entry.tokens), 6)
        expected = values.mean(1) if line.measure == "mean" else np.linalg.norm(values, axis=1)
        np.testing.assert_allclose(line.values, expected)


def test_the_backward_direction_has_seen_what_follows(runs: dict[str, tt.TrainedRun]) -> None:
    given = row("classify")
    short = {**given, "text": " ".join(given["text"].split()[:-1])}
    whole, cut = (runs["classify"].explain(one, nearest=0).inputs[0].recorded for one in (given, short))
    np.testing.assert_allclose(whole["l0.h"][:-1], cut["l0.h"], rtol=1e-9)
    assert not np.allclose(whole["l0_reverse.h"][:-1], cut["l0_reverse.h"])


# ---- nearest rows


@pytest.mark.parametrize("kind", ["classify", "labels", "tags"])
def test_a_training_row_is_nearest_to_itself(kind: str, runs: dict[str, tt.TrainedRun]) -> None:
    data = rows(kind)
    for number in (3, 11):
        found = runs[kind].explain(row(kind, number), data=data).nearest
        first = found[0]
        assert first.distance == pytest.approx(0, abs=1e-6) and first.inputs == row(kind, number)
        assert first.label == data[number][OUTPUT[kind]] and first.row == number + 1
        distances = [neighbour.distance for neighbour in found]
        assert len(found) == 5 and distances == sorted(distances) and distances[1] > 1e-6


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    written = [{"text": row["text"], "label": row["label"]} for row in rows("classify")]
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, ["text", "label"])
        table.writeheader()
        table.writerows(written)
    return path


def test_rows_are_read_again_from_where_they_were(table: Path, tmp_path: Path) -> None:
    trained = tt.train(table, tmp_path / "run", **{**tiny("classify"), "input": ("text",), "kinds": ()})
    again = prepared_again(trained.run)
    assert again.figures()["digest"] == trained.run.data.read()["digest"]
    train = again.records("train")  # type: ignore[attr-defined]
    found = trained.explain(train.columns["text"][0], nearest=3)
    assert found.no_nearest is None and len(found.nearest) == 3
    assert found.nearest[0].distance == pytest.approx(0, abs=1e-6)
    place = train.where(0)
    assert (found.nearest[0].file, found.nearest[0].row) == (place.file, place.row)
    content = table.read_text()
    table.write_text(content + "good film good film,pos\n")
    with pytest.raises(UsageError, match="is not what it was trained on"):
        prepared_again(trained.run)
    table.unlink()
    gone = tt.load(trained.path).explain("a good film")
    assert gone.nearest == () and f"its data {table} is no longer there" in str(gone.no_nearest)
    assert gone.no_nearest in lines(gone)[-1]


def test_rows_from_python_are_not_kept(runs: dict[str, tt.TrainedRun]) -> None:
    found = runs["classify"].explain(row("classify"))
    assert found.nearest == () and "came from Python and is not kept with it" in str(found.no_nearest)


def test_a_text_is_prepared_again(runs: dict[str, tt.TrainedRun]) -> None:
    again = prepared_again(runs["text"].run)
    assert again.figures()["digest"] == runs["text"].run.data.read()["digest"]


# ---- what is refused


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("classify", {"step": 2}, "step 2: a row has one answer here"),
        ("classify", {"answer": "poss"}, 'did you mean "pos"'),
        ("regress", {"answer": "pos"}, 'column "target" holds numbers, no classes'),
        ("tags", {"step": 99}, "step 99: the row has the steps 0 to"),
        ("tags", {"step": 0, "answer": "I-NAME"}, "no sequence of tags that is allowed has it there"),
        ("text", {"step": 0}, "the tokens 1 to 8 can be explained"),
        ("text", {"step": 40}, "the tokens 1 to 8 can be explained"),
        ("text", {"answer": "ä"}, "unknown token"),
    ],
)
def test_what_cannot_be_explained_is_refused(
    kind: str, options: dict[str, Any], words: str, runs: dict[str, tt.TrainedRun]
) -> None:
    with pytest.raises(UsageError) as refused:
        runs[kind].explain("so it is" if kind == "text" else row(kind), **options)
    assert words in str(refused.value)


def test_a_record_is_no_text_and_rows_without_steps_have_no_answer(runs: dict[str, tt.TrainedRun]) -> None:
    with pytest.raises(UsageError, match="give a text"):
        runs["text"].explain({"text": "so"})
    with pytest.raises(UsageError, match="no step, so there is no answer"):
        runs["tags"].explain({"words": [], "size": 1.0, "shop": "A"})


def test_an_empty_text_has_an_answer_too(runs: dict[str, tt.TrainedRun]) -> None:
    found = runs["classify"].explain({"text": "", "size": 2.0, "shop": "B"}, nearest=0)
    assert found.inputs[0].tokens == () and found.inputs[0].without == () and len(found.inputs[0].given) == 0
    assert found.attribution.complete
    assert lines(found)


# ---- as JSON, in the terminal, in the report


def test_everything_becomes_plain_values_and_a_page(runs: dict[str, tt.TrainedRun]) -> None:
    for kind, run in runs.items():
        given = "so it\nis" if kind == "text" else row(kind)
        found = run.explain(given, data=None if kind == "text" else rows(kind))
        saved = json.loads(json.dumps(found.to_json(), allow_nan=False))
        assert_json(saved, found)
        run.run.inspection.write({"explained": [saved]})
        page = report(run.run).read_text("utf-8")
        assert Page(page).wrong == []
        part = section(page, "explained")
        assert any("complete to" in text for text in part.texts("p"))
        listed = [cells for table in tables(page) for cells in table]
        for entry in found.inputs:
            for share in entry.given:
                assert any(f"{share:+.4f}" in cells for cells in listed)
        assert len(lines(found)) > len(found.inputs[0].tokens)


def assert_json(saved: dict[str, Any], found: Explained) -> None:
    assert saved["answer"] == found.answer and saved["value"] == pytest.approx(found.value)
    given = [share for entry in saved["inputs"] for share in entry["given"]]
    score = saved["score"]
    assert sum(given) == pytest.approx(score["value"] - score["baseline"], abs=1e-3) and score["complete"]
    for entry in saved["inputs"]:
        assert len(entry["tokens"]) == len(entry["given"]) == len(entry["without"])
        assert all(len(line["values"]) == len(entry["tokens"]) for line in entry["over_time"])


def test_the_lines_say_what_each_token_gave(runs: dict[str, tt.TrainedRun]) -> None:
    found = runs["classify"].explain(row("classify"), data=rows("classify"))
    said = lines(found)
    assert said[0].startswith(f"label: {found.answer} (probability {found.value:.3f})")
    assert "complete to" in said[1]
    for token, share in zip(found.inputs[0].tokens, found.inputs[0].given, strict=True):
        assert any(f"{share:+.4f}  {token}" in line for line in said)
    assert any(line.startswith("  0.0000") and "row 4" in line for line in said)
