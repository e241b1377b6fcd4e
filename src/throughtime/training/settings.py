"""The settings of training: how long, how fast, and when to stop.

An option that cannot work beside the others is refused; None stands for "not set", and the help of the option says
what is used then.

>>> TrainingSettings(schedule="cosine", step_every=3)
Traceback (most recent call last):
throughtime.errors.UsageError: --set step_every goes with --set schedule=step; here it is cosine
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from throughtime.errors import UsageError
from throughtime.settings import Group, spelt

Positive = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, lt=1)]
AtLeastOne = Annotated[int, Meta(ge=1)]


class TrainingSettings(Group, frozen=True):
    """Training"""

    epochs: Annotated[
        int,
        Meta(
            ge=1,
            description="passes over the training split; 30 if not set, with under 5,000 series to learn from, and for "
            "letters of DNA",
        ),
    ] = 15
    max_minutes: Annotated[
        Positive | None, Meta(description="stop after so many minutes of training, resumed ones included")
    ] = None
    batch_size: Annotated[
        int,
        Meta(
            ge=1,
            description="samples per update; if not set, fewer where an epoch would have under 100 updates, down to 8",
        ),
    ] = 64
    learning_rate: Annotated[
        float,
        Meta(gt=0, description="the highest rate that the schedule reaches; 0.002 if not set, for letters of DNA"),
    ] = 0.005
    optimizer: Annotated[
        Literal["adamw", "sgd", "rmsprop"], Meta(description="rule by which weights follow gradients")
    ] = "adamw"
    momentum: Annotated[Share | None, Meta(description="with sgd (where it is 0.9 if not set) and rmsprop (0)")] = None
    weight_decay: Annotated[
        float,
        Meta(ge=0, description="pull of weights towards zero, biases excepted; sgd and rmsprop add it to the gradient"),
    ] = 0.01
    schedule: Annotated[
        Literal["constant", "cosine", "plateau", "step"],
        Meta(description="course of the learning rate: plateau follows the watched metric, the others the updates"),
    ] = "cosine"
    warmup: Annotated[
        float, Meta(ge=0, description="updates in which the rate rises from zero; below 1, that share of all updates")
    ] = 0.05
    step_every: Annotated[
        AtLeastOne | None, Meta(description="with step: epochs between steps (a third of all if not set)")
    ] = None
    plateau_patience: Annotated[
        AtLeastOne | None,
        Meta(description="with plateau: epochs without a better metric before the rate falls (2 if not set)"),
    ] = None
    schedule_factor: Annotated[
        Annotated[float, Meta(gt=0, lt=1)] | None,
        Meta(description="with step and plateau: what the rate is multiplied by (0.5 if not set)"),
    ] = None
    clip_norm: Annotated[
        Positive | None, Meta(description="longest gradient, all parameters together; longer ones are scaled")
    ] = 1.0
    clip_value: Annotated[Positive | None, Meta(description="largest entry of a gradient; larger ones are cut")] = None
    metric: Annotated[str, Meta(description="the metric on the validation split that is watched; auto: the task's")] = (
        "auto"
    )
    patience: Annotated[
        AtLeastOne | None, Meta(description="stop after so many epochs without a better metric; none: never")
    ] = None
    average: Annotated[
        Literal["none", "ema", "uniform"],
        Meta(description="averaging of weights over updates: ema forgets exponentially, uniform is the plain mean"),
    ] = "ema"
    average_decay: Annotated[
        Share | None, Meta(description="with ema: what an update keeps of the average (0.99 if not set)")
    ] = None
    average_from: Annotated[
        Share | None,
        Meta(description="with uniform: share of all updates after which the mean begins (0.5 if not set)"),
    ] = None
    init_from: Annotated[
        str | None,
        Meta(description="a run, such as of a language model, whose vocabulary, embeddings and layers to begin from"),
    ] = None
    unfreeze_every: Annotated[
        AtLeastOne | None,
        Meta(
            description="with init_from: epochs after which one more layer learns, the head first and the embeddings "
            "last; none: all learn from the first epoch on"
        ),
    ] = None
    layer_factor: Annotated[
        Annotated[float, Meta(gt=0, le=1)] | None,
        Meta(description="with init_from: the rate of a layer is that of the one above it times this (1 if not set)"),
    ] = None
    seed: Annotated[int, Meta(ge=0, description="from which weights, order and masks are drawn")] = 1
    observe: Annotated[
        bool,
        Meta(
            description="look into the network at some updates, for at most 3 % of the time: gradients, gates, updates"
        ),
    ] = True
    checkpoint_seconds: Annotated[
        float, Meta(ge=0, description="seconds between checkpoints; 0: one after every update")
    ] = 60.0

    def __post_init__(self) -> None:
        self._goes_with("momentum", "optimizer", "sgd", "rmsprop")
        self._goes_with("step_every", "schedule", "step")
        self._goes_with("plateau_patience", "schedule", "plateau")
        self._goes_with("schedule_factor", "schedule", "step", "plateau")
        self._goes_with("average_decay", "average", "ema")
        self._goes_with("average_from", "average", "uniform")
        for option in ("unfreeze_every", "layer_factor"):
            if getattr(self, option) is not None and self.init_from is None:
                raise UsageError(
                    f"{spelt(option)} goes with --init-from, where layers have learnt already; leave it out"
                )
        if self.warmup > 1 and self.warmup != int(self.warmup):
            raise UsageError(f"--set warmup={self.warmup:g}: it must be a whole number of updates, or a share below 1")
        if self.schedule == "step" and epochs_per_step(self) >= self.epochs:
            raise UsageError(
                f"--set schedule=step: a step every {epochs_per_step(self)} epochs never comes in {self.epochs}; "
                "give a smaller step_every or more --epochs"
            )
        longest_wait = min(self.epochs - 1, self.patience or self.epochs)  # the first epoch is always the best so far
        if self.schedule == "plateau" and epochs_per_plateau(self) >= longest_wait:
            raise UsageError(
                f"--set schedule=plateau: training ends before {epochs_per_plateau(self)} epochs without a better "
                "metric can lower the rate; give a smaller plateau_patience, or a larger patience or more --epochs"
            )

    def _goes_with(self, option: str, other: str, *values: str) -> None:
        if getattr(self, option) is not None and getattr(self, other) not in values:
            wanted, found = " or ".join(values), getattr(self, other)
            raise UsageError(f"{spelt(option)} goes with {spelt(other, wanted)}; here it is {found}")


def epochs_per_step(settings: TrainingSettings) -> int:
    """Epochs between two falls of the rate under ``step``."""
    return settings.step_every or max(1, settings.epochs // 3)


def epochs_per_plateau(settings: TrainingSettings) -> int:
    """Epochs without a better metric after which the rate falls under ``plateau``."""
    return settings.plateau_patience or 2
