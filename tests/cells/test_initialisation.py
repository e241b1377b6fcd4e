"""First weights by name: each map by itself, biases of keeping gates with the right sign."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from tests.cells.forms import NAMES, assert_near, assert_same_bits
from throughtime.cells import form
from throughtime.cells.equations.parameters import recurrent_maps, stacks
from throughtime.cells.initialisation import initialisations, keeping_biases
from throughtime.cells.recurrent import Recurrent
from throughtime.errors import UsageError

KEEPING = {
    "lstm": {"b_f": 1},
    "lstm_1997": {},
    "lstm_coupled": {"b_f": 1},
    "lstm_peephole": {"b_f": 1},
    "lstm_layernorm": {"b_f": 1},
    "gru": {"b_z": 1},
    "gru:update_keeps=no": {"b_z": -1},
    "gru_reset_before": {"b_z": 1},
    "gru_reset_before:update_keeps=no": {"b_z": -1},
    "gru_two_gate": {"b_i": -1},
    "gru_layernorm": {"b_z": 1},
    "mgu": {"b_f": -1},
    "rnn": {},
    "indrnn": {},
    "convlstm": {"b_f": 1},
    "lstm:bias=no": {},
}


def made(text: str, scheme: str, seed: int = 1, size: int = 24, **options: object) -> Recurrent:
    sizes = {"input_size": (3, 4, 4)} if form(text).convolution else {"input_size": 17}
    generator = torch.Generator().manual_seed(seed)
    return Recurrent(text, hidden_size=size, initialisation=scheme, generator=generator, **sizes, **options).double()


def drawn(layer: Recurrent) -> dict[str, Tensor]:
    """Each of the cell's parameters by its own name."""
    direction, found = layer.directions[0], {}
    for stack in stacks(layer.graph):
        parts = layer.weights(direction)[stack.name].detach().split(stack.rows(direction.sizes))
        found.update({member.name: part for member, part in zip(stack.members, parts, strict=True)})
    return found


def maps(layer: Recurrent, recurrent: bool) -> dict[str, Tensor]:
    of_state = recurrent_maps(layer.graph)
    return {n: part for n, part in drawn(layer).items() if n[0].isupper() and (n in of_state) == recurrent}


def test_every_cell_is_in_the_table() -> None:
    assert set(NAMES) <= set(KEEPING)


@pytest.mark.parametrize("text", KEEPING)
def test_the_biases_of_keeping_gates(text: str) -> None:
    assert keeping_biases(form(text)) == KEEPING[text]


@pytest.mark.parametrize("text", NAMES)
def test_orthogonal(text: str) -> None:
    layer = made(text, "orthogonal")
    for name, part in maps(layer, recurrent=True).items():
        flat = part.flatten(1)
        assert torch.allclose(flat @ flat.T, torch.eye(24, dtype=flat.dtype), atol=1e-5), name
    for first, second in zip(maps(layer, True).values(), list(maps(layer, True).values())[1:], strict=False):
        assert not torch.equal(first, second)


@pytest.mark.parametrize("text", NAMES)
def test_xavier(text: str) -> None:
    layer = made(text, "xavier")
    for name, part in {**maps(layer, True), **maps(layer, False)}.items():
        field = part[0, 0].numel()
        bound = math.sqrt(6 / ((part.shape[0] + part.shape[1]) * field))
        assert 0.95 * bound < float(part.abs().max()) <= bound, name
        assert abs(float(part.std()) / (bound / 3**0.5) - 1) < 0.08, name


@pytest.mark.parametrize("text", NAMES)
def test_maps_of_the_input_are_xavier_under_orthogonal_too(text: str) -> None:
    for name, part in maps(made(text, "orthogonal"), recurrent=False).items():
        bound = math.sqrt(6 / (sum(part.shape[:2]) * part[0, 0].numel()))
        assert 0.95 * bound < float(part.abs().max()) <= bound, name


@pytest.mark.parametrize("text", NAMES)
def test_identity(text: str) -> None:
    layer = made(text, "identity")
    for name, part in maps(layer, recurrent=True).items():
        middle = part if part.dim() == 2 else part[:, :, 1, 1]
        assert_same_bits(middle, torch.eye(24, dtype=part.dtype), name)
        assert part.count_nonzero() == 24
    for name, part in maps(layer, recurrent=False).items():
        assert abs(float(part.std()) / 0.001 - 1) < 0.15, name


@pytest.mark.parametrize("text", NAMES)
def test_uniform_as_torch(text: str) -> None:
    for name, part in drawn(made(text, "uniform")).items():
        if "layernorm" in text and name[0] in "uv":
            continue
        if text == "indrnn" and name == "u":
            continue
        assert 0.6 * 24**-0.5 < float(part.abs().max()) <= 24**-0.5, name
        assert float(part.min()) < 0 < float(part.max()), name


@pytest.mark.parametrize("text", [name for name in KEEPING if KEEPING[name]])
def test_forget_bias(text: str) -> None:
    for given, expected in ((None, 1.0), (2.5, 2.5), (0.0, 0.0)):
        found = drawn(made(text, "orthogonal", forget_bias=given))
        for name, part in found.items():
            if name.startswith("b"):
                sign = KEEPING[text].get(name, 0)
                assert_same_bits(part, torch.full_like(part, sign * expected), name)
    uniform = drawn(made(text, "uniform", forget_bias=1.5))
    for name, sign in KEEPING[text].items():
        assert_same_bits(uniform[name], torch.full_like(uniform[name], sign * 1.5))


@pytest.mark.parametrize("text", [name for name in KEEPING if KEEPING[name]])
def test_a_keeping_bias_keeps(text: str) -> None:
    if form(text).convolution:
        return
    shares = []
    for bias in (-3.0, 0.0, 3.0):
        layer = made(text, "identity", forget_bias=bias)
        with torch.no_grad():
            for name, part in layer.named_parameters():
                if name.startswith(("weight", "U", "W", "p_")):
                    part.zero_()
        ends = []
        for value in (0.0, 0.1):
            state = tuple(torch.full((1, 1, 24), value, dtype=torch.float64) for _ in layer.graph.states)
            ends.append(layer(torch.zeros(1, 1, 17, dtype=torch.float64), state=state)[1][-1].detach())
        shares.append(float((ends[1] - ends[0]).mean()) / 0.1)
    assert shares == sorted(shares) and shares[0] < 0.1 and shares[2] > 0.9


@pytest.mark.parametrize("text", ["lstm", "gru", "gru_two_gate", "lstm_coupled", "convlstm"])
def test_chrono(text: str) -> None:
    found = drawn(made(text, "chrono:longest=100", size=400 if text != "convlstm" else 24))
    for name, sign in KEEPING[text].items():
        values = (sign * found[name]).exp().sort().values
        assert float(values[0]) >= 1 and float(values[-1]) <= 99
        expected = 1 + 98 * (torch.arange(len(values)) + 0.5) / len(values)
        distance = float((values - expected).abs().max()) / 98
        assert distance < 1.7 / len(values) ** 0.5, name  # Kolmogorov and Smirnov: log of a uniform number
    if text in ("lstm", "convlstm"):
        assert_same_bits(found["b_i"], -found["b_f"])
        assert not found["b_o"].any()


@pytest.mark.parametrize("name", initialisations)
def test_the_same_generator_gives_the_same_weights(name: str) -> None:
    scheme = "chrono:longest=20" if name == "chrono" else name
    one, same, other = (made("lstm_peephole", scheme, seed) for seed in (1, 1, 2))
    for (name, first), second, third in zip(one.named_parameters(), same.parameters(), other.parameters(), strict=True):
        assert_same_bits(first, second, name)
        fixed = name.startswith("bias") or (scheme == "identity" and name.startswith("weight_hh"))
        assert fixed or not torch.equal(first, third), name
    torch.manual_seed(3)
    first = Recurrent("lstm", 3, 5, initialisation=scheme).weight_hh_l0
    torch.manual_seed(3)
    assert_same_bits(Recurrent("lstm", 3, 5, initialisation=scheme).weight_hh_l0, first)


def test_layers_and_directions_differ() -> None:
    layer = made("gru", "orthogonal", num_layers=2, bidirectional=True)
    recurrent = [part for name, part in layer.named_parameters() if name.startswith("weight_hh")]
    assert len(recurrent) == 4
    assert not any(torch.equal(a, b) for i, a in enumerate(recurrent) for b in recurrent[:i])


def test_gains_peepholes_and_the_diagonal_of_indrnn() -> None:
    normed = drawn(made("lstm_layernorm", "orthogonal"))
    for name in ("v_i", "u_f", "v_c"):
        assert_same_bits(normed[name], torch.ones(24, dtype=torch.float64))
    u = drawn(made("indrnn", "orthogonal", size=500))["u"]
    assert 0 <= float(u.min()) < 0.02 and 0.98 < float(u.max()) <= 1
    peephole = drawn(made("lstm_peephole", "orthogonal", size=500))["p_o"]
    assert 0.95 * 500**-0.5 < float(peephole.abs().max()) <= 500**-0.5


def test_the_map_of_the_output_is_no_recurrent_map() -> None:
    found = drawn(made("rnn:output=yes", "orthogonal"))
    assert_near((found["U"] @ found["U"].T).float(), torch.eye(24))
    bound = math.sqrt(6 / 48)
    assert 0.95 * bound < float(found["V"].abs().max()) <= bound


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("lstm", {"initialisation": "chrono"}, "chrono needs the longest dependency in steps, 3 or more"),
        ("lstm", {"initialisation": "chrono:longest=2"}, "3 or more: chrono:longest=100"),
        ("lstm", {"initialisation": "chrono:longest=many"}, "3 or more"),
        ("lstm", {"initialisation": "xavier:gain=2"}, "initialisation xavier has no options; found 'gain=2'"),
        ("lstm", {"initialisation": "xaver"}, 'unknown initialisation "xaver"; did you mean "xavier"?'),
        ("rnn", {"initialisation": "chrono:longest=9"}, "no gate of the cell rnn keeps its state by a bias"),
        ("rnn", {"forget_bias": 1.0}, "forget_bias: no gate of the cell rnn keeps its state by a bias"),
        ("lstm:bias=no", {"forget_bias": 1.0}, "forget_bias: no gate of the cell lstm:bias=no keeps its state"),
        ("lstm", {"initialisation": "chrono:longest=9", "forget_bias": 1.0}, "chrono draws these biases itself"),
    ],
)
def test_refused(text: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Recurrent(text, 3, 5, **options)  # type: ignore[arg-type]
