"""Encoders and heads: shapes, joined inputs, padding, masks by sample, and every loss against its definition."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.batch import Batch, Sequences
from throughtime.cells import mean, record, tanh
from throughtime.cells.engine import Execution
from throughtime.data.fields import Field, fields
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place, UsageError
from throughtime.models.encoders.tokens import TokensEncoder
from throughtime.models.heads import Summary
from throughtime.models.model import Model, parameters_by_part, used_engine
from throughtime.models.settings import NetworkSettings
from throughtime.models.tasks import build_model, tasks

VALUES: dict[str, tuple[str, list[Any]]] = {
    "text": ("tokens", ["good film", "bad", "a very long and dull film", "", "not bad at all"]),
    "size": ("number", [1.5, -2.0, 0.25, 7.0, 3.0]),
    "shop": ("category", ["A", "B", "B", "C", "A"]),
    "marks": ("labels", [["p"], ["q", "r"], [], ["p", "r"], ["q"]]),
}
OUTPUTS: dict[str, tuple[str, list[Any]]] = {
    "label": ("category", ["pos", "neg", "neg", "mixed", "neg"]),
    "tags": ("labels", [["x"], ["y", "z"], [], ["x", "z"], ["x"]]),
    "price": ("number", [3.0, -1.0, 0.5, 9.0, 2.0]),
}
IDS = torch.tensor([7, 3, 11, 0, 20])
TASK = {"label": "classify", "tags": "classify", "price": "regress"}


def fitted(column: str) -> Field:
    kind, values = (VALUES | OUTPUTS)[column]
    place = Place()
    return fields[kind].fit(column, values, lambda i: place, DataSettings(tokens="words"), output=column in OUTPUTS)


def batch(*columns: str, rows: list[int] | None = None) -> Batch:
    """The rows above, or some of them."""
    rows = list(range(5)) if rows is None else rows
    found = {}
    for column in columns:
        field, (_, values) = fitted(column), (VALUES | OUTPUTS)[column]
        found[column] = field.collate([field.encode(values[i], Place()) for i in rows])
    return Batch(found, IDS[rows])


def built(
    *inputs: str, output: str = "label", task: Mapping[str, Any] | None = None, balance: bool = False, **network: Any
) -> Model:
    """A model in float64 with weights drawn from a fixed seed; without dropout and bag unless they are asked for."""
    of_texts = {"embedding_size": 4, "token_dropout": 0.0, "bag": "no"} if "text" in inputs else {}
    settings = NetworkSettings(**{"hidden_size": 3, "dropout": 0.0, **of_texts, **network})
    entry = tasks[TASK[output]]
    truth = batch(output)[output]
    assert isinstance(truth, Tensor)
    target = truth.long().numpy() if balance else None
    model = build_model(
        entry,
        {column: fitted(column) for column in inputs},
        fitted(output),
        settings,
        entry.settings(**(task or {})),
        execution=Execution("reference"),
        target=target,
        generator=torch.Generator().manual_seed(3),
    )
    return model.double()


def text_encoder(model: Model) -> TokensEncoder:
    encoder = model.encoders[0]
    assert isinstance(encoder, TokensEncoder)
    return encoder


def summary(model: Model) -> Summary:
    return next(module for module in model.modules() if isinstance(module, Summary))


def near(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_encoding_of_each_kind_of_column(bidirectional: bool) -> None:
    model = built(*VALUES, bidirectional=bidirectional)
    text, size, shop, marks = model.encode(batch(*VALUES))
    assert text.hidden.shape == (5, 6, 6 if bidirectional else 3)
    assert text.lengths.tolist() == [2, 1, 6, 0, 4]
    numbers = torch.tensor(VALUES["size"][1], dtype=torch.float64)
    near(size.hidden.float(), ((numbers - numbers.mean()) / numbers.std(correction=0))[:, None, None].float())
    assert shop.hidden[:, 0].tolist() == np.eye(4)[[1, 2, 2, 3, 1]].tolist()  # id 0 is <unk>
    assert marks.hidden[:, 0].tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0], [1, 0, 1], [0, 1, 0]]
    for encoding in (size, shop, marks):
        assert encoding.lengths.tolist() == [1] * 5 and encoding.hidden.dtype == torch.float64


def test_several_inputs_are_pooled_and_joined_in_their_order() -> None:
    model = built("size", "text", "marks", pooling="mean", bag="yes")
    size, text, marks = model.encode(batch("size", "text", "marks"))
    assert text.bag is not None
    means, bags = (
        torch.stack([row[:length].sum(0) / max(length, 1) for row, length in zip(values, text.lengths, strict=True)])
        for values in (text.hidden, text.bag)
    )
    joined = torch.cat([size.hidden[:, 0], means, marks.hidden[:, 0], bags], 1)
    assert summary(model).weight.shape == (3, 1 + 6 + 3 + 4)
    near(model(batch("size", "text", "marks")), joined @ summary(model).weight.T + summary(model).bias)


@pytest.mark.parametrize(("tokens", "joined"), [("words", True), ("characters", False)])
def test_the_bag_is_joined_for_words_by_itself(tokens: str, joined: bool) -> None:
    field = fields["tokens"].fit("text", VALUES["text"][1], lambda i: Place(), DataSettings(tokens=tokens))
    settings = NetworkSettings(hidden_size=3, embedding_size=4)
    model = build_model(tasks["classify"], {"text": field}, fitted("label"), settings, tasks["classify"].settings())
    assert summary(model).weight.shape[1] == 6 + (4 if joined else 0)


def test_one_hot_is_a_learned_embedding_that_is_the_identity() -> None:
    count = len(fitted("text").vocabulary)  # type: ignore[attr-defined]
    one_hot, learned = built("text", embeddings="one-hot", embedding_size=None), built("text", embedding_size=count)
    assert text_encoder(one_hot).embedding is None
    learned.load_state_dict({**one_hot.state_dict(), "encoders.0.embedding": torch.eye(count, dtype=torch.float64)})
    near(learned(batch("text")), one_hot(batch("text")))


def test_learned_embeddings_are_looked_up_by_id() -> None:
    model, ids = built("text"), batch("text")["text"]
    encoder = text_encoder(model)
    assert isinstance(ids, Sequences) and encoder.embedding is not None
    hidden, _ = encoder.recurrent(encoder.embedding[ids.data], ids.lengths)
    near(model.encode(batch("text"))[0].hidden, hidden)


def vectors_file(folder: Path) -> Path:
    path = folder / "vectors.txt"
    path.write_text("film 0.5 -1.25 2\nGOOD 7 8 9\nbad -3 0.125 4\nelsewhere 1 1 1\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("frozen", [False, True])
def test_vectors_from_a_file(tmp_path: Path, frozen: bool) -> None:
    options = {"embeddings": str(vectors_file(tmp_path)), "embedding_size": None, "frozen_embeddings": frozen}
    matrix = text_encoder(built("text", **options)).embedding
    ids = fitted("text").vocabulary.ids  # type: ignore[attr-defined]
    assert matrix is not None and matrix.requires_grad is not frozen
    assert matrix[ids["film"]].tolist() == [0.5, -1.25, 2] and matrix[ids["bad"]].tolist() == [-3, 0.125, 4]
    assert len({tuple(row) for row in matrix.tolist()}) == len(ids)  # the others are drawn, each its own


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"frozen_embeddings": True}, "frozen_embeddings: only vectors from a file"),
        ({"embeddings": "one-hot"}, "embedding_size: the embeddings are one-hot"),
        ({"embeddings": "nowhere.txt", "embedding_size": None}, "nowhere.txt"),
        ({"pooling": "median"}, 'unknown pooling "median"'),
        ({"pooling": "mean+"}, "unknown pooling"),
        ({"residual": True}, "residual"),
        ({"cell": "lstmm"}, 'did you mean "lstm"'),
    ],
)
def test_what_cannot_be_built_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises((UsageError, DataError)) as refused:
        built("text", **options)
    assert words in str(refused.value)


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])
def test_a_row_alone_equals_itself_in_the_batch_whatever_stands_in_the_padding(pooling: str) -> None:
    model, whole = built("text", "size", pooling=pooling, layers=2, bag="yes"), batch("text", "size")
    together = model(whole)
    for row in range(5):
        near(model(batch("text", "size", rows=[row])), together[row : row + 1])
    ids = whole["text"]
    assert isinstance(ids, Sequences)
    longer = F.pad(ids.data, (0, 3))
    behind = torch.arange(longer.shape[1]) >= ids.lengths[:, None]
    found = [
        model(Batch({"text": Sequences(longer.masked_fill(behind, filling), ids.lengths), "size": whole["size"]}, IDS))
        for filling in (0, 1, 5)
    ]
    near(found[0], together)
    assert torch.equal(found[1], found[0]) and torch.equal(found[2], found[0])


MASKS = {"dropout": 0.4, "token_dropout": 0.3, "zoneout": 0.2, "recurrent_dropout": 0.3}


@pytest.mark.parametrize("locked", [False, True])
def test_the_masks_of_a_row_follow_its_number_and_nothing_else(locked: bool) -> None:
    model = built("text", "size", locked_dropout=locked, bag="yes", **MASKS).train()
    drawn = model(batch("text", "size").drawing(1, 2, 3))
    other_order = [3, 1, 4, 0, 2]
    near(model(batch("text", "size", rows=other_order).drawing(1, 2, 99)), drawn[other_order])
    near(model(batch("text", "size", rows=[2]).drawing(1, 2, 3)), drawn[2:3])
    for seed, epoch in ((2, 2), (1, 3)):
        assert not torch.allclose(model(batch("text", "size").drawing(seed, epoch, 3)), drawn)
    same_rows = Batch(batch("text", "size").columns, IDS + 1).drawing(1, 2, 3)
    assert not torch.allclose(model(same_rows), drawn)


@pytest.mark.parametrize("name", sorted(MASKS))
def test_each_kind_of_dropout_acts_in_training_alone(name: str) -> None:
    plain, masked = built("text"), built("text", **{name: MASKS[name]})
    assert not torch.allclose(masked.train()(batch("text").drawing(1, 2, 3)), plain(batch("text")))
    if name != "zoneout":  # which in evaluation is its mean
        near(masked.eval()(batch("text")), plain.eval()(batch("text")))


def attended(pool: Any, states: Tensor) -> Tensor:
    scores = torch.stack([pool.score @ torch.tanh(pool.weight @ state + pool.bias) for state in states])
    return (scores.exp() / scores.exp().sum()) @ states


def pooled_by_hand(kind: str, model: Model, states: Tensor, bidirectional: bool) -> Tensor:
    """One row's valid states (T, F) to (F,), T at least 1."""
    if kind == "attention":
        return attended(summary(model).poolings[0], states)
    if kind == "last":
        return torch.cat([states[-1, :3], states[0, 3:]]) if bidirectional else states[-1]
    return states.mean(0) if kind == "mean" else states.max(0).values


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention", "max+mean", "last+attention+max"])
def test_every_pooling_as_it_is_defined(pooling: str, bidirectional: bool) -> None:
    model = built("text", pooling=pooling, bidirectional=bidirectional)
    (encoding,) = model.encode(batch("text"))
    weight, bias, found = summary(model).weight, summary(model).bias, model(batch("text"))
    for row, length in enumerate(encoding.lengths.tolist()):
        if not length:
            near(found[row], bias)
            continue
        states = encoding.hidden[row, :length]
        parts = [pooled_by_hand(kind, model, states, bidirectional) for kind in pooling.split("+")]
        near(found[row], weight @ torch.cat(parts) + bias)


def test_the_category_head_is_softmax_and_cross_entropy() -> None:
    model, whole = built("text"), batch("text", "label")
    output, losses = model.losses(whole)
    shares = output.exp() / output.exp().sum(1, keepdim=True)
    truth = whole["label"]
    assert isinstance(truth, Tensor)
    expected = -torch.log(shares[torch.arange(5), truth])
    near(losses, expected)
    near(model.loss(whole), expected.mean())
    predicted, probabilities = model.head.answers(output.detach())
    assert probabilities is not None
    near(torch.from_numpy(probabilities), shares.detach())
    assert predicted.tolist() == shares.argmax(1).tolist()


def test_class_weights_and_label_smoothing_change_the_loss_as_defined_and_the_plain_losses_not() -> None:
    task = {"class_weights": "balanced", "label_smoothing": 0.3}
    model, whole = built("text", task=task, balance=True), batch("text", "label")
    output = model(whole)
    truth = whole["label"]
    assert isinstance(truth, Tensor)  # mixed neg pos: 1, 3 and 1 of 5 rows
    weights = torch.tensor([5 / 3, 5 / 9, 5 / 3], dtype=torch.float64)
    logs = torch.log_softmax(output, 1)
    smooth = 0.7 * F.one_hot(truth, 3) + 0.1
    near(model.loss(whole).float(), (-(smooth * weights * logs).sum() / weights[truth].sum()).float())
    near(model.losses(whole)[1], -logs[torch.arange(5), truth])
    plain = built("text")
    plain.load_state_dict(model.state_dict())  # the weights of classes are no part of what is saved
    assert not torch.allclose(plain.loss(whole), model.loss(whole))


def test_the_labels_head_is_a_sigmoid_for_each_label() -> None:
    model, whole = built("text", output="tags"), batch("text", "tags")
    output, losses = model.losses(whole)
    truth = whole["tags"]
    assert isinstance(truth, Tensor)
    shares = 1 / (1 + (-output).exp())
    expected = -(truth * shares.log() + (1 - truth) * (1 - shares).log())
    near(losses, expected.mean(1))
    near(model.loss(whole), expected.mean())
    predicted, probabilities = model.head.answers(output.detach())
    assert probabilities is not None and predicted.tolist() == (shares > 0.5).long().tolist()
    near(torch.from_numpy(probabilities), shares.detach())


def test_balanced_and_smoothed_labels() -> None:
    task = {"class_weights": "balanced", "label_smoothing": 0.2}
    model, whole = built("text", output="tags", task=task, balance=True), batch("text", "tags")
    truth = whole["tags"]
    assert isinstance(truth, Tensor)  # x y z stand in 3, 1 and 2 of 5 rows
    shares, smooth = torch.sigmoid(model(whole)), truth.double() * 0.8 + 0.1
    weights = torch.tensor([2 / 3, 4.0, 1.5], dtype=torch.float64)
    expected = -(weights * smooth * shares.log() + (1 - smooth) * (1 - shares).log())
    torch.testing.assert_close(model.loss(whole), expected.mean(), rtol=1e-6, atol=0)  # the weights are float32


@pytest.mark.parametrize(("loss", "power"), [("squared", 2), ("absolute", 1)])
def test_the_number_head_measures_in_the_scale_of_the_field(loss: str, power: int) -> None:
    model, whole = built("text", "size", output="price", task={"loss": loss}), batch("text", "size", "price")
    output, losses = model.losses(whole)
    prices = torch.tensor(OUTPUTS["price"][1], dtype=torch.float64)
    scaled = (prices - prices.mean()) / prices.std(correction=0)
    expected = (output - scaled).abs() ** power
    torch.testing.assert_close(losses, expected, rtol=1e-5, atol=1e-6)  # a batch holds its numbers as float32
    torch.testing.assert_close(model.loss(whole), expected.mean(), rtol=1e-5, atol=1e-6)
    answered, probabilities = model.head.answers(output.detach())
    assert answered.tolist() == output.tolist() and probabilities is None


def test_numbers_alone_make_a_model_of_any_precision() -> None:
    for model, dtype in ((built("size"), torch.float64), (built("size").float(), torch.float32)):
        assert model(batch("size")).dtype == dtype


@pytest.mark.parametrize("output", sorted(OUTPUTS))
def test_every_weight_of_a_model_learns(output: str) -> None:
    model = built("text", *(name for name in VALUES if name != "text"), output=output, pooling="attention+mean")
    model.loss(batch(*VALUES, output)).backward()
    assert [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()] == []
    assert sum(parameters_by_part(model).values()) == sum(weight.numel() for weight in model.parameters())


def test_the_same_seed_draws_the_same_network() -> None:
    first, second = built("text", pooling="attention").state_dict(), built("text", pooling="attention").state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def without_input_map(p: Any, x: Any, h: Any) -> Any:
    return tanh(p.U @ h + p.w * mean(x))


@pytest.mark.parametrize("embeddings", ["learned", "one-hot"])
def test_a_cell_of_any_parameters_can_be_used(embeddings: str) -> None:
    size = {"learned": 4, "one-hot": None}[embeddings]
    settings = NetworkSettings(hidden_size=3, embeddings=embeddings, embedding_size=size)
    entry = tasks["classify"]
    cell = record(without_input_map)
    model = build_model(entry, {"text": fitted("text")}, fitted("label"), settings, entry.settings(), cell=cell)
    assert model(batch("text")).shape == (5, 3)
    assert used_engine(model) == "reference"
    assert used_engine(built("size")) == "none"
