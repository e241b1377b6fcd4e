"""Writing a file so that at every instant the disk holds the old content or the new, whole."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from pathlib import Path

from throughtime.errors import DataError, Place, UsageError

_FULL = (errno.ENOSPC, errno.EDQUOT)


def write(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``: written aside, flushed to the disk, renamed, the folder flushed too.

    Where that fails (a full disk, no permission) the old file stays, nothing is left aside, and a UsageError says
    what to do. After a kill in between, what was left aside is removed by :func:`tidy`.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(partial, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
        _flush_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise not_written(path, error) from error


def append(path: Path, content: bytes) -> None:
    """Add ``content`` at the end of ``path``; where that fails, the file is cut back to what it was."""
    try:
        with open(path, "ab", buffering=0) as file:  # a buffer would try once more when the file is closed
            before = file.tell()
            try:
                while content:
                    content = content[file.write(content) :]
            except OSError:
                file.truncate(before)
                raise
    except OSError as error:
        raise not_written(path, error) from error


def read(path: Path) -> bytes:
    """The content of ``path``; a DataError that names it where it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(
            "the file is missing", mend="restore it from a copy, or train again", place=Place(str(path))
        ) from None
    except OSError as error:
        mend = "see to it that it can be read"
        raise DataError(f"cannot be read ({error.strerror})", mend=mend, place=Place(str(path))) from error


def tidy(folder: Path) -> None:
    """Remove what a killed process left aside in ``folder``: half files, and folders of tokens."""
    for partial in folder.glob(".*.partial"):
        partial.unlink(missing_ok=True)
    for tokens in folder.glob(".text-*"):
        shutil.rmtree(tokens, ignore_errors=True)


def digest(content: bytes) -> str:
    """The SHA-256 of ``content`` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def damaged(path: Path, why: str = "its checksum is wrong") -> DataError:
    """The error for a file that no longer holds what was written into it."""
    return DataError(
        f"the file is damaged ({why})", mend="restore it from a copy, or train again", place=Place(str(path))
    )


def not_written(path: Path, error: OSError) -> UsageError:
    """The error for a file that could not be written, with the mend that its cause suggests."""
    full = error.errno in _FULL
    problem = "the disk is full" if full else f"cannot be written ({error.strerror})"
    mend = "free some space there" if full else "see to it that files can be written there"
    return UsageError(
        f"{path.parent}: {problem} while writing {path.name}; what was saved before is whole; {mend}, "
        "then go on with --resume"
    )


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows opens no folder
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
