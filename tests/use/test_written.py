"""What each token of a written text rests on: complete, mirrored where letters are turned round, as it is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import throughtime as tt
from tests.use.page_reader import Page
from tests.use.test_attribution import assert_complete
from tests.use.writing_material import built, learnt, of_several, several, small, turned_round
from throughtime.batch import Batch, Sequences
from throughtime.data.batches import collated
from throughtime.errors import UsageError
from throughtime.models.heads.tokens import TextHead
from throughtime.models.model import Model
from throughtime.use.inspect.explain import Explained, explain_written, lines
from throughtime.use.inspect.explain.decoded import attributed
from throughtime.use.inspect.explain.exact import in_float64
from throughtime.use.report import report

FORMS: list[dict[str, Any]] = [
    {},
    {"attention": "additive", "bidirectional": False},
    {"attention": "location", "input_feeding": True},
    {"attention": "coverage", "copying": True, "cell": "gru"},
    {"attention": "none", "cell": "gru"},
    {"attention": "dot", "copying": True, "input_feeding": True, "bidirectional": False, "tied": False},
    {"layers": 2, "copying": True, "embeddings": "one-hot", "embedding_size": None, "tied": False},
    {"only": ("shop",), "embedding_size": None},
    {"only": ("shop", "size"), "embedding_size": None, "cell": "rnn"},
]


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> tt.TrainedRun:
    return learnt(tmp_path_factory.mktemp("turned") / "run")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tt.TrainedRun:
    return of_several(tmp_path_factory.mktemp("many") / "run", copying=True)


def explained(row: int = 3, step: int | None = None, answer: str | None = None, **changes: Any) -> Explained:
    """A row of inputs of every kind, by a network of random weights."""
    material, inputs, model = built(**changes)
    one = material.records("train").select([row])
    return explain_written(model, one, inputs, "transduce", step=step, answer=answer)


@pytest.mark.parametrize("changes", FORMS, ids=str)
def test_complete_whatever_the_decoder(changes: dict[str, Any]) -> None:
    found = explained(**changes)
    assert_complete(found.attribution)
    assert np.exp(found.attribution.score) == pytest.approx(found.value, rel=1e-4)
    told = found.written
    assert told is not None and told.complete and found.step == int(told.sure.argmin())
    assert told.given.shape == (len(told.sure), len(told.read)) and not np.triu(told.before, 1).any()
    assert told.given[found.step] == pytest.approx(np.concatenate([entry.given for entry in found.inputs[:-1]]))
    assert told.before[found.step, : found.step + 1] == pytest.approx(found.inputs[-1].given)
    assert found.inputs[-1].tokens == ("<sos>", *told.tokens[: found.step])
    if changes.get("attention") == "none" or "only" in changes:
        assert told.weights is None and set(told.looked_at) == {None}
    else:
        assert told.weights is not None
        np.testing.assert_allclose(told.weights.sum(1), 1, rtol=1e-5)
        steps = np.array([column in ("given", "more") for column, _, _ in told.read])
        assert not told.weights[:, ~steps].any()


def test_another_step_and_another_token_can_be_asked_for() -> None:
    first, other = explained(step=0), explained(step=1, answer="h")
    assert first.step == 0 and first.inputs[-1].tokens == ("<sos>",)
    assert other.step == 1 and other.answer == "h" and other.written is not None
    assert other.predicted == other.written.tokens[1]
    assert_complete(other.attribution)
    assert np.exp(other.attribution.score) == pytest.approx(other.value, rel=1e-4)


def test_padding_changes_nothing() -> None:
    material, _, model = built(copying=True)
    exact, batch = in_float64(model), collated(material.datasets["train"], np.array([1]))
    plain = attributed(exact, batch, [5, 6], 7)
    longer = dict(batch.columns)
    for name, column in batch.columns.items():
        if isinstance(column, Sequences):
            longer[name] = Sequences(torch.cat([column.data, torch.full((1, 3), 5)], 1), column.lengths)
    padded = attributed(exact, Batch(longer, batch.sample_ids), [5, 6], 7)
    assert padded.score == pytest.approx(plain.score, rel=1e-12)
    for given, expected in zip(padded.inputs, plain.inputs, strict=True):
        assert len(given) == len(expected)
        np.testing.assert_allclose(given, expected, rtol=1e-9, atol=1e-12)


def test_a_copied_token_is_one_that_was_looked_at() -> None:
    """A network that always copies, and so answers with what it looks at most."""
    material, inputs, model = built(only=("given",), copying=True, beam=1)
    assert isinstance(model.head, TextHead) and model.head.decoder.copying is not None
    with torch.no_grad():
        model.head.decoder.copying.bias.fill_(-80)
    for row in range(6):
        one = material.records("train").select([row])
        told = explain_written(model, one, inputs, "transduce").written
        assert told is not None and told.weights is not None
        for token, sure, weights in zip(told.tokens, told.sure, told.weights, strict=False):
            places = [k for k, (_, _, name) in enumerate(told.read) if name == token]
            assert places and sure == pytest.approx(weights[places].sum(), rel=1e-4)


def test_letters_that_are_turned_round_rest_on_their_mirror(turned: tt.TrainedRun) -> None:
    rests = looks = count = 0
    for row in turned_round(15, seed=99, longest=6):
        told = turned.explain(row["given"], nearest=0).written
        assert told is not None
        mirrored = range(len(row["given"].split()) - 1, -1, -1)
        rests += sum(found == place for found, place in zip(told.rests_on, mirrored, strict=False))
        looks += sum(found == place for found, place in zip(told.looked_at, mirrored, strict=False))
        count += len(mirrored)
    assert rests >= 0.9 * count and looks >= 0.9 * count


def test_left_out_is_the_answer_to_the_shortened_text(turned: tt.TrainedRun) -> None:
    letters = ["a", "c", "e", "f"]
    found = turned.explain(" ".join(letters), step=1)
    (whole,) = turned.predict([" ".join(letters)])
    assert found.written is not None and found.written.text == whole["predicted"]
    assert np.log(found.written.sure).sum() == pytest.approx(whole["log_probability"], rel=1e-4)
    for k, out in enumerate(found.inputs[0].without):
        (short,) = turned.predict([" ".join(letters[:k] + letters[k + 1 :])])
        assert out is not None and out.predicted == short["predicted"] and 0 <= out.value <= 1
        assert out.flips == (short["predicted"] != whole["predicted"])
    (start, before) = found.inputs[1].without
    assert start is None and before is not None and before.predicted in turned.output.vocabulary  # type: ignore[attr-defined]


def test_the_nearest_training_row_is_the_row_itself(turned: tt.TrainedRun) -> None:
    rows = turned_round(30)
    found = turned.explain(rows[4]["given"], data=rows).nearest
    assert found[0].distance == pytest.approx(0, abs=1e-6) and found[0].label == rows[4]["said"]


# ---- quantities and steps


@pytest.mark.parametrize("changes", [{}, {"input_feeding": True, "cell": "lstm", "layers": 2}])
def test_the_decoder_is_recorded_over_its_own_answer(changes: dict[str, Any], tmp_path: Path) -> None:
    run = small(tmp_path / "run", **changes)
    found, told = run.record("a b c"), run.explain("a b c", nearest=0).written
    assert told is not None and found["given.l0.h"].shape == (3, 6)
    written = [token for token in told.tokens if token != "<eos>"]
    assert found["decoder.l0.h"].shape == (len(written) + 1, 6) and "decoder.l0_reverse.h" not in found
    assert isinstance(run.model, Model) and isinstance(run.model.head, TextHead)
    decoder, output = run.model.head.decoder, run.model(Batch(_columns(run, "a b c"), torch.zeros(1).long()))
    state = decoder.begin(output.source)
    for step, token in enumerate([run.model.head.first, *run.output.vocabulary.encode(written).tolist()]):  # type: ignore[attr-defined]
        _, state = decoder.step(torch.tensor([token]), state)
        np.testing.assert_allclose(found["decoder.l0.h"][step], state.recurrent[0][0, 0].numpy(), atol=1e-5)
    assert list(run.record("a b c", "h")) == [name for name in found if name.endswith(".h")]


def _columns(run: tt.TrainedRun, text: str) -> dict[str, Any]:
    field = run.fields["given"]
    return {"given": field.collate([field.encode(text, None)])}  # type: ignore[arg-type]


def test_a_step_in_numbers_is_of_the_whole_answer(turned: tt.TrainedRun) -> None:
    (whole,) = turned.predict(["a c e"])
    found = turned.step("a c e", 1, reverse=True)
    assert found.token == "c" and found.score == "F = log P('e c a')"
    assert found.score_value == pytest.approx(whole["log_probability"], abs=1e-5)
    assert any(line.value for line in found.backward)
    with pytest.raises(UsageError, match="the text has 3 steps"):
        turned.step("a c e", 3)


def test_the_verdict_speaks_of_the_decoder(tmp_path: Path) -> None:
    data = tmp_path / "rows.tsv"
    data.write_text("given\tsaid\n" + "".join(f"{row['given']}\t{row['said']}\n" for row in turned_round(60)))
    settings = {"hidden_size": 6, "epochs": 1, "task": "transduce", "header": "yes", "output": ("said",)}
    run = tt.train(data, tmp_path / "run", **settings, baselines=("copy",), threads=1)
    said = str(run.inspect())
    assert "decoder, layer 0 (lstm): " in said and "given, layer 0, backward (lstm): " in said and "context: " in said


# ---- several inputs, and what is refused


def test_several_inputs_are_read_one_after_the_other(many: tt.TrainedRun) -> None:
    row = {name: value for name, value in several()[3].items() if name != "said"}
    found = many.explain(row, data=several())
    told = found.written
    assert told is not None and [entry.column for entry in found.inputs] == [*row, "decoder"]
    assert [column for column, _, _ in told.read] == [entry.column for entry in found.inputs[:-1] for _ in entry.tokens]
    assert found.nearest[0].distance == pytest.approx(0, abs=1e-6)
    assert all(len(entry.without) == len(entry.tokens) for entry in found.inputs)
    (other,) = found.inputs[list(row).index("shop")].without
    assert other is not None and isinstance(other.flips, bool)
    (short,) = many.predict([{**row, "more": " ".join(row["more"].split()[1:])}])
    (first, *_) = found.inputs[list(row).index("more")].without
    assert first is not None and first.predicted == short["predicted"]
    assert set(many.record(row, "h")) >= {"given.l0.h", "more.l0.h", "decoder.l0.h"}


def test_a_text_may_be_empty(many: tt.TrainedRun) -> None:
    row = {**{name: value for name, value in several()[3].items() if name != "said"}, "given": "", "more": ""}
    found = many.explain(row, nearest=0)
    assert found.written is not None and len(found.written.read) == 2 and found.attribution.complete
    assert lines(found) and "decoder.l0.h" in many.record(row)


def test_what_cannot_be_is_refused(turned: tt.TrainedRun, many: tt.TrainedRun) -> None:
    for options, words in (
        ({"step": 99}, r"step 99: the answer has the steps 0 to \d+, '<eos>' the last"),
        ({"answer": "zz"}, 'unknown token "zz"'),
        ({"answer": "<sos>"}, "--answer <sos>: it is never written"),
    ):
        with pytest.raises(UsageError, match=words):
            turned.explain("a b", **options)  # type: ignore[arg-type]
    for ask in (many.explain, many.record, lambda text: many.step(text, 0)):
        with pytest.raises(UsageError, match="this run reads the columns given, more, shop, size"):
            ask("a b")  # type: ignore[operator]
    with pytest.raises(UsageError, match="this run's task is transduce"):
        turned.units()


# ---- as JSON, in the terminal, in the report


def test_it_is_printed_and_stands_in_the_page(turned: tt.TrainedRun, many: tt.TrainedRun) -> None:
    row = {name: value for name, value in several()[3].items() if name != "said"}
    for run, given in ((turned, "a c e"), (many, row)):
        found = run.explain(given, nearest=0)
        saved = json.loads(json.dumps(found.to_json(), allow_nan=False))
        assert np.array(saved["written"]["given"]).shape == found.written.given.shape  # type: ignore[union-attr]
        run.run.inspection.write({"explained": [saved]})
        page = report(run.run).read_text("utf-8")
        assert Page(page).wrong == []

        assert "What each token of the answer rests on" in page
        assert "<strong>Where it looked</strong>" in page and "<strong>What each token rests on</strong>" in page
    said = lines(turned.explain("a c e", nearest=0))
    assert said[0] == "written: e c a" and said[1].split()[:3] == ["step", "token", "probability"]
    assert said[2].split()[:2] == ["0", "e"] and "e at 2 (" in said[2]
    assert any(line.startswith("decoder: ") for line in said)
