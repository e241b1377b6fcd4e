"""The head that looks at a story with a question: against its definition, and what must not change it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from throughtime.batch import Batch, Sequences
from throughtime.data.fields import Field, fields
from throughtime.data.fields.sentences import Sentences
from throughtime.data.settings import DataSettings
from throughtime.errors import Place, UsageError
from throughtime.models.heads.category import CategoryHead
from throughtime.models.heads.looks import Looks, memory_of
from throughtime.models.model import Model
from throughtime.models.settings import AnswerSettings, NetworkSettings
from throughtime.models.tasks import build_model, task_for, tasks

TOLD = ["Ada ran. Bo sat. Ada sat.", "Bo ran.", "", "Ada ran. Ada ran. Bo sat. Bo ran.", "Bo sat. Ada sat."]
ASKED = ["what did Ada do?", "and Bo?", "who?", "what did Bo do?", "Ada?"]
ANSWERS = ["sat", "ran", "no", "ran", "sat"]
KINDS = {"story": "sentences", "question": "tokens", "size": "number", "answer": "category"}
VALUES: dict[str, list[Any]] = {
    "story": TOLD,
    "question": ASKED,
    "size": [0.5, 2.0, -1.0, 3.0, 0.0],
    "answer": ANSWERS,
}


def fitted(column: str, kind: str) -> Field:
    place, settings = Place(), DataSettings(tokens="words")
    return fields[kind].fit(column, VALUES[column], lambda i: place, settings, output=column == "answer")


def built(*inputs: str, story: str = "sentences", task: dict[str, Any] | None = None, **network: Any) -> Model:
    """In float64, all weights random and distinct."""
    kinds = KINDS | {"story": story}
    settings = NetworkSettings(**{"hidden_size": 4, "embedding_size": 3, "dropout": 0.0, **network})
    model = build_model(
        tasks["answer"],
        {column: fitted(column, kinds[column]) for column in inputs},
        fitted("answer", "category"),
        settings,
        AnswerSettings(**(task or {})),
    ).double()
    chance = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weight in model.parameters():
            weight.uniform_(-0.7, 0.7, generator=chance)
    return model


def batch(*columns: str, story: str = "sentences", rows: tuple[int, ...] = (0, 1, 2, 3, 4), more: int = 0) -> Batch:
    """Some rows; ``more`` steps of padding, and of sentences also tokens, hold what no one may see."""
    found: dict[str, Tensor | Sequences] = {}
    for column in columns:
        field = fitted(column, (KINDS | {"story": story})[column])
        column_of_batch = field.collate([field.encode(VALUES[column][i], Place()) for i in rows])
        if isinstance(column_of_batch, Sequences) and more:
            data = column_of_batch.data
            behind = torch.full((len(data), more, *data.shape[2:]), 4)
            column_of_batch = Sequences(torch.cat([data, behind], 1), column_of_batch.lengths)
        found[column] = column_of_batch
    return Batch(found, torch.tensor([7, 3, 11, 0, 20])[list(rows)])


def looks_of(model: Model) -> Looks:
    assert isinstance(model.head, CategoryHead) and isinstance(model.head.summary, Looks)
    return model.head.summary


@pytest.mark.parametrize("story", ["sentences", "tokens"])
@pytest.mark.parametrize("attention", ["general", "additive", "location", "coverage", "latest"])
def test_padding_and_other_rows_change_nothing(attention: str, story: str) -> None:
    model = built("story", "question", story=story, task={"attention": attention, "looks": 2})
    whole = batch("story", "question", "answer", story=story)
    wide = batch("story", "question", "answer", story=story, more=3)
    assert torch.allclose(model(wide), model(whole), rtol=0, atol=1e-14)
    losses = model.losses(whole)[1]
    for k in range(5):
        alone = batch("story", "question", "answer", story=story, rows=(k,))
        assert torch.allclose(model.losses(alone)[1][0], losses[k], rtol=0, atol=1e-12)


def test_two_looks_against_their_definition() -> None:
    model, column = built("story", "question", task={"looks": 2}), batch("story", "question")
    looks, (story, question) = looks_of(model), model.encode(column)
    assert question.bag is not None and story.bag is not None
    rows = []
    for b in range(5):
        steps, words = int(story.lengths[b]), int(question.lengths[b])
        memory, keys = memory_of(story)[b, :steps], story.bag[b, :steps]
        asked = torch.cat([question.hidden[b, :words].mean(0), question.bag[b, :words].sum(0)])
        query, found = looks.first.weight @ asked + looks.first.bias, []
        weights = torch.zeros(steps, dtype=memory.dtype)
        if steps:
            weights[-1] = 1  # where the look stands at first
        for k in range(2):
            latest, after = looks.attentions[k][0], looks.next[k]  # type: ignore[index]
            scores = keys @ (latest.weight.T @ query)
            scores = scores - scores.mean() + latest.bias + (latest.weight_found @ query) * weights.cumsum(0)
            stays, weights, left = torch.sigmoid(scores), torch.zeros_like(weights), 1.0
            for t in reversed(range(steps)):
                weights[t] = left * (stays[t] if t else 1)
                left = left - weights[t]
            found.append(weights @ memory)
            query = after.weight @ torch.cat([found[-1], query]) + after.bias  # type: ignore[operator]
        rows.append(looks.out.weight @ torch.cat([*found, query]) + looks.out.bias)
    assert torch.allclose(model(column), torch.stack(rows), rtol=0, atol=1e-12)


def test_what_shares_words_with_the_question_is_found_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Untrained, and each text with a vocabulary of its own: the last sentence with the word that is asked for."""
    told = ["Cy ran.", "Ada ran.", "Di sat.", "Bo sat.", "Ada sat.", "Cy sat.", "Bo ran.", "Di ran."]
    told += [f"{name} {verb}." for verb in ("sat", "ran") for name in ("Ed", "Flo", "Gus", "Hal")]
    monkeypatch.setitem(VALUES, "story", [" ".join(told)] * 5)
    monkeypatch.setitem(VALUES, "question", ["what did Ada do?", "Bo?", "and Di?", "where is Cy?", "Ada?"])
    inputs = {column: fitted(column, KINDS[column]) for column in ("story", "question")}
    settings = NetworkSettings(hidden_size=4, embedding_size=1000, dropout=0.0)
    chance, output = torch.Generator().manual_seed(1), fitted("answer", "category")
    model = build_model(tasks["answer"], inputs, output, settings, AnswerSettings(), generator=chance)
    encodings = model.encode(batch("story", "question"))
    memory = memory_of(encodings[0])
    found = looks_of(model).pooled(encodings)[:, None, : memory.shape[2]]
    assert torch.cosine_similarity(found, memory, dim=2).argmax(1).tolist() == [4, 6, 7, 5, 4]


def test_the_bag_of_a_story_holds_the_sums_of_its_sentences_words() -> None:
    model, field = built("story", "question"), fitted("story", "sentences")
    bag = model.encode(batch("story", "question", more=2))[0].bag
    assert isinstance(field, Sentences) and bag is not None
    embedding = model.encoders[0].tokens.embedding  # type: ignore[union-attr]
    for row, text in enumerate(TOLD):
        for step, sentence in enumerate(field.sentences(text, Place())):
            expected = embedding[field.tokens.encode(sentence, Place())].sum(0)  # type: ignore[index]
            assert torch.allclose(bag[row, step], expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("network", [{"bag": "no"}, {"embeddings": "one-hot", "embedding_size": None}])
def test_without_vectors_of_words_states_are_compared(network: dict[str, Any]) -> None:
    looks = looks_of(built("story", "question", **network))
    assert not looks.alike and looks.first.out_features == 4


def test_every_weight_has_a_gradient_and_it_is_right() -> None:
    model, column = built("story", "question", "size", task={"looks": 2}), batch("story", "question", "size", "answer")
    model.loss(column).backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in model.parameters())
    weight = looks_of(model).first.weight
    slope, step = weight.grad[1, 2].item(), 1e-6  # type: ignore[index]
    values = []
    for sign in (1, -1):
        with torch.no_grad():
            weight[1, 2] += sign * step
            values.append(model.loss(column).item())
            weight[1, 2] -= sign * step
    assert (values[0] - values[1]) / (2 * step) == pytest.approx(slope, rel=1e-5)


def test_a_second_look_sees_what_the_first_one_found() -> None:
    """Of two stories that differ only in what the first look finds, the second look goes elsewhere."""
    column = batch("story", "question")
    once, twice = (looks_of(built("story", "question", task={"looks": count})) for count in (1, 2))
    model = built("story", "question", task={"looks": 2})
    looks, encodings = looks_of(model), model.encode(column)
    size = memory_of(encodings[0]).shape[2]
    assert twice.out.in_features - once.out.in_features == size
    before = looks.pooled(encodings)
    with torch.no_grad():
        looks.next[0].weight.mul_(-1)  # type: ignore[union-attr]
    after = looks.pooled(encodings)
    assert torch.equal(after[:, :size], before[:, :size])
    assert not torch.allclose(after[:, size : 2 * size], before[:, size : 2 * size])


def test_over_the_vectors_of_a_batch_is_the_model() -> None:
    model, column = built("story", "question"), batch("story", "question")
    lengths = [column["story"].lengths, column["question"].lengths]  # type: ignore[union-attr]
    assert torch.allclose(model.over(model.vectors(column), lengths), model(column), rtol=0, atol=1e-14)
    assert model.head.seen(model.encode(column)).shape == (5, looks_of(model).out.in_features)


def test_the_last_input_with_time_asks() -> None:
    assert looks_of(built("story", "question", "size")).asking == 1
    assert looks_of(built("question", "story")).asking == 1


def test_what_cannot_be_is_refused_with_a_mend() -> None:
    with pytest.raises(UsageError, match="attention=none: the answer would know nothing of the story; leave it out"):
        AnswerSettings(attention="none")
    with pytest.raises(UsageError, match="did you mean"):
        built("story", "question", task={"attention": "genral"})


def test_a_category_alone_still_means_classify() -> None:
    assert task_for("category").name == "classify"
