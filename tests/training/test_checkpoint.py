"""A checkpoint is saved in one switch, comes back to the bit, and damage to it is named."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from tests.training.tiny import Tiny, plain
from throughtime.errors import DataError, UsageError
from throughtime.training.averaging import Weights
from throughtime.training.checkpoint import Position, State, load_checkpoint, save_checkpoint
from throughtime.training.optimisers import build_optimizer, optimizer_tensors

SETTINGS = plain(average="ema")


class Killed(BaseException):
    """Stands for a SIGKILL: nothing in the library catches it."""


def empty_state() -> State:
    model = Tiny(seed=99)
    return State(model, build_optimizer(model, SETTINGS), None, None, Position())


def state_at(update: int) -> State:
    """A state with something in each of its parts, other numbers for every update."""
    model = Tiny(seed=update)
    optimizer = build_optimizer(model, SETTINGS)
    for number, parameter in enumerate(model.parameters()):
        parameter.grad = torch.full_like(parameter, update + number / 7)
    optimizer.step()
    position = Position(epoch=2, update=update, seconds=0.1 + update, best=1 / 3, history=[{"loss": 0.1 * update}])
    return State(model, optimizer, part_weights(update + 1), part_weights(update + 2), position)


def part_weights(seed: int) -> Weights:
    return {name: tensor.clone() for name, tensor in Tiny(seed).state_dict().items()}


def content(state: State) -> dict[str, Any]:
    tensors = {
        "model": state.model.state_dict(),
        "optimizer": optimizer_tensors(state.optimizer, state.model),
        "average": state.average or {},
        "best": state.best_weights or {},
    }
    lists = {part: {name: tensor.tolist() for name, tensor in found.items()} for part, found in tensors.items()}
    return {**lists, "position": msgspec.to_builtins(state.position)}


def loaded(folder: Path) -> dict[str, Any]:
    state = empty_state()
    assert load_checkpoint(folder, state, SETTINGS)
    return content(state)


def test_all_parts_come_back_and_the_older_one_is_removed(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, state_at(1), SETTINGS)
    save_checkpoint(tmp_path, state_at(2), SETTINGS)
    assert loaded(tmp_path) == content(state_at(2)) != content(state_at(1))
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".safetensors"]


def test_nothing_saved_is_nothing_loaded(tmp_path: Path) -> None:
    assert not load_checkpoint(tmp_path / "checkpoint", empty_state(), SETTINGS)


def test_a_kill_at_any_operation_leaves_the_old_state_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = []
    for kill_at in range(100):
        folder = tmp_path / str(kill_at)
        save_checkpoint(folder, state_at(1), SETTINGS)
        try:
            with monkeypatch.context() as patch:
                _kill_at_operation(patch, kill_at)
                save_checkpoint(folder, state_at(2), SETTINGS)
        except Killed:
            found = loaded(folder)
            assert found in (content(state_at(1)), content(state_at(2)))
            outcomes.append(found == content(state_at(2)))
            save_checkpoint(folder, state_at(3), SETTINGS)
            assert loaded(folder) == content(state_at(3))
            assert len(list(folder.iterdir())) == 2, "what the kill left behind is still there"
        else:
            break
    assert outcomes == sorted(outcomes), "the switch happens once"
    assert outcomes.count(False) >= 5 and outcomes.count(True) >= 2


def _kill_at_operation(patch: pytest.MonkeyPatch, kill_at: int) -> None:
    """Raise in place of operation number ``kill_at`` on the disk; a write is cut in the middle."""
    operations = iter(range(1000))

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if next(operations) == kill_at:
                raise Killed
            return function(*arguments, **options)

        return call

    for name in ("fsync", "replace", "unlink"):
        patch.setattr(os, name, counted(getattr(os, name)))
    patch.setattr("builtins.open", counted(open))


def test_a_full_disk_keeps_the_older_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    save_checkpoint(tmp_path, state_at(1), SETTINGS)
    real_fsync, calls = os.fsync, iter(range(100))
    for full_from in range(3):  # the tensors do not fit; their folder's entry; latest.json

        def fsync(handle: int, full_from: int = full_from, calls: Any = calls) -> None:
            if next(calls) >= full_from:
                raise OSError(errno.ENOSPC, "No space left on device")
            real_fsync(handle)

        calls = iter(range(100))
        with monkeypatch.context() as patch, pytest.raises(UsageError, match="the disk is full"):
            patch.setattr(os, "fsync", lambda handle, calls=calls, fsync=fsync: fsync(handle, calls=calls))
            save_checkpoint(tmp_path, state_at(2), SETTINGS)
        assert loaded(tmp_path) == content(state_at(1))
        assert not list(tmp_path.glob(".*.partial"))


@pytest.mark.parametrize("suffix", [".safetensors", ".json"])
@pytest.mark.parametrize("damage", ["truncated", "flipped", "emptied"])
def test_a_damaged_file_is_named(tmp_path: Path, suffix: str, damage: str) -> None:
    save_checkpoint(tmp_path, state_at(1), SETTINGS)
    (path,) = tmp_path.glob(f"*{suffix}")
    old = path.read_bytes()
    middle = len(old) // 2
    flipped = old[:middle] + bytes([old[middle] ^ 1]) + old[middle + 1 :]
    path.write_bytes({"truncated": old[:-9], "flipped": flipped, "emptied": b""}[damage])
    with pytest.raises(DataError) as caught:
        load_checkpoint(tmp_path, empty_state(), SETTINGS)
    assert path.name in str(caught.value) and "damaged" in str(caught.value)


def test_missing_tensors_are_named(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, state_at(1), SETTINGS)
    (path,) = tmp_path.glob("*.safetensors")
    path.unlink()
    with pytest.raises(DataError, match=f"{path.name}: the file is missing"):
        load_checkpoint(tmp_path, empty_state(), SETTINGS)


def test_a_changed_number_is_found(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, state_at(1), SETTINGS)
    record = json.loads((tmp_path / "latest.json").read_text())
    record["position"]["update"] = 7
    (tmp_path / "latest.json").write_text(json.dumps(record))
    with pytest.raises(DataError, match=r"latest.json: the checkpoint is damaged .* delete the folder"):
        load_checkpoint(tmp_path, empty_state(), SETTINGS)


def test_other_settings_are_refused_but_for_those_of_time(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, state_at(1), SETTINGS)
    with pytest.raises(
        UsageError, match="--learning-rate 0.5: the run to resume was begun with 0.005; resume with the same"
    ):
        load_checkpoint(tmp_path, empty_state(), msgspec.structs.replace(SETTINGS, learning_rate=0.5))
    assert load_checkpoint(
        tmp_path, empty_state(), msgspec.structs.replace(SETTINGS, max_minutes=5, checkpoint_seconds=1)
    )


def test_another_model_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, state_at(1), SETTINGS)
    state = empty_state()
    state.model = torch.nn.Linear(2, 3)
    with pytest.raises(UsageError, match="the checkpoint belongs to another model"):
        load_checkpoint(tmp_path, state, SETTINGS)
