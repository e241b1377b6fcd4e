"""Every registered cell in every form, small layers of it with distinct random weights, and inputs for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor
from torch.func import functional_call

from throughtime.batch import Draw
from throughtime.cells import cells
from throughtime.cells.engine.native.library import library
from throughtime.cells.recurrent import Recurrent, State

NAMES = list(cells)
TORCH_FORMS = [f"{name}:bias={bias}" for name in ("lstm", "gru", "rnn") for bias in ("yes", "no")]
TORCH_FORMS += [f"rnn:activation=relu,bias={bias}" for bias in ("yes", "no")]
FRAME = (2, 3, 4)  # channels, height, width


def all_forms() -> Iterator[str]:
    """Each cell as it is, and with each of its options at another value."""
    for name, cell in cells.items():
        yield name
        for option, default in cell.options.items():
            if isinstance(default, bool):
                yield f"{name}:{option}={'no' if default else 'yes'}"
            else:
                yield from (f"{name}:{option}={other}" for other in ("sigmoid", "relu", "identity") if other != default)


FORMS = list(all_forms())


NATIVE = library() is not None  # without a compiler the package is installed without it
needs_the_engine = pytest.mark.skipif(not NATIVE, reason="the native engine is not built on this machine")


def engines(text: str) -> list[str]:
    """The engines that can run a form without anything special."""
    by_torch = text in TORCH_FORMS or text in ("lstm", "gru", "rnn")
    return ["reference", *(["torch"] if by_torch else []), *(["native"] if NATIVE else [])]


def fastest(text: str) -> str:
    """The engine that runs a form if none is asked for."""
    return engines(text)[-1]


WITH_ENGINES = [(text, engine) for text in (*NAMES, *TORCH_FORMS) for engine in engines(text)]


def numbers(*shape: int, seed: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Distinct random numbers; those of float32 are those of float64, rounded."""
    drawn = torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return drawn.to(dtype)


def layer(
    text: str, *, dtype: torch.dtype = torch.float64, seed: int = 1, spread: float = 0.5, **options: object
) -> Recurrent:
    """A small layer of which every parameter, biases too, is random."""
    frames = cells[text.partition(":")[0]].convolution
    sizes = {"input_size": FRAME, "hidden_size": 2} if frames else {"input_size": 3, "hidden_size": 5}
    made = Recurrent(text, **{**sizes, **options}).to(dtype)  # type: ignore[arg-type]
    with torch.no_grad():
        for index, parameter in enumerate(made.parameters()):
            parameter.copy_(spread * numbers(*parameter.shape, seed=100 * seed + index))
    return made


def inputs(made: Recurrent, batch: int, steps: int, seed: int = 7) -> Tensor:
    """(batch, steps, features) or, for frames, (batch, steps, channels, height, width)."""
    sizes = made.directions[0].sizes
    return numbers(batch, steps, sizes.input_size, *sizes.space, seed=seed, dtype=next(made.parameters()).dtype)


def start(made: Recurrent, batch: int, seed: int = 8) -> State:
    """A random state before the first step."""
    shape = (len(made.directions), batch, made.hidden_size, *made.directions[0].sizes.space)
    dtype = next(made.parameters()).dtype
    return tuple(numbers(*shape, seed=seed + index, dtype=dtype) for index in range(len(made.graph.states)))


def check_derivatives(made: Recurrent, x: Tensor, *state: Tensor) -> None:
    """First and second, of three rows of 3, 0 and 2 steps, against finite differences."""
    lengths = torch.tensor([3, 0, 2])
    names = [name for name, _ in made.named_parameters()]
    parts = [part.detach() for part in (*made.parameters(), x, *state)]
    sizes = [part.numel() for part in parts]

    def run(everything: Tensor) -> Tensor:
        """From all weights, the input and the first state to the output and the last state, as one vector each."""
        values = [v.view_as(part) for v, part in zip(everything.split(sizes), parts, strict=True)]
        weights, (x, *state) = dict(zip(names, values, strict=False)), values[len(names) :]
        output, new_state = functional_call(made, weights, (x, lengths, tuple(state)))
        return torch.cat([part.flatten() for part in (output, *new_state)])

    everything = torch.cat([part.flatten() for part in parts]).requires_grad_()
    assert torch.autograd.gradcheck(run, everything, fast_mode=True)
    assert torch.autograd.gradgradcheck(run, everything, fast_mode=True)


def drawing(*sample_ids: int, seed: int = 3, epoch: int = 2, update: int = 5, offset: int = 0) -> Draw:
    return Draw(seed, epoch, update, torch.tensor(sample_ids), offset)


def weighted(*tensors: Tensor, seed: int = 50) -> Tensor:
    """One number in which every element of every tensor has another weight."""
    parts = [(part * numbers(*part.shape, seed=seed + i, dtype=part.dtype)).sum() for i, part in enumerate(tensors)]
    return torch.stack(parts).sum()


def assert_near(found: Tensor, expected: Tensor, what: str = "") -> None:
    """Equal to 1e-6 in float32 and 1e-12 in float64, relative to the largest where that is above 1."""
    assert found.shape == expected.shape, f"{what}: {tuple(found.shape)} is not {tuple(expected.shape)}"
    if not found.numel():
        return
    found, expected = found.detach(), expected.detach()
    bound = 1e-6 if found.dtype == torch.float32 else 1e-12
    error = float((found - expected).abs().max()) / max(1.0, float(expected.abs().max()))
    assert error <= bound, f"{what}: {error:.3g} is more than {bound:g}"


def assert_same_bits(found: Tensor, expected: Tensor, what: str = "") -> None:
    assert torch.equal(found, expected), f"{what} differs by {float((found - expected).abs().max()):.3g}"
