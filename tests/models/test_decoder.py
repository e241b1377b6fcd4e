"""The decoder: given a target at once or token by token, padding, rows alone, copying, bridges, draws of training."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.models.writers import LENGTHS, READER, SIZE, TARGETS, decoder_of, rows_of, source_of, target_of
from throughtime.batch import Draw, Sequences, valid_mask
from throughtime.cells.recurrent import Recurrent
from throughtime.errors import UsageError
from throughtime.models.attention import attentions
from throughtime.models.bridge import Bridge
from throughtime.models.copying import Copying
from throughtime.models.decoder import Decoder, Source
from throughtime.models.encoders import Shape
from throughtime.models.settings import TransduceSettings

KINDS: list[dict[str, Any]] = [
    *({"attention": name} for name in attentions),
    {"input_feeding": True},
    {"copying": True},
    {"tied": False, "bridge": "none", "learned_state": True},
    {"embeddings": "one-hot", "embedding_size": None, "tied": False, "copying": True},
    {"layers": 2, "residual": True, "cell": "gru", "attention": "location", "copying": True},
    {"layers": 2, "input_feeding": True, "copying": True, "attention": "coverage", "cell": "lstm_peephole"},
    {"cell": "rnn", "attention": "additive", "input_feeding": True, "zoneout": 0.1},
]
MASKS = {"dropout": 0.3, "token_dropout": 0.2, "recurrent_dropout": 0.2, "zoneout": 0.1, "drop_connect": 0.2}
DRAW = Draw(1, 2, 3, torch.tensor([11, 5, 7, 2]))


def name_of(chosen: dict[str, Any]) -> str:
    return "-".join(f"{name}={value}" for name, value in chosen.items())


each_kind = pytest.mark.parametrize("chosen", KINDS, ids=name_of)


def gradients(decoder: Decoder) -> dict[str, Tensor]:
    found = {name: weight.grad.clone() for name, weight in decoder.named_parameters() if weight.grad is not None}
    decoder.zero_grad(set_to_none=True)
    return found


# ---- what it gives


@each_kind
def test_vectors_in_the_place_of_tokens_give_the_same(chosen: dict[str, Any]) -> None:
    decoder, source, (read, _) = decoder_of(**chosen).eval(), source_of(), target_of(lengths=torch.full((4,), 6))
    vectors, expected = decoder.vectors(read.data), decoder(read, source)
    for step in (0, 3):
        found = decoder.over(vectors[:, : step + 1], source)
        torch.testing.assert_close(found, expected[:, step], rtol=1e-10, atol=1e-12)


@each_kind
def test_the_layers_read_what_is_said_they_do(chosen: dict[str, Any]) -> None:
    decoder, source, tokens = decoder_of(**chosen).eval(), source_of(), target_of()[0].data
    x, first = decoder.given(tokens, source)
    _, last = decoder.recurrent(x, None, first)
    state = decoder.begin(source)
    for token in tokens.unbind(1):
        _, state = decoder.step(token, state)
    for found, expected in zip(last, state.recurrent, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


@each_kind
def test_it_gives_distributions(chosen: dict[str, Any]) -> None:
    logs = decoder_of(**chosen)(target_of()[0], source_of())
    assert logs.shape == (4, 6, SIZE)
    torch.testing.assert_close(logs.exp().sum(2), torch.ones(4, 6, dtype=torch.float64))


@each_kind
def test_steps_are_the_given_target(chosen: dict[str, Any]) -> None:
    decoder, (read, _), source = decoder_of(**chosen).eval(), target_of(lengths=TARGETS * 0 + 6), source_of()
    whole, state = decoder(read, source), decoder.begin(source)
    for step in range(6):
        logs, state = decoder.step(read.data[:, step], state)
        torch.testing.assert_close(logs, whole[:, step], rtol=0, atol=1e-12)
    weights = decoder.look(read, source).weights.sum(1)
    torch.testing.assert_close(state.covered, weights)
    expected = weights.clamp(max=1).log().masked_fill(~valid_mask(LENGTHS, 5), 0).sum(1)
    if decoder.task.attention != "none":
        torch.testing.assert_close(state.coverage(), expected)


@each_kind
def test_steps_in_float32(chosen: dict[str, Any]) -> None:
    decoder, source = decoder_of(**chosen).float().eval(), source_of()
    assert source.states is not None
    source = Source(
        source.hidden.float(), LENGTHS, [tuple(part.float() for part in read) for read in source.states], source.ids
    )
    read = target_of(lengths=TARGETS * 0 + 6)[0]
    whole, state = decoder(read, source), decoder.begin(source)
    for step in range(6):
        logs, state = decoder.step(read.data[:, step], state)
        torch.testing.assert_close(logs, whole[:, step], rtol=1e-6, atol=5e-6)


def test_a_target_goes_through_the_layers_in_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    run = Recurrent.forward

    def counted(self: Recurrent, x: Tensor, *others: Any, **named: Any) -> Any:
        calls.append(x.shape[1])
        return run(self, x, *others, **named)

    monkeypatch.setattr(Recurrent, "forward", counted)
    for chosen, expected in (({}, [6]), ({"attention": "coverage"}, [6]), ({"input_feeding": True}, [1] * 6)):
        calls.clear()
        decoder_of(**chosen)(target_of()[0], source_of())
        assert calls == expected


@each_kind
def test_a_state_in_another_order(chosen: dict[str, Any]) -> None:
    decoder, source = decoder_of(**chosen).eval(), source_of()
    _, state = decoder.step(torch.tensor([2, 2, 2, 2]), decoder.begin(source))
    index = torch.tensor([2, 0, 0, 3])
    expected, after = decoder.step(torch.tensor([4, 5, 6, 7]), state)
    found, chosen_after = decoder.step(torch.tensor([4, 5, 6, 7])[index], state.select(index))
    torch.testing.assert_close(found, expected[index], rtol=0, atol=1e-13)
    torch.testing.assert_close(chosen_after.covered, after.covered[index])


# ---- law 2: padding changes nothing


@each_kind
def test_padding_changes_no_bit(chosen: dict[str, Any]) -> None:
    masks = {**MASKS, "drop_connect": 0.0} if chosen.get("cell") == "rnn" else MASKS
    decoder, (read, following), source = decoder_of(**{**chosen, **masks}).train(), target_of(), source_of()
    assert source.ids is not None
    found = []
    for garbage in range(3):
        behind, beyond = ~valid_mask(TARGETS, 6), ~valid_mask(LENGTHS, 5)
        given = replace(
            source,
            hidden=source.hidden.masked_fill(beyond[..., None], 5.0 * garbage),
            ids=source.ids.masked_fill(beyond, garbage),
        )
        tokens = Sequences(read.data.masked_fill(behind, garbage), TARGETS)
        loss = decoder.loss(tokens, following.masked_fill(behind, garbage), given, DRAW)
        loss.backward()
        found.append([loss.detach(), *gradients(decoder).values()])
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


@each_kind
@pytest.mark.parametrize("scheduled", [0.0, 0.5])
def test_a_row_alone_is_the_row_in_its_batch(chosen: dict[str, Any], scheduled: float) -> None:
    decoder = decoder_of(**{**chosen, **MASKS, "scheduled_sampling": scheduled, "label_smoothing": 0.2}).train()
    (read, following), source = target_of(), source_of()
    together = decoder.loss(read, following, source, DRAW) * TARGETS.sum()
    together.backward()
    expected, alone = gradients(decoder), torch.zeros((), dtype=torch.float64)
    for row, length in enumerate(TARGETS.tolist()):
        index = torch.tensor([row])
        draw = replace(DRAW, sample_ids=DRAW.sample_ids[index])
        steps = max(1, length)
        some = Sequences(read.data[index, :steps], TARGETS[index])
        alone = alone + decoder.loss(some, following[index, :steps], rows_of(source, index), draw) * length
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-11)
    alone.backward()
    for name, gradient in gradients(decoder).items():
        torch.testing.assert_close(gradient, expected[name], rtol=0, atol=1e-11, msg=lambda m, n=name: f"{n}: {m}")


def test_no_step_at_all_is_no_loss() -> None:
    loss = decoder_of().loss(target_of(lengths=TARGETS * 0)[0], target_of()[1], source_of())
    loss.backward()
    assert float(loss.detach()) == 0.0


# ---- its parts


@each_kind
def test_every_weight_takes_part(chosen: dict[str, Any]) -> None:
    decoder, (read, following) = decoder_of(**chosen), target_of()
    decoder.loss(read, following, source_of()).backward()
    assert [name for name, weight in decoder.named_parameters() if weight.grad is None or not weight.grad.any()] == []


@pytest.mark.parametrize(
    "chosen", [{"input_feeding": True, "copying": True, "attention": "coverage"}, {"label_smoothing": 0.3}], ids=name_of
)
def test_gradients_are_right(chosen: dict[str, Any]) -> None:
    decoder, (read, following) = decoder_of(**chosen), target_of()

    def loss(hidden: Tensor) -> Tensor:
        return decoder.loss(read, following, replace(source_of(), hidden=hidden))

    assert torch.autograd.gradcheck(loss, (source_of().hidden.requires_grad_(),))


def test_the_loss_is_the_smoothed_cross_entropy() -> None:
    (read, following), source = target_of(), source_of()
    for smoothing in (0.0, 0.3):
        decoder = decoder_of(label_smoothing=smoothing)
        logs, total = decoder(read, source).detach(), 0.0
        for row, length in enumerate(TARGETS.tolist()):
            for step in range(length):
                truth = torch.full((SIZE,), smoothing / SIZE, dtype=torch.float64)
                truth[following[row, step]] += 1 - smoothing
                total -= float((truth * logs[row, step]).sum())
        loss = decoder.loss(read, following, source)
        assert float(loss.detach()) == pytest.approx(total / int(TARGETS.sum()), abs=1e-12)
    surprises = decoder.surprises(read, following, source)
    steps = valid_mask(TARGETS, 6)
    torch.testing.assert_close(surprises.detach(), -logs[steps].gather(1, following[steps][:, None])[:, 0])


def test_a_bridge_joins_both_directions_and_every_state() -> None:
    chance = torch.Generator().manual_seed(0)
    states = tuple(torch.randn(4, 3, 2, generator=chance) for _ in range(2))
    for count, layers in ((1, 1), (2, 2), (2, 3)):
        bridge = Bridge([Shape(2, 2, 2, 2)], Shape(count, layers, 1, 5))
        torch.nn.init.normal_(bridge.bias)
        first = bridge([states])
        assert [tuple(part.shape) for part in first] == [(layers, 3, 5)] * count
        for which in range(count):
            for layer in range(layers):
                below = max(0, 2 - layers + layer)
                joined = torch.cat([states[which][2 * below], states[which][2 * below + 1]], 1)
                expected = torch.tanh(joined @ bridge.weight[which, layer].T + bridge.bias[which, layer])
                torch.testing.assert_close(first[which][layer], expected)
    to_lstm = Bridge([Shape(1, 1, 1, 2)], Shape(2, 1, 1, 5))
    assert len(to_lstm([(states[0][:1],)])) == 2


def test_a_bridge_joins_several_readers() -> None:
    chance = torch.Generator().manual_seed(0)
    deep = tuple(torch.randn(4, 3, 2, generator=chance) for _ in range(2))
    one = (torch.randn(1, 3, 7, generator=chance),)
    bridge = Bridge([Shape(2, 2, 2, 2), Shape(1, 1, 1, 7)], Shape(2, 2, 1, 5))
    first = bridge([deep, one])
    for which in range(2):
        for layer in range(2):
            joined = torch.cat([deep[which][2 * layer], deep[which][2 * layer + 1], one[0][0]], 1)
            torch.testing.assert_close(first[which][layer], torch.tanh(joined @ bridge.weight[which, layer].T))


def test_without_a_bridge_the_first_state_is_that_of_the_layers() -> None:
    source = replace(source_of(), states=None)
    assert not any(part.any() for part in decoder_of(bridge="none").begin(source).recurrent)
    learned = decoder_of(bridge="none", learned_state=True).begin(source).recurrent
    assert all(part.all() for part in learned)
    assert not any("initial" in name for name, _ in decoder_of(learned_state=True).named_parameters())


def test_copying_mixes_in_where_it_looks() -> None:
    chance = torch.Generator().manual_seed(0)
    logs = torch.log_softmax(torch.randn(3, 5, generator=chance, dtype=torch.float64), 1)
    weights = torch.tensor([[0.2, 0.5, 0.3], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]], dtype=torch.float64)
    ids, gate = torch.tensor([[4, 1, 4], [0, 1, 2], [3, 0, 0]]), torch.tensor([0.4, -3.0, -1.0], dtype=torch.float64)
    found = Copying(2).double().mixed(logs, weights, ids, gate).exp()
    for row, copied in enumerate(([0, 0.5, 0, 0, 0.5], None, [0, 0, 0, 1.0, 0])):
        share = torch.sigmoid(gate[row]) if copied is not None else 1.0
        expected = share * logs[row].exp() + (1 - share) * torch.tensor(copied or [0.0] * 5, dtype=torch.float64)
        torch.testing.assert_close(found[row], expected)


def test_a_copied_token_is_likelier() -> None:
    """With a gate that is nearly shut, only tokens of the input are left."""
    decoder, source = decoder_of(copying=True), source_of()
    assert decoder.copying is not None and source.ids is not None
    with torch.no_grad():
        decoder.copying.bias.fill_(-30)
    shares = decoder(target_of()[0], source).exp()
    for row, length in enumerate(LENGTHS.tolist()):
        present = source.ids[row, :length].unique()
        if length:
            torch.testing.assert_close(shares[row][:, present].sum(1), torch.ones(6, dtype=torch.float64))


# ---- draws of training


def test_scheduled_sampling_reads_what_it_would_write() -> None:
    (read, following), source = target_of(lengths=TARGETS * 0 + 6), source_of()
    losses = {}
    for share in (0.0, 0.4, 0.999999):
        decoder = decoder_of(scheduled_sampling=share)
        losses[share] = float(decoder.loss(read, following, source, DRAW).detach())
        assert losses[share] == float(decoder.loss(read, following, source, DRAW).detach())
        expected = decoder.loss(read, following, source)
        assert losses[0.0] == pytest.approx(float(expected.detach()), abs=1e-12)  # only in training
    assert len(set(losses.values())) == 3
    decoder = decoder_of(scheduled_sampling=0.4)
    for other in (replace(DRAW, seed=2), replace(DRAW, epoch=7), replace(DRAW, sample_ids=DRAW.sample_ids + 1)):
        assert float(decoder.loss(read, following, source, other).detach()) != losses[0.4]
    update = decoder.loss(read, following, source, replace(DRAW, update=9))
    assert float(update.detach()) == losses[0.4]


def test_tokens_are_drawn_as_often_as_they_are_likely(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tokens that 4000 samples of the same input read, against what the step before said of each."""
    decoder, count, share = decoder_of(scheduled_sampling=0.75), 4000, 0.75
    source = rows_of(source_of(), torch.zeros(count, dtype=torch.int64))
    given, read = torch.full((count, 4), 8), []
    vectors = decoder.vectors

    def seen(tokens: Tensor, draw: Draw | None = None) -> Tensor:
        read.append(tokens)
        return vectors(tokens, draw)

    monkeypatch.setattr(decoder, "vectors", seen)
    decoder.look(Sequences(given, torch.full((count,), 4)), source, Draw(5, 0, 0, torch.arange(count)))
    tokens = torch.cat(read, 1)
    assert torch.equal(tokens[:, 0], given[:, 0])
    said = decoder(Sequences(tokens, torch.full((count,), 4)), source).exp().detach()
    for step in (1, 2, 3):
        expected = share * said[:, step - 1].mean(0) + (1 - share) * (torch.arange(SIZE) == 8)
        found = torch.bincount(tokens[:, step], minlength=SIZE) / count
        assert (found - expected).abs().max() < 4 * (0.25 / count) ** 0.5
    assert (said[:, 0].mean(0) - said[:, 1].mean(0)).abs().max() > 0.06  # so that one step is not mistaken for another


def test_no_step_is_taken_in_training_with_masks() -> None:
    decoder = decoder_of(zoneout=0.1).train()
    with pytest.raises(UsageError, match="call eval"):
        decoder.step(torch.full((4,), 2), decoder.begin(source_of()))


@pytest.mark.parametrize("option", list(MASKS))
def test_random_masks_act_and_only_in_training(option: str) -> None:
    for chosen in ({}, {"input_feeding": True}):
        (read, following), source = target_of(), source_of()
        decoder, plain = decoder_of(**{option: 0.3}, **chosen), decoder_of(**chosen)
        loss = decoder.train().loss(read, following, source, DRAW)
        assert float(loss.detach()) != float(plain.loss(read, following, source).detach())
        if option != "zoneout":  # whose mean acts in evaluation
            loss = decoder.eval().loss(read, following, source)
            assert float(loss.detach()) == float(plain.loss(read, following, source).detach())


def test_masks_do_not_depend_on_how_a_target_is_gone_through() -> None:
    """Feeding a vector that no weight reads: the layers see the same, at once and step by step."""
    (read, following), source = target_of(), source_of()
    for locked in (True, False):
        masks = {**MASKS, "drop_connect": 0.0, "locked_dropout": locked}
        fed, plain = decoder_of(input_feeding=True, **masks).train(), decoder_of(**masks).train()
        weights = dict(fed.named_parameters())
        with torch.no_grad():
            for name, weight in plain.named_parameters():
                whole = weights[name]
                if whole.shape != weight.shape:
                    whole[:, weight.shape[1] :] = 0
                weight.copy_(whole[tuple(slice(0, size) for size in weight.shape)])
        torch.testing.assert_close(
            fed.loss(read, following, source, DRAW), plain.loss(read, following, source, DRAW), rtol=0, atol=1e-12
        )


# ---- options


@pytest.mark.parametrize(
    "chosen",
    [
        *({"attention": name} for name in attentions if name != "general"),
        {"input_feeding": True},
        {"copying": True},
        {"bridge": "none"},
        {"tied": False},
        {"label_smoothing": 0.2},
        {"cell": "gru"},
        {"layers": 2},
    ],
    ids=name_of,
)
def test_every_option_changes_the_loss(chosen: dict[str, Any]) -> None:
    (read, following), source = target_of(), source_of()
    found = [float(decoder_of(**some).loss(read, following, source).detach()) for some in ({}, chosen)]
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"attention": "none", "copying": True}, "--set copying=True: attention=none looks at nothing; leave it out"),
        ({"attention": "none", "coverage_penalty": 0.2}, "--set coverage_penalty=0.2: attention=none"),
        ({"attention": "none", "bridge": "none"}, "would know nothing of the input"),
        ({"beam": 1, "length_penalty": 1.0}, "--set length_penalty=1.0: beam=1 compares no hypotheses"),
        ({"beam": 2, "n_best": 3}, "only 2 hypotheses"),
    ],
)
def test_idle_settings_are_refused(chosen: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        TransduceSettings(**chosen)


def test_one_hot_vectors_are_not_shared() -> None:
    with pytest.raises(UsageError, match="tied=no"):
        decoder_of(embeddings="one-hot", embedding_size=None)


def test_an_unknown_attention() -> None:
    with pytest.raises(UsageError, match='unknown attention "genral"; did you mean "general"'):
        decoder_of(attention="genral")


def test_the_shape_of_layers() -> None:
    assert Shape.of(Recurrent("lstm", 4, 3, bidirectional=True)) == READER
