"""A file holds the old content or the new, whatever happens while it is written."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from throughtime.errors import DataError, UsageError
from throughtime.training import durable


class Killed(BaseException):
    """Stands for a SIGKILL: nothing in the library catches it."""


def failing(error: BaseException) -> Callable[..., Any]:
    def fail(*arguments: Any, **options: Any) -> None:
        raise error

    return fail


def test_the_content_is_replaced_and_nothing_is_left_aside(tmp_path: Path) -> None:
    path = tmp_path / "inner" / "a.json"
    durable.write(path, b"old")
    durable.write(path, b"new and longer")
    assert path.read_bytes() == b"new and longer"
    assert os.listdir(path.parent) == ["a.json"]


@pytest.mark.parametrize("operation", ["fsync", "replace"])
def test_a_kill_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    path = tmp_path / "a.json"
    durable.write(path, b"old")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(os, operation, failing(Killed()))
        durable.write(path, b"new")
    assert path.read_bytes() == b"old"
    durable.tidy(tmp_path)
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize("operation", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    path = tmp_path / "a.json"
    durable.write(path, b"old")
    with monkeypatch.context() as patch, pytest.raises(UsageError) as caught:
        patch.setattr(os, operation, failing(OSError(errno.ENOSPC, "No space left on device")))
        durable.write(path, b"new")
    assert str(caught.value) == (
        f"{tmp_path}: the disk is full while writing a.json; what was saved before is whole; "
        "free some space there, then go on with --resume"
    )
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize("write", [durable.write, durable.append])
def test_a_write_that_fails_half_way_leaves_the_old_content(
    tmp_path: Path, write: Callable[[Path, bytes], None]
) -> None:
    path = tmp_path / "a.jsonl"
    durable.write(path, b"old\n")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # the system really refuses byte 1001
    try:
        with pytest.raises(UsageError, match=r"cannot be written \(File too large\) while writing a.jsonl"):
            write(path, b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"old\n"
    assert os.listdir(tmp_path) == ["a.jsonl"]


def test_append_adds(tmp_path: Path) -> None:
    durable.append(tmp_path / "a.jsonl", b"1\n")
    durable.append(tmp_path / "a.jsonl", b"2\n")
    assert (tmp_path / "a.jsonl").read_bytes() == b"1\n2\n"


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.json: the file is missing"):
        durable.read(tmp_path / "a.json")
    with pytest.raises(DataError, match=r"cannot be read \(Is a directory\)"):
        durable.read(tmp_path)
