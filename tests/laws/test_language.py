"""Laws 3 to 9 over the language model, by the way a user goes: its state is carried over kills and cuts."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch

import throughtime as tt
from tests.laws.test_runs import KillAfter, KilledError, fingerprint
from throughtime.errors import NonFiniteError, ThroughtimeError
from throughtime.models.settings import LanguageSettings
from throughtime.settings import declared

MASKS = {"dropout": 0.3, "zoneout": 0.1, "recurrent_dropout": 0.2, "drop_connect": 0.2, "token_dropout": 0.1}
TINY: dict[str, Any] = {
    "task": "language_model",
    "epochs": 2,
    "hidden_size": 6,
    "embedding_size": 5,
    "batch_size": 4,
    "bptt": 16,
    "threads": 1,
    "valid": "0.2",
    "test": "0.2",
    "sample_lines": 2,
}


def text(lines: int = 40) -> str:
    """Lines with a rule in them: what is opened is closed."""
    chance = random.Random(3)
    words = ["red", "green", "a (big) one", "[small]", "so it is", "over there"]
    return "".join(" ".join(chance.choice(words) for _ in range(chance.randint(1, 6))) + "\n" for _ in range(lines))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(text())
    return path


def tiny(**changes: Any) -> dict[str, Any]:
    return {**TINY, **changes}


@pytest.mark.parametrize("unit", ["characters", "words", "bytes"])
@pytest.mark.parametrize("updates", [1, 3, 7, 9])
def test_killed_and_resumed_is_never_stopped(unit: str, updates: int, file: Path, tmp_path: Path) -> None:
    options = tiny(tokens=unit, layers=2, checkpoint_seconds=0, learned_state=True, bptt=5, **MASKS)
    tt.train(file, tmp_path / "whole", **options)
    with pytest.raises(KilledError):
        tt.train(file, tmp_path / "broken", progress=KillAfter(updates), **options)
    tt.train(file, tmp_path / "broken", resume=True, **options)
    assert fingerprint(tmp_path / "broken") == fingerprint(tmp_path / "whole")


@pytest.mark.parametrize("cell", ["gru", "rnn", "lstm_peephole", "indrnn"])
def test_every_cell_carries_its_state(cell: str, file: Path, tmp_path: Path) -> None:
    options = tiny(cell=cell, checkpoint_seconds=0, drop_connect=0.0)
    tt.train(file, tmp_path / "whole", **options)
    with pytest.raises(KilledError):
        tt.train(file, tmp_path / "broken", progress=KillAfter(5), **options)
    tt.train(file, tmp_path / "broken", resume=True, **options)
    assert fingerprint(tmp_path / "broken") == fingerprint(tmp_path / "whole")


@pytest.mark.parametrize("unit", ["characters", "words"])
def test_saved_is_loaded_and_config_reruns(unit: str, file: Path, tmp_path: Path) -> None:
    trained = tt.train(file, tmp_path / "run", **tiny(tokens=unit))
    again = tt.train(run=tmp_path / "again", config=tmp_path / "run" / "config.toml")
    assert fingerprint(again.path) == fingerprint(trained.path)
    held = tmp_path / "held.txt"
    held.write_text("".join(row["text"] + "\n" for row in trained.run.predictions.read()))
    if unit == "characters":
        found = tt.load(tmp_path / "run").evaluate(held)
        assert found == pytest.approx(trained.metrics["test"], rel=1e-5)
    (answer,) = tt.load(tmp_path / "run").predict(["a (big"])
    assert sum(answer["probabilities"].values()) <= 1 + 1e-6
    assert answer["predicted"] == max(answer["probabilities"], key=answer["probabilities"].get)
    written = ["".join(trained.generate("so it", 40, seed=seed)) for seed in (1, 1, 2)]
    assert written[0] == written[1] != written[2]


def test_the_split_is_the_end_of_the_text_and_every_token_counts(file: Path, tmp_path: Path) -> None:
    trained = tt.train(file, tmp_path / "run", **tiny())
    figures = json.loads((tmp_path / "run" / "data.json").read_text())
    rows = trained.run.predictions.read()
    last = "".join(row["text"] + "\n" for row in rows)
    assert text().endswith(last) and len(last) == figures["tokens"]["test"]
    nats = sum(row["loss"] * row["tokens"] for row in rows) / sum(row["tokens"] for row in rows)
    assert nats == pytest.approx(trained.metrics["test"]["cross_entropy"], rel=1e-5)
    assert sum(figures["characters"].values()) == len(text())


def test_a_baseline_stands_beside_the_score(file: Path, tmp_path: Path) -> None:
    trained = tt.train(file, tmp_path / "run", **tiny())
    assert trained.metrics["baseline"]["name"] == "kneser_ney"
    assert set(trained.metrics["test"]) == {"cross_entropy", "perplexity", "bits_per_character"}
    assert set(trained.metrics["test"]) <= set(trained.metrics["baseline"])
    assert "Kneser-Ney" in trained.verdict


# setting: (another value, what else must be set so that it can act)
FLIPS: dict[str, tuple[Any, dict[str, Any]]] = {
    "bptt": (7, {}),
    "tied": ("yes", {}),
    "adaptive": ("yes", {}),
    "activation_penalty": (2.0, {}),
    "change_penalty": (1.0, {}),
    "dynamic_rate": (0.5, {}),
    "temperature": (0.1, {}),
    "sample_lines": (3, {}),
    "token_dropout": (0.5, {}),
    "drop_connect": (0.5, {}),
    "dropout": (0.7, {}),
    "tokens": ("words", {}),
    "subwords": (300, {}),
    "kmer": (4, {}),
    "reverse_complement": ("tied", {}),
    "shared_vocabulary": (True, {}),
    "stress": ("no", {}),
    "lower_case": ("yes", {"tokens": "words", "min_count": 1}),
    "max_vocabulary": (5, {}),
    "min_count": (20, {}),
    "embeddings": ("skipgram", {"tokens": "words", "min_count": 1}),
    "valid": ("0.3", {}),
    "pooling": ("max", {}),
    "bag": ("yes", {}),
    "letters": ("no", {}),
    "bidirectional": (True, {}),
    "max_length": (5, {}),
    "crop": (5, {}),
    "frame": ("1/8", {}),
    "split": ("part", {}),
    "group": ("part", {}),
    "init_from": ("none/such", {}),
}


def outcome(file: Path, run: Path, options: dict[str, Any]) -> Any:
    try:
        trained = tt.train(file, run, **options)
    except ThroughtimeError as error:
        return error
    said = {k: v for k, v in trained.metrics.items() if k not in ("seconds", "versions", "engine")}
    parts = [said, trained.run.predictions.read(), trained.run.samples.read(), fingerprint(run)]
    return json.dumps(parts, sort_keys=True)


@pytest.mark.parametrize("name", list(FLIPS))
def test_an_option_changes_the_result_or_says_why_not(name: str, file: Path, tmp_path: Path) -> None:
    value, around = FLIPS[name]
    options = tiny(**around)
    if name in ("sample_lines", "temperature"):
        options["learning_rate"] = 0.05  # lines must end for their number to matter
    file.write_text(text() + text().upper())
    before = outcome(file, tmp_path / "before", options)
    assert isinstance(before, str), before
    after = outcome(file, tmp_path / "after", {**options, name: value})
    if isinstance(after, ThroughtimeError):
        assert after.exit_code == 2 and name.replace("_", "-")[:4] in str(after).replace("_", "-"), after
    else:
        assert after != before


def test_every_setting_of_the_task_is_flipped() -> None:
    assert {setting.name for setting in declared(LanguageSettings)} <= set(FLIPS)


@pytest.mark.parametrize("cell", ["rnn:activation=relu", "lstm:activation=identity,output_activation=identity"])
def test_a_non_finite_value_stops_training_and_is_located(cell: str, file: Path, tmp_path: Path) -> None:
    wild = {"learning_rate": 1e20, "clip_norm": None, "schedule": "constant", "warmup": 0, "optimizer": "sgd"}
    with pytest.raises(NonFiniteError) as stopped:
        tt.train(file, tmp_path / "run", **tiny(cell=cell, **wild))
    assert "the first value that is not finite is" in str(stopped.value)
    assert stopped.value.exit_code == 3


def test_dynamic_evaluation_leaves_the_model_as_it_was(file: Path, tmp_path: Path) -> None:
    still = tt.train(file, tmp_path / "still", **tiny())
    moving = tt.train(file, tmp_path / "moving", **tiny(dynamic_rate=0.3))
    for name, weight in still.run.model.read().items():
        assert torch.equal(weight, moving.run.model.read()[name])


def test_learning_goes_on_from_another_run(file: Path, tmp_path: Path) -> None:
    first = tt.train(file, tmp_path / "first", **tiny(tokens="words", min_count=1))
    rows = [{"text": line, "label": "long" if len(line) > 30 else "short"} for line in text(80).splitlines()]
    options: dict[str, Any] = {"output": ("label",), "epochs": 4, "baselines": ("majority",), "threads": 1}
    options["metric"] = "cross_entropy"  # it falls with every epoch, so that the best one is the last
    begun = tt.train(rows, tmp_path / "begun", init_from=str(first.path), **options)
    assert begun.fields["text"].vocabulary == first.fields["text"].vocabulary  # type: ignore[attr-defined]
    assert begun.settings.network.hidden_size == 6 and not begun.settings.network.bidirectional
    scratch = tt.train(rows, tmp_path / "scratch", hidden_size=6, bidirectional=False, **options)
    assert fingerprint(begun.path) != fingerprint(scratch.path)
    slowly = {**options, "init_from": str(first.path), "unfreeze_every": 2, "layer_factor": 0.5}
    staged = tt.train(rows, tmp_path / "staged", **slowly)
    before, after = first.run.model.read(), staged.run.model.read()
    assert torch.equal(before["embedding"], after["encoders.0.embedding"])  # its turn comes after the fourth epoch
    assert not torch.equal(before["recurrent.weight_hh_l0"], after["encoders.0.recurrent.weight_hh_l0"])
    slowly["checkpoint_seconds"] = 0
    with pytest.raises(KilledError):
        tt.train(rows, tmp_path / "broken", progress=KillAfter(11), **slowly)
    tt.train(rows, tmp_path / "broken", resume=True, **slowly)
    assert fingerprint(tmp_path / "broken") == fingerprint(staged.path)
    for wrong in ({"hidden_size": 7}, {"bidirectional": True}, {"cell": "gru"}):
        with pytest.raises(ThroughtimeError, match="leave it out"):
            tt.train(rows, tmp_path / "wrong", init_from=str(first.path), **{**options, **wrong})
