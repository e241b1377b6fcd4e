"""What a user can choose about the network, and about what its head learns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from msgspec import Meta

from throughtime.errors import UsageError
from throughtime.settings import Group, changed, spelt

Share = Annotated[float, Meta(ge=0, lt=1)]
AtLeastOne = Annotated[int, Meta(ge=1)]


class NetworkSettings(Group, frozen=True):
    """The network"""

    cell: Annotated[str, Meta(description="recurrent cell, and its form: gru, or lstm:activation=sigmoid")] = "lstm"
    hidden_size: Annotated[
        int,
        Meta(
            ge=1,
            description="units of a layer in one direction; if not set 32 with under 5,000 training rows; where texts "
            "are written 256, with fewer rows 64",
        ),
    ] = 128
    layers: Annotated[int, Meta(ge=1, description="recurrent layers, one on the other")] = 1
    bidirectional: Annotated[bool, Meta(description="read in both directions")] = True
    embeddings: Annotated[
        str,
        Meta(
            description="learned, one-hot, skipgram (vectors made of the training texts before training), or a text "
            "file of vectors in the form of GloVe or word2vec"
        ),
    ] = "learned"
    embedding_size: Annotated[
        AtLeastOne | None,
        Meta(description="size of learned embeddings; none: 64 for characters, 128 for words, 256 for words written"),
    ] = None
    frozen_embeddings: Annotated[
        bool, Meta(description="keep the vectors of the file, or of skipgram, as they are")
    ] = False
    letters: Annotated[
        Literal["recurrent", "convolutional", "no"],
        Meta(description="how the letters of a word are read, where words are steps that are answered; no: not at all"),
    ] = "convolutional"
    letters_size: Annotated[int, Meta(ge=1, description="units that read the letters of a word")] = 64
    token_dropout: Annotated[
        Share,
        Meta(
            description="share of tokens whose embedding is 0, drawn anew at every step (in a language model share of "
            "the vocabulary, for an update); 0.2 if not set, for words with under 5,000 training rows, and 0.1 where "
            "every word is answered"
        ),
    ] = 0.0
    dropout: Annotated[
        Share,
        Meta(
            description="on embeddings, between layers and before the head; 0.5 if not set, with under "
            "5,000 training rows, and 0.4 where sentences are written"
        ),
    ] = 0.3
    locked_dropout: Annotated[bool, Meta(description="keep a dropout mask over all steps of a sequence")] = True
    recurrent_dropout: Annotated[
        float, Meta(ge=0, lt=1, description="on what enters the recurrent products, one mask for all steps")
    ] = 0.0
    zoneout: Annotated[float, Meta(ge=0, lt=1, description="share of units that keep their old state at a step")] = 0.0
    drop_connect: Annotated[
        float, Meta(ge=0, lt=1, description="share of recurrent weights that are 0 for an update")
    ] = 0.0
    state_clip: Annotated[
        Annotated[float, Meta(gt=0)] | None, Meta(description="bound on every value of a state after each step")
    ] = None
    residual: Annotated[bool, Meta(description="add a layer's input to its output, from the second layer on")] = False
    learned_state: Annotated[bool, Meta(description="learn the state before the first step")] = False
    initialisation: Annotated[
        str, Meta(description="of the recurrent layers: orthogonal, xavier, identity, uniform, or chrono:longest=100")
    ] = "orthogonal"
    forget_bias: Annotated[
        float | None,
        Meta(description="first bias of gates that keep the state; none: 1, or what the initialisation says"),
    ] = None
    bag: Annotated[
        Literal["auto", "yes", "no"],
        Meta(
            description="join the mean of the embeddings, which knows no order, to the pooled states; auto: for words"
        ),
    ] = "auto"
    pooling: Annotated[
        str,
        Meta(
            description="from a sequence to one vector: last, mean, max, attention, or several joined with +; "
            "auto: max for characters, mean for words"
        ),
    ] = "auto"

    def __post_init__(self) -> None:
        if self.dropout == 0 and not self.locked_dropout:
            raise UsageError("--set locked_dropout=no: it says how the masks of the dropout are drawn, and that is 0")


class ClassifySettings(Group, frozen=True):
    """The task"""

    class_weights: Annotated[
        Literal["none", "balanced"], Meta(description="balanced: a rare class counts as much as a frequent one")
    ] = "none"
    label_smoothing: Annotated[
        float, Meta(ge=0, lt=1, description="share of the target that is spread evenly over all classes")
    ] = 0.0


class RegressSettings(Group, frozen=True):
    """The task"""

    loss: Annotated[
        Literal["squared", "absolute"],
        Meta(description="squared leads to the mean of what is likely, absolute to the median"),
    ] = "squared"


class TagSettings(Group, frozen=True):
    """The task"""

    crf: Annotated[
        Literal["auto", "yes", "no"],
        Meta(description="score neighbouring tags together (conditional random field); auto: where tags mark spans"),
    ] = "auto"
    loss: Annotated[
        Literal["squared", "absolute"] | None,
        Meta(description="of numbers a step: squared (if not set) leads to the mean, absolute to the median"),
    ] = None


def refuse_loss(task: TagSettings, column: str) -> None:
    """Raise UsageError where a loss of numbers is asked for and the column holds tags."""
    if task.loss is not None:
        raise UsageError(f'--set loss={task.loss}: column "{column}" holds tags, not numbers; leave it out')


class LanguageSettings(Group, frozen=True):
    """The task"""

    bptt: Annotated[
        int,
        Meta(ge=1, description="steps of a window, through which the gradient goes back; the state goes on behind it"),
    ] = 128
    tied: Annotated[
        Literal["auto", "yes", "no"],
        Meta(description="predict tokens with the vectors that read them; auto: for words, without adaptive softmax"),
    ] = "auto"
    adaptive: Annotated[
        Literal["auto", "yes", "no"],
        Meta(description="softmax with rare tokens in clusters of their own; auto: above 20,000 different tokens"),
    ] = "auto"
    activation_penalty: Annotated[
        float, Meta(ge=0, description="weight of the mean square of the last layer's output (AWD-LSTM: 2)")
    ] = 0.0
    change_penalty: Annotated[
        float, Meta(ge=0, description="weight of the mean square of its change from step to step (AWD-LSTM: 1)")
    ] = 0.0
    dynamic_rate: Annotated[
        float,
        Meta(
            ge=0,
            description="dynamic evaluation: learn from each window of the valid and test text after it was predicted, "
            "at this rate; 0: do not",
        ),
    ] = 0.0
    temperature: Annotated[
        float, Meta(gt=0, description="of the samples in the report: below 1 more of what is likely")
    ] = 0.8
    sample_lines: Annotated[int, Meta(ge=1, description="lines of each sample in the report")] = 40


class TransduceSettings(Group, frozen=True):
    """The task"""

    attention: Annotated[
        str,
        Meta(
            description="how an output step looks at the input: none, dot, general, additive, location, or coverage; "
            "auto: general, or none where the input has no steps"
        ),
    ] = "auto"
    input_feeding: Annotated[
        bool,
        Meta(description="read at a step what the step before made of state and input (Luong et al. 2015)"),
    ] = False
    copying: Annotated[
        bool, Meta(description="may answer with a token of the input, where it looks (pointer-generator network)")
    ] = False
    bridge: Annotated[
        Literal["linear", "none"],
        Meta(description="from the last states of what reads the input to the first of what writes the output"),
    ] = "linear"
    tied: Annotated[bool, Meta(description="predict output tokens with the vectors that read them")] = True
    label_smoothing: Annotated[
        float, Meta(ge=0, lt=1, description="share of the target that is spread evenly over all tokens")
    ] = 0.1
    scheduled_sampling: Annotated[
        Share,
        Meta(description="share of output tokens that are read, in training, as the model would draw them"),
    ] = 0.0
    beam: Annotated[int, Meta(ge=1, description="hypotheses kept while answering; 1: always the likeliest token")] = 5
    length_penalty: Annotated[
        float,
        Meta(ge=0, le=10, description="power of the length by which log-probabilities are divided; 0: short is likely"),
    ] = 0.6
    coverage_penalty: Annotated[
        float, Meta(ge=0, description="weight of how little of the input a hypothesis looked at")
    ] = 0.0
    n_best: Annotated[int, Meta(ge=1, description="answers given for an input, the best first")] = 1
    longest: Annotated[int, Meta(ge=1, description="tokens after which an answer ends, finished or not")] = 200

    def for_a_text(self) -> Self:
        """The same, for the head that writes."""
        return self

    def __post_init__(self) -> None:
        if self.attention == "none":
            refuse_idle(self, ("copying", "coverage_penalty"), "attention=none looks at nothing")
            if self.bridge == "none":
                raise UsageError(
                    "--set bridge=none: with attention=none the output would know nothing of the input; leave it out"
                )
        if self.beam == 1:
            refuse_idle(self, ("length_penalty", "coverage_penalty"), "beam=1 compares no hypotheses")
        if self.n_best > self.beam:
            raise UsageError(f"--set n_best={self.n_best}: there are only {self.beam} hypotheses; give a larger beam")


class ForecastSettings(Group, frozen=True):
    """The task"""

    horizon: Annotated[
        AtLeastOne | None,
        Meta(description="steps that are forecast; none: a day of hours, a week of days, a year of months"),
    ] = None
    context_length: Annotated[
        AtLeastOne | None,
        Meta(
            description="steps that are looked back on; none: as many as serve a linear forecast best on valid, and "
            "two seasons or 14 steps at least"
        ),
    ] = None
    known: Annotated[
        tuple[str, ...],
        Meta(description="inputs that are known ahead, for the steps that are forecast too, such as planned prices"),
    ] = ()
    calendar: Annotated[
        bool, Meta(description="read hour, weekday and season of each step, as far as its length has them")
    ] = True
    zone: Annotated[
        str | None, Meta(description="time zone of times that name none, such as Europe/Berlin; none: as written")
    ] = None
    step: Annotated[str, Meta(description="distance of two steps: 15min, 1h, 1d, 1w, 1mo, ...; auto finds it")] = "auto"
    within: Annotated[
        Literal["refuse", "mean", "sum", "first", "last"],
        Meta(description="what several rows of one step become; refuse: an error"),
    ] = "refuse"
    outputs: Annotated[
        Literal["point", "quantiles", "gaussian", "student_t"],
        Meta(
            description="what the network says of each step: one number, with intervals by its errors on valid; "
            "quantiles, or a distribution, whose intervals widen and narrow"
        ),
    ] = "point"
    loss: Annotated[
        Literal["squared", "absolute"] | None,
        Meta(description="of outputs=point: squared (if not set) leads to the mean, absolute to the median"),
    ] = None
    decoding: Annotated[
        Literal["direct", "recursive"],
        Meta(description="direct: all steps from the context; recursive: each from the forecast of the step before"),
    ] = "direct"
    normalise: Annotated[
        Literal["auto", "none", "last", "mean", "standard"],
        Meta(
            description="what is taken off each context: its last value, its mean, or mean and deviation; auto: the "
            "last value, where that serves a linear forecast better on valid"
        ),
    ] = "auto"
    linear: Annotated[
        bool, Meta(description="a linear forecast beside the network, fitted before; the network learns what is left")
    ] = True
    identity: Annotated[
        Literal["auto", "yes", "no"],
        Meta(description="tell the network which series it reads; auto: where there are several, up to 1,000"),
    ] = "auto"
    windows: Annotated[
        int, Meta(ge=1, description="forecasts that are learnt from in an epoch at most, drawn anew each time")
    ] = 20_000
    level: Annotated[float, Meta(gt=0, lt=1, description="share of the truths that intervals shall cover")] = 0.8
    paths: Annotated[
        AtLeastOne | None,
        Meta(description="futures that are drawn, where distributions are forecast recursively; none: 100"),
    ] = None
    season: Annotated[
        int, Meta(ge=1, description="lag of the error that mase is a multiple of, in the training part; 1: the naive")
    ] = 1
    measured: Annotated[
        Literal["units", "deviations"],
        Meta(description="errors in the units of the data, or in deviations of each series' training part"),
    ] = "units"

    def __post_init__(self) -> None:
        if self.loss is not None and self.outputs != "point":
            raise UsageError(f"--set loss={self.loss}: it goes with outputs=point; here it is {self.outputs}")
        if self.paths is not None and (self.decoding != "recursive" or self.outputs in ("point", "quantiles")):
            raise UsageError("--set paths: it goes with decoding=recursive and outputs=gaussian or student_t")


def refuse_idle(settings: Group, names: Iterable[str], why: str) -> None:
    """Raise UsageError for a setting that was changed and would change nothing."""
    usual = type(settings)()
    for name in names:
        if getattr(settings, name) != getattr(usual, name):
            value = getattr(settings, name)
            shown = ",".join(value) if isinstance(value, tuple) else value
            raise UsageError(f"{spelt(name, shown)}: {why}; leave it out")


class AnswerSettings(TransduceSettings, frozen=True):
    """The task"""

    attention: Annotated[
        str,
        Meta(
            description="how the story is looked at: latest (the last step that matches), general, additive, location, "
            "or coverage; auto: latest where an answer is a class, general where it is written"
        ),
    ] = "auto"
    looks: Annotated[
        int,
        Meta(
            ge=1,
            description="how often the question looks at the story, each time with what it found before; where an "
            "answer is written, every token looks once",
        ),
    ] = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        why = {
            "none": "the answer would know nothing of the story",
            "dot": "it could not learn what the question matches",
        }
        if self.attention in why:
            raise UsageError(f"--set attention={self.attention}: {why[self.attention]}; leave it out, or name another")

    def for_a_class(self) -> Self:
        """The same where an answer is a class; a UsageError for what says how one is written."""
        names = (name for name in TransduceSettings.__struct_fields__ if name != "attention")
        refuse_idle(self, names, "the answer is a class, and none is written")
        return changed(self, attention="latest") if self.attention == "auto" else self

    def for_a_text(self) -> Self:
        """The same where an answer is written."""
        refuse_idle(self, ("looks",), "the answer is written, and every token looks once")
        return self
