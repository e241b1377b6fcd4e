"""Forecasters: what is said of a step, and that recursive forecasts go on as if from the start."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.data.test_series_windows import panel
from throughtime.batch import Batch
from throughtime.cells.cell import form
from throughtime.data.series.backtest import Backtest
from throughtime.data.series.windows import NEXT, Windows
from throughtime.errors import UsageError
from throughtime.models.forecasting.build import build_forecaster
from throughtime.models.forecasting.heads import Begun, RecursiveHead
from throughtime.models.forecasting.linear import last_values
from throughtime.models.forecasting.outputs import outputs
from throughtime.models.linear_autoregression import Recursive, Unrolled, choose
from throughtime.models.model import Model
from throughtime.models.settings import ForecastSettings, NetworkSettings

LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)
KINDS = ["point", "quantiles", "gaussian", "student_t"]
WAYS = ["direct", "recursive"]
CONTEXT, HORIZON = 5, 4


def reads(normalise: str = "last") -> Windows:
    of = panel((30, 7, 19))
    return Windows(of, CONTEXT, HORIZON, normalise, of.names, True)  # type: ignore[arg-type]


def forecaster(windows: Windows, cell: str = "gru", seed: int = 3, dropout: float = 0.0, **task: object) -> Model:
    """With random weights everywhere, in float64."""
    settings = ForecastSettings(horizon=HORIZON, context_length=CONTEXT, **task)  # type: ignore[arg-type]
    network = NetworkSettings(cell=cell, hidden_size=6, bidirectional=False, dropout=dropout)
    generator = torch.Generator().manual_seed(seed)
    sizes = len(windows.features), len(windows.ahead_features), len(windows.names)
    model = build_forecaster(*sizes, LEVELS, network, settings, cell=form(cell), generator=generator).double()
    with torch.no_grad():
        for part in (*model.parameters(), *model.head.linear.buffers()):  # type: ignore[union-attr]
            part.copy_(0.3 * torch.randn(part.shape, generator=generator, dtype=torch.float64))
    return model.eval()


def asked_of(windows: Windows) -> tuple[Backtest, Batch]:
    asked = Backtest.over(windows.panel, 0, 99, HORIZON)
    return asked, windows.batch(asked, np.arange(len(asked)))


@pytest.mark.parametrize("outputs", KINDS)
@pytest.mark.parametrize("decoding", WAYS)
def test_a_forecast_is_the_same_alone_and_in_any_batch(decoding: str, outputs: str) -> None:
    windows = reads()
    model = forecaster(windows, decoding=decoding, outputs=outputs)
    asked, batch = asked_of(windows)
    together, spread = model.head.forecast(model(batch))
    losses = model.losses(batch)[1]
    for n in range(0, len(asked), 4):
        one = windows.batch(asked, np.array([n]))
        alone, quantiles = model.head.forecast(model(one))
        torch.testing.assert_close(alone[0], together[n], rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(model.losses(one)[1][0], losses[n], rtol=1e-10, atol=1e-12)
        if spread is not None:
            torch.testing.assert_close(quantiles[0], spread[n], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn", "lstm_layernorm", "indrnn"])
@pytest.mark.parametrize("outputs", ["point", "quantiles"])
def test_recursive_decoding_with_carried_state_is_decoding_from_the_start(cell: str, outputs: str) -> None:
    windows = reads()
    model = forecaster(windows, cell, decoding="recursive", outputs=outputs)
    _, batch = asked_of(windows)
    head, begun = model.head, model(batch)
    assert isinstance(head, RecursiveHead)
    found, _ = head.forecast(begun)
    # from the start: what was forecast stands where the truth would, and all steps are run in one call
    as_truth = torch.stack([found, torch.ones_like(found)], 2)
    said = head.said(begun, as_truth)
    torch.testing.assert_close(head.output.point(said), found, rtol=1e-10, atol=1e-10)


def test_the_first_step_is_forecast_alike_with_and_without_the_truth() -> None:
    windows = reads()
    model = forecaster(windows, decoding="recursive", outputs="gaussian")
    _, batch = asked_of(windows)
    head, begun = model.head, model(batch)
    assert isinstance(head, RecursiveHead)
    target = model.target(batch)
    assert isinstance(target, Tensor)
    torch.testing.assert_close(head.said(begun, target)[:, 0], head.said(begun)[:, 0])


@pytest.mark.parametrize("outputs", KINDS)
@pytest.mark.parametrize("decoding", WAYS)
def test_what_is_not_known_of_the_truth_changes_nothing(decoding: str, outputs: str) -> None:
    windows = reads()
    model = forecaster(windows, decoding=decoding, outputs=outputs)
    _, batch = asked_of(windows)
    target = batch[NEXT]
    assert isinstance(target, Tensor)
    filled = target.clone()
    filled[..., 0] = torch.where(target[..., 1] > 0, target[..., 0], 1e6)
    other = replace(batch, columns={**batch.columns, NEXT: filled})
    torch.testing.assert_close(model.loss(other), model.loss(batch), rtol=0, atol=0)
    losses = model.losses(batch)[1]
    known = target[..., 1].sum(1)
    torch.testing.assert_close((losses * known).sum() / known.sum(), model.loss(batch))


@pytest.mark.parametrize("outputs", KINDS)
def test_an_untrained_network_forecasts_as_the_linear_path(outputs: str) -> None:
    windows = reads()
    settings = ForecastSettings(horizon=HORIZON, context_length=CONTEXT, outputs=outputs)  # type: ignore[arg-type]
    network = NetworkSettings(cell="gru", hidden_size=6, bidirectional=False)
    sizes = len(windows.features), len(windows.ahead_features), 0
    model = build_forecaster(*sizes, LEVELS, network, settings, cell=form("gru")).eval()
    linear = model.head.linear
    torch.nn.init.normal_(linear.weights, std=0.3)
    torch.nn.init.normal_(linear.known, std=0.3)
    _, batch = asked_of(windows)
    begun: Begun = model(batch)
    expected = begun.centre[:, None] + linear(begun.lags, begun.known)
    torch.testing.assert_close(model.head.forecast(begun)[0], expected)


@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.parametrize("fitted", ["direct", "recursive"])
def test_the_linear_path_is_the_linear_autoregression_that_was_fitted(fitted: str, relative: bool) -> None:
    windows = reads("last" if relative else "none")
    asked, batch = asked_of(windows)
    _, found = choose(asked, asked, ways=(fitted,), longest=CONTEXT, relative=(relative,))  # type: ignore[arg-type]
    expected = found.forecast(asked)
    model = forecaster(windows)
    torch.nn.init.zeros_(model.head.last.weight)
    torch.nn.init.zeros_(model.head.last.bias)
    model.head.linear.fit(Unrolled.of(found, HORIZON))
    np.testing.assert_allclose(model.head.forecast(model(batch))[0].detach(), expected, rtol=1e-5, atol=1e-6)
    if isinstance(found, Recursive):
        model = forecaster(windows, decoding="recursive")
        torch.nn.init.zeros_(model.head.last.weight)
        torch.nn.init.zeros_(model.head.last.bias)
        model.head.linear.fit(Unrolled.of(found.step, 1))
        np.testing.assert_allclose(model.head.forecast(model(batch))[0].detach(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", KINDS)
def test_quantiles_do_not_cross_and_the_loss_is_least_at_the_truths_own(name: str) -> None:
    output = outputs[name](ForecastSettings(outputs=name), LEVELS)  # type: ignore[call-arg, arg-type]
    raw = torch.randn(50, output.size, dtype=torch.float64)
    zero, one = torch.zeros(50, dtype=torch.float64), torch.ones(50, dtype=torch.float64)
    said = output.said(raw, zero, 2 * one, 3 * one)
    quantiles = output.quantiles(said, LEVELS)
    if name == "point":
        assert quantiles is None
        return
    assert quantiles is not None and bool((quantiles.diff(dim=1) > 0).all())
    torch.testing.assert_close(quantiles[:, 2], output.point(said))
    at = output.losses(said, output.point(said))
    assert bool((output.losses(said, output.point(said) + 5) > at).all())


@pytest.mark.parametrize("name", ["gaussian", "student_t"])
def test_what_is_drawn_has_the_quantiles_that_are_said(name: str) -> None:
    output = outputs[name](ForecastSettings(outputs=name), LEVELS)  # type: ignore[call-arg, arg-type]
    one = torch.ones(1, dtype=torch.float64)
    said = output.said(torch.randn(1, output.size, dtype=torch.float64), 0 * one, one, 2 * one)
    uniform = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000
    drawn = output.drawn(said.expand(20_000, -1), uniform)
    expected = output.quantiles(said, LEVELS)
    assert expected is not None
    torch.testing.assert_close(
        drawn.quantile(torch.tensor(LEVELS, dtype=torch.float64)), expected[0], rtol=2e-2, atol=2e-2
    )


def test_a_gaussians_loss_is_minus_the_log_of_its_density() -> None:
    output = outputs["gaussian"](ForecastSettings(outputs="gaussian"), LEVELS)  # type: ignore[call-arg]
    said = torch.tensor([[1.0, 2.0]])
    expected = -torch.distributions.Normal(1.0, 2.0).log_prob(torch.tensor([4.0]))
    torch.testing.assert_close(output.losses(said, torch.tensor([4.0])), expected)


def test_the_last_values_of_short_rows_begin_with_their_first() -> None:
    values = torch.tensor([[5.0, 6.0, 7.0], [8.0, 0.0, 0.0]])
    assert last_values(values, torch.tensor([3, 1]), 2).tolist() == [[6.0, 7.0], [8.0, 8.0]]


def test_masks_of_dropout_hang_on_the_sample_alone() -> None:
    windows = reads()
    model = forecaster(windows, dropout=0.5).train()
    asked, batch = asked_of(windows)
    whole = model.losses(batch.drawing(1, 1, 1))[1]
    part = windows.batch(asked, np.array([3, 8])).drawing(1, 1, 1)
    torch.testing.assert_close(model.losses(part)[1], whole[[3, 8]], rtol=1e-10, atol=1e-10)


def test_settings_of_texts_are_refused() -> None:
    windows = reads()
    with pytest.raises(UsageError, match="--set embedding_size"):
        settings = ForecastSettings(horizon=HORIZON, context_length=CONTEXT)
        build_forecaster(5, 3, 0, LEVELS, NetworkSettings(embedding_size=4), settings, cell=form("gru"))
    assert windows.horizon == HORIZON
