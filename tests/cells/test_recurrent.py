"""Recurrent layers: dropout of every kind, residual, learned state, recording, and torch's habits of modules."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from tests.cells.forms import NAMES, assert_near, assert_same_bits, drawing, inputs, layer, numbers, start, weighted
from throughtime.cells import cells, record, tanh
from throughtime.cells.dropout import Masks, dropout, scaled
from throughtime.cells.recurrent import Recurrent
from throughtime.errors import UsageError


def elman(p, x, h):
    return tanh(p.W @ x + p.U @ h + p.b)


@pytest.mark.parametrize("text", NAMES)
def test_zoneout_in_evaluation_is_the_expectation(text: str) -> None:
    made, plain = layer(text, zoneout=0.3).eval(), layer(text)
    x, state = inputs(made, 3, 1), start(made, 3)
    _, found = made(x, state=state)
    _, fresh = plain(x, state=state)
    for new, old, after in zip(found, state, fresh, strict=True):
        assert_near(new, 0.3 * old + 0.7 * after)


@pytest.mark.parametrize("text", NAMES)
def test_zoneout_in_training_keeps_single_units(text: str) -> None:
    made = layer(text, zoneout=0.3)
    x, state = inputs(made, 40, 1), start(made, 40)
    plain = layer(text, engine=made.used_engine(x))
    _, found = made(x, state=state, draw=drawing(*range(40)))
    _, fresh = plain(x, state=state)
    for new, old, after in zip(found, state, fresh, strict=True):
        kept = new == old
        assert_same_bits(new, torch.where(kept, old, after))
        assert 0.15 < float(kept.double().mean()) < 0.45
    if len(found) == 2:  # each state has a mask of its own
        assert not torch.equal(found[0] == state[0], found[1] == state[1])


def test_masks_belong_to_the_time_of_the_sequence_in_both_directions() -> None:
    made, draw = layer("gru", bidirectional=True, zoneout=0.4), drawing(1, 2, 3, offset=5)
    lengths, first = torch.tensor([6, 4, 1]), start(made, 3)[0]
    found = made.record(inputs(made, 3, 6), lengths, (first,), draw)
    for index, name in enumerate(("l0", "l0_reverse")):
        keeps = ~Masks(draw, f"recurrent.{name}.zoneout.h").each_step(6, 5, 0.4)
        h = found[f"{name}.h"]
        for row, length in enumerate(lengths.tolist()):
            steps = h[row, :length] if name == "l0" else h[row, :length].flip(0)
            moved = torch.cat([first[index, row][None], steps])
            kept = (moved[1:] == moved[:-1]) if name == "l0" else (moved[1:] == moved[:-1]).flip(0)
            assert_same_bits(kept, keeps[row, :length], f"{name} row {row}")


def test_recurrent_dropout_is_locked_in_time() -> None:
    made = Recurrent(record(elman), 3, 5, recurrent_dropout=0.4, generator=torch.Generator().manual_seed(1)).double()
    x, draw = inputs(made, 6, 4), drawing(*range(6))
    mask = scaled(Masks(draw, "recurrent.l0.recurrent").each_sample(5, 0.4), 0.4, torch.float64)
    assert 0 < float(mask.count_nonzero()) < mask.numel()
    h = torch.zeros(6, 5, dtype=torch.float64)
    for t in range(4):
        h = torch.tanh(x[:, t] @ made.weight_ih_l0.T + (h * mask) @ made.weight_hh_l0.T + made.bias_l0)
    assert_near(made(x, draw=draw)[1][0][0], h)


def test_recurrent_dropout_and_drop_connect_leave_the_output_map_alone() -> None:
    plain = layer("rnn:output=yes")
    for option in ("recurrent_dropout", "drop_connect"):
        made = layer("rnn:output=yes", **{option: 0.5})
        x = inputs(made, 4, 1)
        # the first step begins at 0, so the recurrent product is 0 with and without the mask
        assert_near(made(x, draw=drawing(*range(4)))[0], plain(x)[0])
        x = inputs(made, 4, 2)
        assert not torch.allclose(made(x, draw=drawing(*range(4)))[0], plain(x)[0])


def test_recurrent_dropout_in_a_cell_with_other_sizes_inside() -> None:
    def inside(p, x, h):
        gate = tanh(p.A @ (p.v * x))  # a product that is neither with x itself nor recurrent
        h = tanh(gate + p.U @ h)
        return p.V @ h, h

    made = Recurrent(record(inside), 3, 5, output_size=2, recurrent_dropout=0.5, drop_connect=0.5).double()
    output, _ = made(inputs(made, 4, 3), draw=drawing(*range(4)))
    assert output.shape == (4, 3, 2)


def test_drop_connect_has_one_mask_an_update() -> None:
    made = layer("gru", drop_connect=0.5)
    x, first = inputs(made, 3, 4), drawing(1, 2, 3)
    output = made(x, draw=first)[0]
    assert_same_bits(made(x[[1, 1, 0]], draw=drawing(7, 8, 9))[0], output[[1, 1, 0]])  # no sample in it
    assert not torch.equal(made(x, draw=drawing(1, 2, 3, update=6))[0], output)
    whole = made.weight_hh_l0.detach().clone()
    places = [f"recurrent.l0.drop_connect.{name}" for name in ("U_r", "U_z", "U_n")]
    masks = [Masks(first, place).each_weight((5, 5), 0.5) for place in places]
    with torch.no_grad():
        made.weight_hh_l0.copy_(whole * torch.cat(masks) / 0.5)
    assert_same_bits(made.eval()(x)[0], output)


@pytest.mark.parametrize("option", ["dropout", "recurrent_dropout", "zoneout", "drop_connect"])
@pytest.mark.parametrize("text", NAMES)
def test_every_rate_changes_training(text: str, option: str) -> None:
    if text == "indrnn" and option in ("recurrent_dropout", "drop_connect"):
        with pytest.raises(UsageError, match=f"{option} acts on recurrent maps and the cell indrnn has none"):
            layer(text, **{option: 0.4})
        return
    made, plain = layer(text, num_layers=2, **{option: 0.4}), layer(text, num_layers=2)
    x = inputs(made, 3, 4)
    assert not torch.equal(made(x, draw=drawing(1, 2, 3))[0], plain(x)[0])
    if option != "zoneout":  # which has an expectation to follow
        assert_near(made.eval()(x)[0], plain(x)[0])


def test_without_a_draw_torchs_generator_draws() -> None:
    made = layer("gru", num_layers=2, dropout=0.5)
    x, found = inputs(made, 3, 4), []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        found.append(made(x)[0])
    assert_same_bits(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_two_places_have_two_masks() -> None:
    one, two = (layer("gru", zoneout=0.5, place=place) for place in ("encoder", "decoder"))
    x, draw = inputs(one, 3, 4), drawing(1, 2, 3)
    assert not torch.equal(one(x, draw=draw)[0], two(x, draw=draw)[0])


def test_residual_and_dropout_between_layers() -> None:
    made = layer("gru", input_size=3, num_layers=3, residual=True, dropout=0.3, locked=True)
    x, draw = inputs(made, 2, 4), drawing(5, 6)
    single = []
    for depth in range(3):
        one = layer("gru", input_size=3 if depth == 0 else 5)
        with torch.no_grad():
            for name in ("weight_ih", "weight_hh", "bias"):
                getattr(one, f"{name}_l0").copy_(getattr(made, f"{name}_l{depth}"))
        single.append(one)
    value = single[0](x)[0]
    for depth in (1, 2):
        into = dropout(value, 0.3, draw, f"recurrent.l{depth}.dropout", locked=True)
        value = single[depth](into)[0] + value
    assert_near(made(x, draw=draw)[0], value)


@pytest.mark.parametrize("text", NAMES)
def test_a_learned_state_is_learned(text: str) -> None:
    made = layer(text, bidirectional=True, learned_state=True)
    names = [name for name, _ in made.named_parameters() if name.startswith("initial_")]
    assert sorted(names) == sorted(f"initial_{s}_l0{end}" for s in made.graph.states for end in ("", "_reverse"))
    x = inputs(made, 3, 4)
    output, state = made(x, torch.tensor([4, 0, 2]))
    expected = made(x, torch.tensor([4, 0, 2]), tuple(part.detach() for part in made.zero_state(x)))[0]
    assert_same_bits(output, expected)
    assert not torch.equal(output, made(x, torch.tensor([4, 0, 2]), tuple(torch.zeros_like(s) for s in state))[0])
    weighted(output).backward()
    assert all(getattr(made, name).grad.any() for name in names)


def test_a_learned_state_begins_as_zero_also_when_drawn_anew() -> None:
    made = Recurrent("lstm", 3, 5, learned_state=True)
    assert not made.initial_h_l0.any()
    with torch.no_grad():
        made.initial_c_l0.fill_(2)
    made.reset_parameters()
    assert not made.initial_c_l0.any()


@pytest.mark.parametrize("text", NAMES)
def test_recorded_quantities(text: str) -> None:
    made = layer(text, num_layers=2, bidirectional=True, engine="reference")
    x, lengths = inputs(made, 3, 4), torch.tensor([4, 0, 2])
    found = made.record(x, lengths)
    output, state = made(x, lengths)
    names = dict(made.graph.names)
    assert set(found) == {f"{where}.{n}" for where in ("l0", "l0_reverse", "l1", "l1_reverse") for n in names}
    first = made.graph.states[0]
    joined = torch.cat([found[f"l1.{first}"], found[f"l1_reverse.{first}"]], 2)
    assert_same_bits(joined, output)
    for index, name in enumerate(made.graph.states):
        assert_same_bits(found[f"l1.{name}"][2, 1], state[index][2, 2])
        assert_same_bits(found[f"l1_reverse.{name}"][2, 0], state[index][3, 2])


def test_recorded_gates_are_the_gates() -> None:
    made = layer("lstm")
    x = inputs(made, 2, 4)
    found = made.record(x, names=["f", "i", "g", "c", "h"])
    assert list(found) == ["l0.f", "l0.i", "l0.g", "l0.c", "l0.h"]
    before = torch.cat([torch.zeros(2, 1, 5), found["l0.c"][:, :-1]], 1)
    assert_near(found["l0.f"] * before + found["l0.i"] * found["l0.g"], found["l0.c"])
    with pytest.raises(UsageError, match='the cell lstm has no quantity "z"; it has i, f, g, o, c, h'):
        made.record(x, names=["z"])


def test_watched_states_have_gradients() -> None:
    made = layer("gru", num_layers=2, bidirectional=True)
    seen = {}
    with made.watching(lambda direction, step, name, values: seen.update({(direction.suffix, step, name): values})):
        output, _ = made(inputs(made, 3, 4), torch.tensor([4, 0, 2]))
    assert len(seen) == 2 * 2 * 4
    gradients = dict(zip(seen, torch.autograd.grad(weighted(output), list(seen.values())), strict=True))
    # the last step's state of the last layer matters to nothing but the output there
    weights = numbers(*output.shape, seed=50)
    assert_near(gradients["_l1", 3, "h"][0], weights[0, 3, :5])
    assert_near(gradients["_l1_reverse", 3, "h"][0], weights[0, 0, 5:])
    assert all(gradient.shape == (3, 5) and gradient[0].all() for gradient in gradients.values())
    assert made.watch is None


REFUSED = [
    ({"hidden_size": 0}, "hidden_size 0: it must be a whole number, 1 or more"),
    ({"hidden_size": -3}, "hidden_size -3: it must be a whole number, 1 or more"),
    ({"hidden_size": 2.5}, "hidden_size 2.5: it must be a whole number, 1 or more"),
    ({"num_layers": 0}, "num_layers 0: it must be a whole number, 1 or more"),
    ({"input_size": 0}, "input_size 0: the cell gru reads a whole number of features, 1 or more"),
    ({"input_size": (1, 2, 3)}, r"input_size \(1, 2, 3\): the cell gru reads a whole number"),
    ({"zoneout": 1.0}, "zoneout 1.0: it must be at least 0 and below 1"),
    ({"drop_connect": -0.1}, "drop_connect -0.1: it must be at least 0 and below 1"),
    ({"recurrent_dropout": float("nan")}, "recurrent_dropout nan: it must be at least 0 and below 1"),
    ({"dropout": 0.2}, "dropout acts between layers and there is one"),
    ({"residual": True}, "residual joins a layer's input to its output from the second layer on"),
    ({"output_size": 4}, "output_size: the output of the cell gru is its state, of hidden_size"),
    ({"kernel_size": 5}, "kernel_size: the cell gru is not convolutional"),
    ({"initialisation": "orthogonl"}, 'unknown initialisation "orthogonl"; did you mean "orthogonal"'),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_refused_options(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Recurrent("gru", **{"input_size": 3, "hidden_size": 5, **options})  # type: ignore[arg-type]


def test_refused_sizes_of_frames() -> None:
    with pytest.raises(UsageError, match=r"reads frames: \(channels, height, width\)"):
        Recurrent("convlstm", 3, 5)
    with pytest.raises(UsageError, match="kernel_size 4: it must be odd"):
        Recurrent("convlstm", (1, 4, 4), 5, kernel_size=4)


def test_refused_inputs() -> None:
    made = layer("lstm")
    x, state = inputs(made, 2, 4), start(made, 2)
    for call, message in (
        ((x[..., :2],), r"x has shape \(2, 4, 2\); this layer reads \(batch, time, 3\)"),
        ((x[0],), r"x has shape \(4, 3\)"),
        ((x, torch.tensor([4, 5])), "lengths lie between 4 and 5; x has 4 steps"),
        ((x, torch.tensor([4, -1])), "lengths lie between -1 and 4"),
        ((x, torch.tensor([4])), r"lengths has shape \(1,\) and type torch.int64; it holds one whole number"),
        ((x.to(torch.float16),), "x has type torch.float16, the weights torch.float"),
        ((x, [4, 2]), r"lengths is a list; give a tensor: torch.tensor\(lengths\)"),
        ((x, torch.tensor([4.0, 2.0])), "type torch.float32; it holds one whole number for each of the 2 rows"),
        ((x, None, state[:1]), r"state has shapes \(1, 2, 5\); the cell lstm needs 2 of \(1, 2, 5\)"),
        ((x, None, tuple(part[:, :1] for part in state)), r"state has shapes \(1, 1, 5\), \(1, 1, 5\)"),
        ((x, None, None, drawing(1)), "draw has 1 sample_ids; x has 2 rows"),
    ):
        with pytest.raises(UsageError, match=message):
            made(*call)


def test_names_and_order_of_the_parameters_are_torchs() -> None:
    made, torchs = layer("lstm", num_layers=2, bidirectional=True), nn.LSTM(3, 5, num_layers=2, bidirectional=True)
    expected = [name.replace("bias_ih", "bias") for name in torchs.state_dict() if "bias_hh" not in name]
    assert list(made.state_dict()) == expected
    assert "weight_ih_l0_reverse" in expected
    for name in expected:
        assert made.state_dict()[name].shape == torchs.state_dict()[name.replace("bias", "bias_ih")].shape


@pytest.mark.parametrize("text", NAMES)
def test_copies_and_types(text: str) -> None:
    made = layer(text, dtype=torch.float32, learned_state=True)
    x = inputs(made, 2, 3)
    twin = copy.deepcopy(made)
    assert_same_bits(twin(x)[0], made(x)[0])
    with torch.no_grad():
        next(twin.parameters()).add_(1)
    assert not torch.equal(twin(x)[0], made(x)[0])
    double = copy.deepcopy(made).double()
    assert double(x.double())[0].dtype == torch.float64
    assert torch.allclose(double(x.double())[0].float(), made(x)[0], atol=1e-5)
    assert copy.deepcopy(made).to(torch.bfloat16)(x.bfloat16())[0].dtype == torch.bfloat16


@pytest.mark.parametrize("text", NAMES)
def test_state_dict_round_trip(text: str) -> None:
    made = layer(text, num_layers=2, learned_state=True)
    other = layer(text, num_layers=2, learned_state=True, seed=2)
    x = inputs(made, 2, 3)
    assert not torch.equal(other(x)[0], made(x)[0])
    other.load_state_dict(made.state_dict())
    assert_same_bits(other(x)[0], made(x)[0])


def test_it_says_what_it_is() -> None:
    made = Recurrent("lstm:activation=sigmoid", 3, 5, num_layers=2, bidirectional=True)
    assert repr(made) == "Recurrent(lstm:activation=sigmoid, 3, 5, num_layers=2, bidirectional=True)"
    assert (made.input_size, made.output_size) == (3, 10)
    assert Recurrent(cells["gru"], 3, 5).graph == Recurrent("gru", 3, 5).graph


def test_an_output_of_its_own_size() -> None:
    made = layer("rnn:output=yes", num_layers=2, bidirectional=True, output_size=4)
    x = numbers(2, 3, 3, seed=3)
    output, (h,) = made(x, torch.tensor([3, 1]))
    assert output.shape == (2, 3, 8) and h.shape == (4, 2, 5)
    assert made.weight_ih_l1.shape == (5, 8) and made.V_l0.shape == (4, 5) and made.bias_l0.shape == (9,)
    assert not output[1, 1:].any()
    assert layer("rnn:output=yes", output_size=1).record(x)["l0.y"].shape == (2, 3, 1)
