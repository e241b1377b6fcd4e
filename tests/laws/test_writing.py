"""The laws of writing: alone as in a batch, scored by the model itself, and no option of it silent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import throughtime as tt
from tests.cli.calling import call
from tests.laws.material import rows, tiny
from throughtime.api.load import TrainedRun
from throughtime.batch import Sequences
from throughtime.data.batches import collated
from throughtime.data.dataset import Dataset
from throughtime.data.records import in_memory_records
from throughtime.errors import UsageError
from throughtime.models.decoding import Beam, Sampling, Way
from throughtime.models.heads.tokens import Read, TextHead
from throughtime.models.model import Model

FORMS: dict[str, dict[str, Any]] = {
    "usual": {},
    "fed": {"input_feeding": True, "cell": "gru", "layers": 2, "attention": "coverage"},
    "copying": {"copying": True, "shared_vocabulary": True, "attention": "location"},
    "letters": {"tokens": "characters", "longest": 60, "attention": "additive", "epochs": 1},
    "blind": {"attention": "none"},
}
GREEDY: dict[str, Any] = {"beam": 1}
DRAWN: dict[str, Any] = {"temperature": 1.3, "seed": 4}
Trained = Callable[[str], TrainedRun]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A run of each form, trained when it is first asked for."""
    found: dict[str, TrainedRun] = {}

    def of(form: str) -> TrainedRun:
        if form not in found:
            options = {"precision": "float64", "epochs": 3, "learning_rate": 0.03, "metric": "chrf", **FORMS[form]}
            found[form] = tt.train(rows("transduce"), tmp_path_factory.mktemp(form), **tiny("transduce", **options))
        return found[form]

    return of


def some(count: int = 9) -> list[dict[str, Any]]:
    return [{name: row[name] for name in ("text", "size", "shop")} for row in rows("transduce")[:count]]


def read(run: TrainedRun, given: list[dict[str, Any]]) -> tuple[TextHead, Read]:
    model = run.model
    assert isinstance(model, Model) and isinstance(model.head, TextHead)
    columns = {name: [row[name] for row in given] for name in run.inputs}
    dataset = Dataset(in_memory_records(columns), {name: run.fields[name] for name in run.inputs})
    with torch.no_grad():
        return model.head, model(collated(dataset, np.arange(len(given))))


def same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Equal texts and figures, and so for all of several answers."""
    for one, other in zip(found.get("n_best", [found]), expected.get("n_best", [expected]), strict=True):
        assert (one["predicted"], one["finished"]) == (other["predicted"], other["finished"])
        assert one["log_probability"] == pytest.approx(other["log_probability"], abs=1e-10)
        assert one["score"] == pytest.approx(other["score"], abs=1e-10)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("way", [{}, GREEDY, {"n_best": 3}, {"beam": 7, "n_best": 6, "length_penalty": 0.0}])
def test_a_row_alone_is_answered_as_in_any_batch(form: str, way: dict[str, Any], trained: Trained) -> None:
    run, given = trained(form), some()
    together = run.predict(given, **way)
    for row, answer in list(zip(given, together, strict=True))[::3]:
        same(run.predict([row], **way)[0], answer)
    for found, answer in zip(run.predict(given[::-1], **way)[::-1], together, strict=True):
        same(found, answer)


@pytest.mark.parametrize("form", ["usual", "copying"])
def test_what_is_drawn_hangs_on_the_seed_and_the_number_of_the_row_alone(form: str, trained: Trained) -> None:
    run, given = trained(form), some()
    drawn = run.predict(given, **DRAWN, n_best=3)
    for found, answer in zip(run.predict([given[0]], **DRAWN, n_best=3), drawn[:1], strict=True):
        same(found, answer)
    for found, answer in zip(run.predict(given[:4], **DRAWN, n_best=3), drawn[:4], strict=True):
        same(found, answer)
    for found, answer in zip(run.predict(given, **DRAWN), drawn, strict=True):  # the first is the same without others
        same(found, answer["n_best"][0])
    head, _ = read(run, given)
    way = Way(longest=12, sampling=Sampling(1.3), seed=4)
    back = torch.arange(len(given)).flip(0)  # the numbers of the rows, not their places
    one, other = (
        head.write(read(run, part)[1], way, ids) for part, ids in ((given, back.flip(0)), (given[::-1], back))
    )
    assert [found[0].ids for found in one] == [found[0].ids for found in other[::-1]]
    texts = [[each["predicted"] for each in row["n_best"]] for row in drawn]
    assert texts != [
        [each["predicted"] for each in row["n_best"]] for row in run.predict(given, temperature=1.3, n_best=3)
    ]
    assert any(len(set(row)) > 1 for row in texts)
    equal = run.predict([given[0]] * 6, **DRAWN)
    assert len({row["predicted"] for row in equal}) > 1


@pytest.mark.parametrize("form", FORMS)
def test_a_beam_of_one_is_greedy(form: str, trained: Trained) -> None:
    head, output = read(trained(form), some())
    greedy = head.write(output, Way(longest=12), torch.arange(9))
    state = head.decoder.begin(output.source)
    tokens, going, written = torch.full((9,), head.first), torch.ones(9, dtype=torch.bool), [[] for _ in range(9)]  # type: ignore[var-annotated]
    for _ in range(12):
        logs, state = head.decoder.step(tokens, state)
        tokens = logs.index_fill(1, head.never, -torch.inf).argmax(1)  # type: ignore[arg-type]
        going &= tokens != head.last
        for row in going.nonzero()[:, 0].tolist():
            written[row].append(int(tokens[row]))
    assert [list(found[0].ids) for found in greedy] == written
    widest = [found[0] for found in head.write(output, Way(Beam(1, coverage_penalty=0.0), longest=12), torch.arange(9))]
    assert widest == [found[0] for found in greedy]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("way", [Way(Beam(5, 0.6, 0.2, 5), 12), Way(longest=12, sampling=Sampling(1.5), draws=3)])
def test_log_probabilities_are_the_models_own(form: str, way: Way, trained: Trained) -> None:
    if form == "blind" and way.sampling is None:
        way = Way(Beam(5, 0.6, 0.0, 5), 12)
    head, output = read(trained(form), some())
    found = head.write(output, way, torch.arange(9))
    for which in range(min(map(len, found))):
        chosen = [row[which] for row in found]
        ids = [[head.first, *each.ids, *([head.last] if each.finished else [])] for each in chosen]
        width = max(map(len, ids))
        target = torch.tensor([[*row, *[0] * (width - len(row))] for row in ids])
        lengths = torch.tensor([len(row) for row in ids])
        with torch.no_grad():
            each, counts = head.surprises(output, Sequences(target, lengths))
        sums = [float(part.sum()) for part in each.split(counts.tolist())]
        assert [-one.log_probability for one in chosen] == pytest.approx(sums, abs=1e-9)
        assert not {0, head.first, 1} & {token for one in chosen for token in one.ids}, "marks are never written"
    if way.sampling is None:
        for row in found:
            assert [(not one.finished, -one.score) for one in row] == sorted(
                (not one.finished, -one.score) for one in row
            )
            assert len({one.ids for one in row}) == len(row)


def test_an_answer_that_does_not_end_is_cut(trained: Trained) -> None:
    run = trained("usual")
    head, _ = read(run, some(1))
    bias = head.decoder.following.bias
    before = bias[head.last].item()
    with torch.no_grad():
        bias[head.last] = -1e9
    for way in ({"longest": 7}, {"longest": 7, **GREEDY}, {"longest": 7, "n_best": 2}, {"longest": 7, **DRAWN}):
        for row in run.predict(some(), **way):
            assert [row["finished"], len(row["predicted"].split())] == [False, 7]
    with torch.no_grad():
        bias[head.last] = before


@pytest.mark.parametrize("form", ["usual", "fed", "letters"])
def test_answers_begin_with_the_prefix(form: str, trained: Trained) -> None:
    run = trained(form)
    for way in ({}, GREEDY, {"n_best": 3}, DRAWN):
        for row in run.predict(some(4), prefix="but The", **way):
            assert all(each["predicted"].startswith("but The") for each in row.get("n_best", [row]))
    one = run.predict(some(1), prefix="but The", beam=1)[0]
    assert one["log_probability"] < 0


# each option of writing: what is said beside it, and what it is changed from
ACTING: list[tuple[str, Any, dict[str, Any]]] = [
    ("beam", 1, {"n_best": None}),
    ("beam", 8, {"n_best": None}),
    ("n_best", 2, {}),
    ("n_best", 6, {}),
    ("n_best", 2, DRAWN),
    ("length_penalty", 0.0, {}),
    ("length_penalty", 5.0, {"n_best": 2}),
    ("coverage_penalty", 4.0, {"longest": 4}),
    ("longest", 4, {}),
    ("longest", 4, DRAWN),
    ("prefix", "film the", {}),
    ("prefix", "film the", DRAWN),
    ("temperature", 1.0, {}),
    ("temperature", 0.0, {"longest": 10}),
    ("temperature", 0.5, {"temperature": 1.5}),
    ("top_k", 3, {}),
    ("top_k", 2, DRAWN),
    ("top_p", 0.6, {}),
    ("top_p", 0.5, DRAWN),
    ("seed", 5, DRAWN),
]


@pytest.mark.parametrize(("name", "value", "around"), ACTING)
def test_an_option_of_writing_changes_the_answers(
    name: str, value: Any, around: dict[str, Any], trained: Trained, tmp_path: Path
) -> None:
    run, given = trained("usual"), some(20)
    before, after = run.predict(given, **around), run.predict(given, **{**around, name: value})
    assert after != before
    if around.get(name) is None and name != "n_best":
        assert [row["predicted"] for row in after] != [row["predicted"] for row in before] or name.endswith("penalty")


def test_a_length_penalty_leads_to_longer_texts(trained: Trained) -> None:
    run, given = trained("usual"), some(20)
    short, long = (run.predict(given, beam=8, length_penalty=power) for power in (0.0, 6.0))
    lengths = [(len(one["predicted"]), len(other["predicted"])) for one, other in zip(short, long, strict=True)]
    assert all(one <= other for one, other in lengths) and any(one < other for one, other in lengths)


def test_the_command_line_has_them_all(trained: Trained, tmp_path: Path) -> None:
    run, file = trained("usual"), tmp_path / "rows.csv"
    file.write_text("text,size,shop\n" + "".join(f"{row['text']},{row['size']},{row['shop']}\n" for row in some(3)))
    for name, value, around in ACTING:
        asked = {**around, name: value}
        words = [
            word for key, part in asked.items() if part is not None for word in (f"--{key.replace('_', '-')}", part)
        ]
        said = call("predict", run.path, file, "--json", *words)
        assert said.code == 0, said.err
        found = [json.loads(line) for line in said.out.splitlines()]
        for one, other in zip(found, run.predict(some(3), **asked), strict=True):
            same(one, other)
    lists = call("predict", run.path, file, "--n-best", 2).out.split("\n\n")
    assert [len(each.strip().splitlines()) for each in lists] == [2, 2, 2]
    assert "the text is empty" in call("predict", run.path, "--text", " ").err


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"beam": 0}, "beam 0: it must be at least 1"),
    ({"beam": 2.5}, "beam 2.5: it must be a whole number"),
    ({"beam": 2, "n_best": 3}, "n_best 3: there are only 2 hypotheses; give a larger beam"),
    ({"n_best": 0}, "n_best 0: it must be at least 1"),
    ({"n_best": 0, **DRAWN}, "n_best 0: it must be at least 1"),
    ({"beam": 1, "length_penalty": 1.0}, "length_penalty: a beam of 1 compares no hypotheses; leave it out"),
    ({"beam": 1, "coverage_penalty": 1.0}, "coverage_penalty: a beam of 1 compares no hypotheses; leave it out"),
    ({"length_penalty": -1.0}, "length_penalty -1: it must be between 0 and 10"),
    ({"length_penalty": 1e6}, "length_penalty 1e[+]06: it must be between 0 and 10"),
    ({"coverage_penalty": -1.0}, "coverage_penalty -1: it must be a number of at least 0"),
    ({"longest": 0}, "longest 0: it must be at least 1"),
    ({"longest": 1, "prefix": "but The"}, "prefix 1 has 2 tokens; an answer has at most 1"),
    ({"prefix": "nowhere"}, 'prefix "nowhere": the run has never seen "nowhere", and cannot write it'),
    ({"prefix": "  "}, "there is nothing in it; leave it out"),
    ({"prefix": "<unk>"}, "and cannot write it"),
    ({"temperature": -1.0}, "--temperature -1: it must be a number of at least 0"),
    ({"temperature": float("nan")}, "--temperature nan"),
    ({"temperature": 0.0, "seed": 3}, "seed: a temperature of 0 always takes the likeliest token; leave it out"),
    ({"temperature": 0.0, "top_k": 3}, "top_k: a temperature of 0 always takes the likeliest"),
    ({"temperature": 0.0, "n_best": 3}, "n_best: a temperature of 0 always takes the likeliest"),
    ({"seed": 3}, "seed: nothing is drawn; add a temperature, or leave it out"),
    ({"seed": -3, "temperature": 1.0}, "seed -3: it must be at least 0"),
    ({"top_k": 0}, "--top-k 0: it must be at least 1"),
    ({"top_p": 1.5}, "--top-p 1.5: it must be above 0 and at most 1"),
    ({"beam": 3, **DRAWN}, "beam: answers are drawn, token by token, as temperature asks; leave one of them out"),
    ({"length_penalty": 1.0, "top_k": 3}, "length_penalty: answers are drawn"),
    ({"bean": 3}, 'unknown option of writing "bean"; did you mean "beam"'),
]


@pytest.mark.parametrize(("asked", "said"), REFUSED, ids=lambda value: "")
def test_what_cannot_be_written_is_refused(asked: dict[str, Any], said: str, trained: Trained) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        trained("usual").predict(some(2), **asked)
    assert caught.value.exit_code == 2


def test_what_acts_on_nothing_here_is_refused(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="coverage_penalty: the network looks at nothing"):
        trained("blind").predict(some(2), coverage_penalty=0.5)
    sorting = tt.train(rows("classify"), tmp_path / "run", **tiny("classify", epochs=1))
    with pytest.raises(UsageError, match="beam, seed: a run of the task classify writes no texts; leave it out"):
        sorting.predict(some(2), beam=3, seed=1)
    said = call("predict", sorting.path, "--text", "good", "--beam", 3)
    assert said.code == 2 and "Traceback" not in said.err
