"""The loop: history, the best weights, stopping early, in time and at non-finite values."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.training.tiny import ROWS, Tiny, TinyBatches, evaluate, plain, scripted, tiny_job, weights, without_times
from throughtime.batch import Batch
from throughtime.errors import NonFiniteError, UsageError
from throughtime.training.clipping import gradient_norm
from throughtime.training.job import Job
from throughtime.training.loop import fit
from throughtime.training.progress import Moment, Silent
from throughtime.training.runs import Run


class Listening(Silent):
    """Keeps all it is told, and the weights at the end of each epoch."""

    def __init__(self, model: Tiny | None = None) -> None:
        self.model, self.notes, self.moments, self.weights = model, [], [], []  # type: ignore[var-annotated]

    def update(self, moment: Moment) -> None:
        self.moments.append(moment)

    def epoch(self, row: Any, epochs: int, metric: str, best: bool) -> None:
        if self.model is not None:
            self.weights.append(weights(self.model))

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


def test_the_history_equals_a_loop_written_out() -> None:
    settings = plain(
        epochs=3, batch_size=5, learning_rate=0.1, optimizer="sgd", momentum=0.0, clip_norm=1.0, weight_decay=0.1
    )
    model = Tiny()
    fitted = fit(model, tiny_job(settings))

    alone, rows, update = Tiny(), [], 0
    for epoch in range(1, 4):
        losses, norms = [], []
        for batch in TinyBatches(settings, epoch, 0):
            alone.zero_grad()
            loss = alone.loss(batch.drawing(1, epoch, update))
            loss.backward()
            norm = gradient_norm(p.grad for p in alone.parameters())  # type: ignore[misc]
            with torch.no_grad():
                for p in alone.parameters():
                    p -= 0.1 * (p.grad * min(1.0, 1.0 / norm) + (0.1 * p if p.dim() > 1 else 0.0))
            losses += [loss.item()] * len(batch)
            norms.append(norm)
            update += 1
        with torch.no_grad():
            rows.append((sum(losses) / ROWS, sum(norms) / 5, sum(n > 1 for n in norms) / 5, evaluate(alone)))
    assert [row["epoch"] for row in fitted.history] == [1, 2, 3]
    assert [row["update"] for row in fitted.history] == [5, 10, 15]
    for found, (loss, norm, clipped, valid) in zip(fitted.history, rows, strict=True):
        assert found["train"]["loss"] == pytest.approx(loss, rel=1e-5)
        assert found["gradient_norm"] == pytest.approx(norm, rel=1e-5)
        assert found["clipped"] == clipped
        assert found["valid"] == pytest.approx(valid, rel=1e-5)
        assert found["learning_rate"] == 0.1
        assert found["samples_per_second"] > 0 and found["seconds"] > 0
    assert any(0 < clipped < 1 for _, _, clipped, _ in rows)
    best = min(rows, key=lambda row: row[3]["cross_entropy"])
    assert fitted.best_epoch == rows.index(best) + 1
    assert fitted.stopped_because == "all 3 epochs are done"


def test_the_best_weights_are_restored() -> None:
    model = Tiny()
    listening = Listening(model)
    fitted = fit(model, tiny_job(evaluate=scripted([0.9, 0.7, 0.8]), progress=listening))
    assert fitted.best_epoch == 2
    assert weights(model) == listening.weights[1] != listening.weights[2]
    assert not model.training


def test_higher_can_be_better_and_a_tie_is_not() -> None:
    fitted = fit(Tiny(), tiny_job(evaluate=scripted([0.6, 0.7, 0.7]), better="higher"))
    assert fitted.best_epoch == 2


def test_of_epochs_with_one_figure_that_of_the_lowest_loss_is_best() -> None:
    """BLEU is 0 until a few words in a row are right: training must not stop, nor keep its first weights, for that."""
    rows = iter([(0.0, 3.0), (0.0, 2.0), (0.0, 2.5), (0.1, 2.6), (0.1, 2.6)])
    evaluate = lambda model: dict(zip(("bleu", "loss"), next(rows), strict=True))  # noqa: E731
    settings = plain(epochs=5, batch_size=5, patience=2)
    fitted = fit(Tiny(), tiny_job(settings, evaluate=evaluate, metric="bleu", better="higher"))
    assert len(fitted.history) == 5 and fitted.best_epoch == 4


def test_early_stopping_waits_as_long_as_its_patience() -> None:
    settings = plain(epochs=20, batch_size=5, patience=3)
    fitted = fit(Tiny(), tiny_job(settings, evaluate=scripted([0.9, 0.8, 0.85, 0.85, 0.7, 0.71, 0.72, 0.7])))
    assert len(fitted.history) == 8
    assert fitted.best_epoch == 5
    assert fitted.stopped_because == "no better cross_entropy for 3 epochs"


def test_the_plateau_lowers_the_rate() -> None:
    settings = plain(epochs=7, batch_size=5, learning_rate=0.4, schedule="plateau", plateau_patience=2)
    values = [0.9, 0.95, 0.95, 0.95, 0.95, 0.5, 0.6]
    fitted = fit(Tiny(), tiny_job(settings, evaluate=scripted(values)))
    assert [row["learning_rate"] for row in fitted.history] == [0.4, 0.4, 0.4, 0.2, 0.2, 0.1, 0.1]


def test_the_average_is_what_is_evaluated_and_kept() -> None:
    settings = plain(epochs=2, batch_size=5, learning_rate=0.05, average="uniform", average_from=0.5)
    model, seen = Tiny(), []
    listening = Listening(model)
    every = plain(epochs=2, batch_size=5, learning_rate=0.05)
    states = []

    class Keeping(Silent):
        def update(self, moment: Moment) -> None:
            states.append({name: p.detach().clone() for name, p in alone.named_parameters()})

    alone = Tiny()
    fit(alone, tiny_job(every, progress=Keeping()))

    def seeing(model: Tiny) -> dict[str, float]:
        seen.append(weights(model))
        return evaluate(model)

    fit(model, tiny_job(settings, evaluate=seeing, progress=listening))
    assert seen[0] == {name: tensor.tolist() for name, tensor in states[4].items()}
    assert listening.weights[1] == {name: tensor.tolist() for name, tensor in states[9].items()}, (
        "training goes on as it was"
    )
    for name in states[0]:
        mean = torch.stack([state[name] for state in states[5:]]).mean(0)
        torch.testing.assert_close(torch.tensor(seen[1][name]), mean, rtol=1e-5, atol=1e-6)
    assert weights(model) in seen


def test_the_time_limit_ends_training_in_order() -> None:
    settings = plain(epochs=20, batch_size=5, max_minutes=1e-7)
    fitted = fit(Tiny(), tiny_job(settings))
    assert [row["update"] for row in fitted.history] == [1]
    assert fitted.stopped_because == "the time limit of 1e-07 minutes was reached"


def test_progress_hears_of_every_update() -> None:
    listening = Listening()
    fit(Tiny(), tiny_job(progress=listening))
    assert [moment.done for moment in listening.moments] == pytest.approx([k / 15 for k in range(1, 16)])
    assert listening.moments[-1].seconds_left == 0
    assert all(moment.samples_per_second > 0 for moment in listening.moments)


def test_checkpoints_come_as_often_as_asked(tmp_path: Path) -> None:
    def saved(seconds: float) -> set[str]:
        names: set[str] = set()

        class Looking(Silent):
            def update(self, moment: Moment) -> None:
                names.update(path.name for path in run.checkpoint.glob("*.safetensors"))

        settings = plain(epochs=3, batch_size=5, checkpoint_seconds=seconds)
        with Run.create(tmp_path / str(seconds)) as run:
            fit(Tiny(), tiny_job(settings, run=run, progress=Looking()))
            assert len(list(run.checkpoint.glob("*.safetensors"))) == 1, "the last state is saved"
        return names

    assert len(saved(0)) == 14
    assert len(saved(1000)) == 0


def test_an_unknown_metric_is_named() -> None:
    with pytest.raises(UsageError, match='unknown metric "acuracy"; did you mean "accuracy"'):
        fit(Tiny(), tiny_job(metric="acuracy"))


def test_no_batches_at_all() -> None:
    with pytest.raises(UsageError, match="the training split is empty"):
        fit(Tiny(), tiny_job(batches=lambda epoch, start: []))


def test_metrics_that_are_not_watched_may_be_undefined() -> None:
    fitted = fit(Tiny(), tiny_job(evaluate=lambda model: {**evaluate(model), "macro_f1": math.nan}))
    assert [row["valid"]["macro_f1"] for row in fitted.history] == [None] * 3


class Failing(Tiny):
    """A model of which, from one update on, the loss or the gradient is not finite."""

    def __init__(self, what: str, update: int) -> None:
        super().__init__()
        self.what, self.update = what, update

    def loss(self, batch: Batch) -> Tensor:
        loss = super().loss(batch)
        if batch.draw is None or batch.draw.update < self.update:
            return loss
        if self.what == "loss":
            return loss * math.inf
        return loss + (0 * self.out.bias).sum().sqrt()  # zero, with an infinite slope


@pytest.mark.parametrize(
    ("what", "said"), [("loss", "the loss is inf"), ("gradient", "the length of its gradient is nan")]
)
@pytest.mark.parametrize("update", [0, 7])
def test_a_non_finite_value_stops_within_the_step(tmp_path: Path, what: str, said: str, update: int) -> None:
    model, listening = Failing(what, update), Listening()
    with Run.create(tmp_path) as run, pytest.raises(NonFiniteError) as caught:
        fit(model, tiny_job(run=run, progress=listening))
    assert len(listening.moments) == update
    assert said in str(caught.value) and "located in samples [" in str(caught.value)
    assert f"after update {update}: " in str(caught.value)
    assert weights(model) == weights_after(update)
    assert json.loads((run.checkpoint / "latest.json").read_text())["position"]["failure"] == str(caught.value)


def weights_after(update: int) -> dict[str, Any]:
    """The weights of an undisturbed training after so many updates."""
    found = [weights(model := Tiny())]

    class Keeping(Silent):
        def update(self, moment: Moment) -> None:
            found.append(weights(model))

    fit(model, tiny_job(progress=Keeping()))
    return found[update]


def test_resuming_after_a_non_finite_value_says_so_and_tries_again(tmp_path: Path) -> None:
    with Run.create(tmp_path) as run:
        with pytest.raises(NonFiniteError):
            fit(Failing("loss", 7), tiny_job(run=run))
        listening, model, undisturbed = Listening(), Tiny(), Tiny()
        fitted = fit(model, tiny_job(run=run, progress=listening), resume=True)
    assert listening.notes[0].startswith("the run had stopped: stopped in epoch 2, after update 7: the loss is inf")
    assert without_times(fitted.history) == without_times(fit(undisturbed, tiny_job()).history)
    assert weights(model) == weights(undisturbed)


def test_a_watched_metric_that_is_not_finite_stops_training(tmp_path: Path) -> None:
    with (
        Run.create(tmp_path) as run,
        pytest.raises(NonFiniteError, match="cross_entropy on the validation split is nan"),
    ):
        fit(Tiny(), tiny_job(evaluate=scripted([0.5, math.nan]), run=run))


def test_the_model_and_the_batches_are_all_that_draws() -> None:
    """Law 3: torch's own random state plays no part."""
    results = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        model = Tiny()
        fit(model, tiny_job())
        results.append(weights(model))
    assert results[0] == results[1]


def test_a_job_counts_its_updates() -> None:
    job: Job = tiny_job()
    assert (job.updates_per_epoch, job.updates) == (5, 15)
    assert replace(job, settings=plain(epochs=2)).updates == 10
