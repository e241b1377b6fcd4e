"""Law 6, no silent option: every setting, flipped, changes the result, or an error says why it cannot apply."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import throughtime as tt
from tests.laws.material import OUTPUT, rows, tiny
from throughtime.api.settings import GROUPS
from throughtime.cells.engine.native import why_not_bf16
from throughtime.errors import ThroughtimeError
from throughtime.models.settings import ForecastSettings, LanguageSettings
from throughtime.models.tasks import tasks
from throughtime.settings import Setting, declared, spelt

# options that are not meant to change what is learnt: where, how fast and how often it is saved
ELSEWHERE = {"engine", "device", "threads", "checkpoint_seconds", "max_minutes", "checkpoint_time", "observe"}
# how a file is read: each has its own tests at the formats, on files where it matters
READING = {"format", "encoding", "delimiter", "header"}
# of running text alone: flipped in test_language.py
OF_LANGUAGE = {setting.name for setting in declared(LanguageSettings)}
# of series that are forecast alone: flipped in test_forecasting.py
OF_FORECASTS = {setting.name for setting in declared(ForecastSettings)} - {"loss"}

# setting: (another value, what else must be set so that it can act, the task)
FLIPS: dict[str, tuple[Any, dict[str, Any], str]] = {
    "input": (("text",), {"input": ("text", "size"), "kinds": ()}, "classify"),
    "output": (("shop",), {"input": ("text",), "kinds": (), "test": "0.3"}, "classify"),
    "kinds": (("shop=tokens",), {}, "classify"),
    "valid": ("0.3", {}, "classify"),
    "test": ("0.3", {}, "classify"),
    "split": ("part", {}, "classify"),
    "group": ("house", {}, "classify"),
    "series": ("house", {"input": ("text", "size"), "kinds": ()}, "classify"),
    "time": ("size", {"series": "house", "input": ("text",), "kinds": ()}, "classify"),
    "split_seed": (9, {}, "classify"),
    "missing": (("A",), {}, "classify"),
    "label_separator": ("o", {}, "classify"),
    "tokens": ("characters", {}, "classify"),
    "subwords": (258, {"tokens": "subwords"}, "classify"),
    "kmer": (4, {"tokens": "kmers"}, "classify"),
    "reverse_complement": ("tied", {}, "augment"),
    "shared_vocabulary": (True, {}, "classify"),  # refused: nothing is written; tests/data has it where it acts
    "stress": ("no", {}, "classify"),  # refused: not a dictionary; tests/data has it where it acts
    "lower_case": ("yes", {"tokens": "characters"}, "classify"),
    "max_length": (2, {}, "classify"),
    "max_vocabulary": (5, {}, "classify"),
    "min_count": (20, {}, "classify"),
    "crop": (3, {}, "classify"),
    "frame": ("1/8", {}, "classify"),  # refused: no music; test_music.py has it where it acts
    "cell": ("gru", {}, "classify"),
    "hidden_size": (7, {}, "classify"),
    "layers": (2, {}, "classify"),
    "bidirectional": (False, {}, "classify"),
    "embeddings": ("one-hot", {"embedding_size": None}, "classify"),
    "embedding_size": (9, {}, "classify"),
    "frozen_embeddings": (True, {}, "classify"),
    "token_dropout": (0.5, {}, "classify"),
    "dropout": (0.6, {}, "classify"),
    "locked_dropout": (False, {}, "classify"),
    "recurrent_dropout": (0.5, {}, "classify"),
    "zoneout": (0.5, {}, "classify"),
    "drop_connect": (0.5, {}, "classify"),
    "state_clip": (0.05, {}, "classify"),
    "residual": (True, {"layers": 2}, "classify"),
    "learned_state": (True, {}, "classify"),
    "initialisation": ("xavier", {}, "classify"),
    "forget_bias": (3.0, {}, "classify"),
    "pooling": ("last", {}, "classify"),
    "bag": ("no", {}, "classify"),
    "epochs": (3, {}, "classify"),
    "batch_size": (8, {}, "classify"),
    "learning_rate": (0.1, {}, "classify"),
    "optimizer": ("sgd", {}, "classify"),
    "momentum": (0.5, {"optimizer": "sgd"}, "classify"),
    "weight_decay": (0.5, {}, "classify"),
    "schedule": ("constant", {}, "classify"),
    "warmup": (3, {}, "classify"),
    "step_every": (2, {"schedule": "step", "epochs": 4}, "classify"),
    "plateau_patience": (1, {"schedule": "plateau", "epochs": 6, "learning_rate": 1e-9}, "classify"),
    "schedule_factor": (0.1, {"schedule": "step", "epochs": 4}, "classify"),
    "clip_norm": (0.001, {"optimizer": "sgd"}, "classify"),
    "clip_value": (0.0001, {"optimizer": "sgd"}, "classify"),
    "metric": ("cross_entropy", {"epochs": 8, "learning_rate": 0.05}, "classify"),
    "patience": (1, {"learning_rate": 1e-9, "epochs": 4}, "classify"),
    "average": ("none", {}, "classify"),
    "average_decay": (0.1, {"average": "ema"}, "classify"),
    "average_from": (0.1, {"average": "uniform"}, "classify"),
    "seed": (2, {}, "classify"),
    "seeds": (2, {}, "classify"),
    "precision": ("float64", {}, "classify"),
    "baselines": (("majority", "naive_bayes_words"), {}, "classify"),
    "class_weights": ("balanced", {}, "classify"),
    "label_smoothing": (0.3, {}, "classify"),
    "loss": ("absolute", {}, "regress"),
    "letters": ("recurrent", {}, "tags"),
    "letters_size": (5, {}, "tags"),
    "crf": ("no", {}, "tags"),
    "looks": (1, {}, "answer"),
    "attention": ("additive", {}, "transduce"),
    "input_feeding": (True, {}, "transduce"),
    "copying": (True, {}, "transduce"),
    "bridge": ("none", {}, "transduce"),
    "tied": (False, {}, "transduce"),
    "scheduled_sampling": (0.5, {}, "transduce"),
    "beam": (2, {}, "transduce"),
    "length_penalty": (2.0, {}, "transduce"),  # the score alone, where all answers are equally long: see below
    "coverage_penalty": (2.0, {"beam": 8, "length_penalty": 0.0}, "transduce"),
    "n_best": (2, {}, "transduce"),
    "longest": (9, {}, "transduce"),
    "init_from": ("no/such/run", {}, "classify"),
    "unfreeze_every": (2, {}, "classify"),  # both refused here, as nothing to begin from is named; they act below
    "layer_factor": (0.5, {}, "classify"),
}

NUMBERS = {"input": ("signal",), "kinds": (), "embedding_size": None, "letters_size": 64}

# where a text is written: each by itself, some where something else is set, and what is refused with which words
WRITING: list[tuple[str, Any]] = [
    ("attention", "none"),
    ("attention", "location"),
    ("attention", "coverage"),
    ("beam", 1),
    ("label_smoothing", 0.3),
    ("lower_case", "yes"),
    ("lower_case", "no"),
    ("shared_vocabulary", True),
    ("max_length", 3),
    ("max_vocabulary", 4),
    ("min_count", 45),
    ("missing", ("A",)),
    ("cell", "gru"),
    ("layers", 2),
    ("bidirectional", False),
    ("embeddings", "skipgram"),
    ("embedding_size", 9),
    ("token_dropout", 0.5),
    ("dropout", 0.6),
    ("locked_dropout", False),
    ("recurrent_dropout", 0.5),
    ("zoneout", 0.5),
    ("drop_connect", 0.5),
    ("state_clip", 0.05),
    ("learned_state", True),
    ("initialisation", "xavier"),
    ("forget_bias", 3.0),
    ("precision", "float64"),
    ("average", "none"),
    ("seeds", 2),
]
WRITING_SO: list[tuple[str, Any, dict[str, Any]]] = [
    ("attention", "dot", {"bidirectional": False}),
    ("attention", "additive", {"input_feeding": True}),
    ("bridge", "none", {"input_feeding": True}),
    ("learned_state", True, {"bridge": "none"}),
    ("residual", True, {"layers": 2}),
    ("scheduled_sampling", 0.5, {"input_feeding": True, "copying": True}),
    ("embeddings", "one-hot", {"embedding_size": None, "tied": False}),
    ("frozen_embeddings", True, {"embeddings": "skipgram"}),
    ("tokens", "characters", {"longest": 60}),
    ("tokens", "bytes", {"longest": 60}),
    ("tokens", "subwords", {"longest": 40}),
    ("subwords", 270, {"tokens": "subwords", "longest": 40}),
    ("lower_case", "yes", {"tokens": "subwords", "longest": 40}),
    ("shared_vocabulary", True, {"copying": True}),
    ("tied", False, {"shared_vocabulary": True}),
    ("metric", "character_error", {"epochs": 8, "learning_rate": 0.05}),
    ("coverage_penalty", 2.0, {"attention": "coverage", "beam": 8, "length_penalty": 0.0}),
]
WRITING_NOT: list[tuple[str, Any, dict[str, Any], str]] = [
    ("attention", "dot", {}, "--set attention=dot"),
    ("copying", True, {"attention": "none"}, "--set copying=True: attention=none looks at nothing"),
    ("coverage_penalty", 0.5, {"attention": "none"}, "--set coverage_penalty=0.5: attention=none looks at nothing"),
    ("coverage_penalty", 0.5, {"beam": 1}, "--set coverage_penalty=0.5: beam=1"),
    ("length_penalty", 1.0, {"beam": 1}, "--set length_penalty=1.0: beam=1"),
    ("bridge", "none", {"attention": "none"}, "--set bridge=none"),
    ("pooling", "last", {}, "--set pooling=last"),
    ("bag", "yes", {}, "--set bag=yes"),
    ("bag", "no", {}, "--set bag=no"),
    ("letters", "recurrent", {}, "--set letters=recurrent"),
    ("letters_size", 9, {}, "--set letters_size=9"),
    ("crop", 3, {}, "--set crop=3"),
    ("label_separator", "o", {}, "--set label_separator=o"),
    ("subwords", 300, {}, "--set subwords=300"),
    ("min_count", 9, {"tokens": "subwords"}, "--set min_count=9"),
    ("stress", "no", {}, "stress"),
    ("metric", "cross_entropy", {}, "needs probabilities; choose another"),
    ("residual", True, {}, "residual joins"),
    ("frozen_embeddings", True, {}, "frozen_embeddings"),
    ("embedding_size", 9, {"embeddings": "one-hot", "tied": False}, "embedding_size"),
    ("embeddings", "one-hot", {"embedding_size": None}, "one-hot"),
]

# where a setting acts in one kind of task and not in another: more of the same, and what the error must name
MORE: list[tuple[str, Any, dict[str, Any], str, str | None]] = [
    ("crf", "yes", {}, "pos", None),
    ("crf", "yes", {}, "steps", "--set crf=yes"),
    ("loss", "absolute", {}, "steps", None),
    ("loss", "absolute", {}, "tags", "--set loss=absolute"),
    ("letters", "no", {"letters_size": 64}, "pos", None),
    ("letters", "no", {}, "pos", "letters_size"),
    ("letters", "recurrent", {}, "classify", "--set letters=recurrent"),
    ("letters_size", 5, {}, "labels", "--set letters_size=5"),
    ("lower_case", "no", {}, "tags", None),
    ("max_length", 2, {}, "tags", None),
    ("max_length", 2, {}, "steps", None),
    ("max_vocabulary", 5, {}, "pos", None),
    ("min_count", 9, {}, "pos", None),
    ("crop", 2, {}, "tags", None),
    ("crop", 2, {}, "steps", None),
    ("token_dropout", 0.5, {}, "tags", None),
    ("embeddings", "one-hot", {"embedding_size": None}, "tags", None),
    ("metric", "accuracy", {"epochs": 8, "learning_rate": 0.05}, "tags", None),
    ("tokens", "bytes", {}, "tags", "--set tokens=bytes"),
    ("tokens", "words", {}, "pos", "--set tokens=words"),
    ("tokens", "subwords", {}, "classify", None),
    ("tokens", "kmers", {}, "classify", None),
    ("tokens", "kmers", {}, "augment", None),
    ("tokens", "kmers", {}, "tied", None),
    ("tokens", "kmers", {}, "steps", "--set tokens=kmers"),
    ("tokens", "bytes", {}, "tied", "--set tokens=characters or kmers"),
    ("kmer", 2, {"tokens": "kmers"}, "tied", None),
    ("kmer", 4, {}, "classify", "--set kmer=4"),
    ("kmer", 4, {}, "steps", "--set kmer=4"),
    ("reverse_complement", "none", {}, "augment", None),
    ("reverse_complement", "none", {}, "tied", None),
    ("reverse_complement", "augment", {}, "classify", "--set reverse_complement=augment"),
    ("reverse_complement", "tied", {}, "tags", "--set reverse_complement=tied"),
    ("reverse_complement", "augment", {}, "steps", "--set reverse_complement=augment"),
    ("reverse_complement", "tied", NUMBERS, "steps", "--set reverse_complement=tied"),
    ("reverse_complement", "augment", {}, "transduce", "--set reverse_complement=augment"),
    ("reverse_complement", "tied", {}, "answer", "--set reverse_complement=tied"),
    ("pooling", "mean", {}, "tied", None),
    ("pooling", "last", {}, "tied", "--set pooling=last"),
    ("crop", 5, {}, "augment", None),
    ("max_vocabulary", 4, {"tokens": "kmers"}, "tied", None),
    ("tokens", "subwords", {}, "tags", "--set tokens=subwords"),
    ("subwords", 300, {}, "classify", "--set subwords=300"),
    ("subwords", 300, {}, "labels", "--set subwords=300"),
    ("lower_case", "yes", {"tokens": "subwords"}, "classify", None),
    ("max_length", 2, {"tokens": "subwords"}, "classify", None),
    ("min_count", 9, {"tokens": "subwords"}, "classify", "--set min_count=9"),
    ("max_vocabulary", 9, {"tokens": "subwords"}, "classify", "--set max_vocabulary=9"),
    ("shared_vocabulary", True, {}, "tags", "--set shared_vocabulary=yes"),
    ("pooling", "last", {}, "tags", "--set pooling=last"),
    ("bag", "no", {}, "steps", "--set bag=no"),
    ("bag", "yes", {}, "pos", "--set bag=yes"),
    ("precision", "bf16", {}, "tags", None if why_not_bf16() is None else "--precision bf16"),
    ("kinds", ("shop=category", "words=tokens"), {"letters_size": 64}, "pos", None),
    *((name, value, {}, "transduce", None) for name, value in WRITING),
    *((name, value, around, "transduce", None) for name, value, around in WRITING_SO),
    *((name, value, around, "transduce", refused) for name, value, around, refused in WRITING_NOT),
    *(
        (name, value, NUMBERS, "steps", spelt(name, value))
        for name, value in {
            "tokens": "characters",
            "subwords": 300,
            "lower_case": "yes",
            "max_vocabulary": 9,
            "min_count": 3,
            "embeddings": "one-hot",
            "embedding_size": 9,
            "token_dropout": 0.5,
            "letters": "recurrent",
            "letters_size": 9,
            "bag": "yes",
        }.items()
    ),
    ("test", "house=3", {}, "classify", None),
    ("valid", "house=2,5", {}, "classify", None),
    ("test", "house=9", {}, "classify", "--test house=9"),
    ("time", "size", {}, "classify", "--set time=size"),
    ("pooling", "last", {}, "channels", None),
    ("bag", "yes", {}, "channels", "--set bag=yes"),
    ("attention", "general", {}, "answer", None),
    ("attention", "dot", {}, "answer", "--set attention=dot"),
    ("attention", "none", {}, "answer", "--set attention=none"),
    ("bag", "no", {}, "answer", None),
    ("pooling", "last", {}, "answer", None),
    ("tokens", "characters", {}, "answer", None),
    ("max_length", 2, {}, "answer", None),
    ("embeddings", "one-hot", {"embedding_size": None}, "answer", None),
    ("token_dropout", 0.5, {}, "answer", None),
    ("layers", 2, {}, "answer", None),
    ("kinds", ("shop=category", "size=number", "story=tokens"), {}, "answer", None),
    *((name, value, NUMBERS, "steps", None) for name, value in {"dropout": 0.6, "layers": 2, "max_length": 2}.items()),
]


def every_setting() -> list[tuple[str, Setting]]:
    """All settings of all groups and tasks, once each."""
    groups = [*GROUPS.values(), *(task.settings for _, task in tasks.items())]
    found = {setting.name: setting for group in groups for setting in declared(group)}
    return list(found.items())


BEFORE: dict[str, Any] = {}


def usual(run: Path, **options: Any) -> Any:
    """The outcome, found once for all that is compared with it."""
    key = repr(sorted(options.items()))
    if key not in BEFORE:
        BEFORE[key] = outcome(run, **options)
    return BEFORE[key]


def outcome(run: Path, **options: Any) -> Any:
    """What a run learnt and said, or the error that refuses it."""
    task = options.pop("task_name")
    material = [
        {**row, "house": str(i % 7), "part": ("train", "valid", "test")[i % 3]} for i, row in enumerate(rows(task))
    ]
    try:
        trained = tt.train(material, run, **options)
    except ThroughtimeError as error:
        return error
    said = {k: v for k, v in trained.metrics.items() if k not in ("seconds", "versions", "engine")}
    history = [
        {k: v for k, v in row.items() if k not in ("seconds", "samples_per_second")}
        for row in trained.run.history.read()
    ]
    return json.dumps([said, history, trained.run.predictions.read()], sort_keys=True)


@pytest.mark.parametrize(
    ("name", "setting"), every_setting(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_option_changes_the_result_or_says_why_not(name: str, setting: Setting, tmp_path: Path) -> None:
    if name in ELSEWHERE | READING | OF_LANGUAGE | OF_FORECASTS:
        assert setting.help
        return
    value, around, task = FLIPS[name]  # a new setting must say here how it shows
    options = {**tiny(task), **around, "task_name": task}
    before = usual(tmp_path / "before", **options)
    assert isinstance(before, str), before
    after = outcome(tmp_path / "after", **{**options, name: value})
    if isinstance(after, ThroughtimeError):
        assert after.exit_code == 2 and name.replace("_", "-")[:6] in str(after).replace("_", "-"), after
    else:
        assert after != before


@pytest.mark.parametrize(("name", "value", "around", "kind", "refused"), MORE)
def test_an_option_acts_wherever_it_is_accepted(
    name: str, value: Any, around: dict[str, Any], kind: str, refused: str | None, tmp_path: Path
) -> None:
    options = {**tiny(kind), **around, "task_name": kind}
    after = outcome(tmp_path / "after", **{**options, name: value})
    if refused is None:
        before = usual(tmp_path / "before", **options)
        assert isinstance(before, str) and isinstance(after, str), (before, after)
        assert after != before
    else:
        assert isinstance(after, ThroughtimeError) and after.exit_code == 2, after
        assert refused in str(after) and any(word in str(after) for word in ("leave", "give", "choose")), after


def test_beginning_from_another_run_acts_and_so_does_all_that_is_said_about_it(tmp_path: Path) -> None:
    options = tiny("classify", input=("text",), kinds=())
    first = tt.train(rows("classify"), tmp_path / "first", **{**options, "seed": 3})
    said: list[dict[str, Any]] = [{}, {"init_from": str(first.path)}]
    said += [{**said[1], "unfreeze_every": 1}, {**said[1], "layer_factor": 0.5}]
    found = [outcome(tmp_path / str(k), **{**options, **more, "task_name": "classify"}) for k, more in enumerate(said)]
    assert all(isinstance(part, str) for part in found) and len(set(found)) == 4, found


def test_a_writer_begins_with_the_encoder_of_a_run_that_has_read(tmp_path: Path) -> None:
    options = tiny("transduce", input=("text",), kinds=(), epochs=2)
    pages = tmp_path / "pages.txt"
    pages.write_text("".join(f"{row['text']}\n" for row in rows("transduce", 90)))
    usual = {"epochs": 1, "hidden_size": 6, "embedding_size": 5, "threads": 1, "bptt": 9, "sample_lines": 1}
    read = tt.train(pages, tmp_path / "read", task="language_model", tokens="words", **usual)
    said: list[dict[str, Any]] = [{"bidirectional": False}, {"init_from": str(read.path)}]
    said += [{**said[1], "unfreeze_every": 1}, {**said[1], "layer_factor": 0.5}, {**said[1], "copying": True}]
    found = [outcome(tmp_path / str(k), **{**options, **more, "task_name": "transduce"}) for k, more in enumerate(said)]
    assert all(isinstance(part, str) for part in found) and len(set(found)) == 5, found
    refused = outcome(tmp_path / "no", **{**options, **said[1], "shared_vocabulary": True, "task_name": "transduce"})
    assert "--set shared_vocabulary=yes: texts are read with the vocabulary of" in str(refused)


def test_every_flip_names_a_setting() -> None:
    assert set(FLIPS) | {name for name, *_ in MORE} <= {name for name, _ in every_setting()}


@pytest.mark.parametrize("kind", list(OUTPUT))
def test_engine_threads_and_checkpoints_change_nothing(kind: str, tmp_path: Path) -> None:
    same = tiny(kind)
    torch_like = tt.train(rows(kind), tmp_path / "a", **same, checkpoint_seconds=0)
    reference = tt.train(rows(kind), tmp_path / "b", **same, engine="reference")
    for name, value in torch_like.metrics["test"].items():
        assert reference.metrics["test"][name] == pytest.approx(value, abs=1e-3)
