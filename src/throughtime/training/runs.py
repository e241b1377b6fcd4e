"""The run folder: all that training leaves behind, and the only place where the names of its files stand."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from throughtime.errors import UsageError
from throughtime.training import durable
from throughtime.training.file_kinds import JsonFile, LinesFile, RunFile, TensorsFile, TextFile, TomlFile

FORMAT = 1


class Run:
    """A run folder; its files are attributes: ``run.metrics.write({...})``, ``run.model.read()``.

    Make one with :meth:`create` (to train into) or :meth:`open` (to use what was trained). A file is replaced in one
    instant, so that a kill or a full disk leaves what was there before. A run is finished once :meth:`finish` has
    written down the checksums of its files; a finished run is checked against them whenever it is opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.config = TomlFile(self.path / "config.toml")  # every setting; reruns the run
        self.fields = JsonFile(self.path / "fields.json")  # columns, and what each became
        self.vocabulary = JsonFile(self.path / "vocabulary.json")
        self.scaling = JsonFile(self.path / "scaling.json")
        self.cell = JsonFile(self.path / "cell.json")  # the recorded graph
        self.model = TensorsFile(self.path / "model.safetensors")  # holds no time and no path
        self.history = LinesFile(self.path / "history.jsonl")  # a line an epoch
        self.metrics = JsonFile(self.path / "metrics.json")
        self.predictions = LinesFile(self.path / "predictions.jsonl")  # a line a row of the test split
        self.samples = JsonFile(self.path / "samples.json")  # what a model that generates has made by itself
        self.attention = JsonFile(self.path / "attention.json")  # where it looked while it wrote some of its answers
        self.forecast = JsonFile(self.path / "forecast.json")  # the future after the last row of each series
        self.observations = LinesFile(self.path / "observations.jsonl")  # what was seen while training, at some updates
        self.inspection = JsonFile(self.path / "inspection.json")  # what later inspections found, by kind
        self.data = JsonFile(self.path / "data.json")  # what was read
        self.report = TextFile(self.path / "report.html")
        self.environment = JsonFile(self.path / "environment.json")
        self.checkpoint = self.path / "checkpoint"  # a folder; what is in it is the checkpoint's own affair
        self.failure = self.path / "failure"  # likewise: the batch at which training stopped, until it goes on
        self._checksums = JsonFile(self.path / "checksums.json")
        self._lock: int | None = None

    @classmethod
    def create(cls, path: str | os.PathLike[str], *, resume: bool = False) -> Run:
        """The folder to train into, locked against a second process until :meth:`close` (or the end of ``with``).

        Raises UsageError if it holds anything and ``resume`` is not asked for, if it holds strange files, if it
        cannot be made, and if another process is training into it.
        """
        run = cls(path)
        try:
            run.path.mkdir(parents=True, exist_ok=True)
            present = sorted(entry.name for entry in run.path.iterdir())
        except FileExistsError:
            raise UsageError(f"{path} is a file; --run needs the name of a folder") from None
        except OSError as error:
            raise UsageError(f"{path}: the folder cannot be made ({error.strerror}); choose another --run") from error
        if present and not resume:
            raise UsageError(f"{path} is not empty; choose another --run, or go on with what is there with --resume")
        strange = [name for name in present if not run._owns(name)]
        if strange:
            raise UsageError(f'{path} is not a run folder: it holds "{strange[0]}"; choose another --run')
        run._lock_folder()
        durable.tidy(run.path)
        return run

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Run:
        """A finished run, every file checked; a UsageError if there is none, a DataError that names a damaged file."""
        run = cls(path)
        if not run.path.is_dir():
            raise UsageError(f"{path}: there is no such run")
        if not run.finished:
            if run.failure.is_dir():
                raise UsageError(
                    f"{path} stopped at a value that is not finite; throughtime inspect {path} --nan says where, and "
                    "throughtime train ... --resume goes on"
                )
            known = run.config.exists() or run.checkpoint.is_dir()
            mend = "is not finished; go on with throughtime train ... --resume" if known else "is not a run folder"
            raise UsageError(f"{path} {mend}")
        run.verify()
        return run

    @classmethod
    def stopped(cls, path: str | os.PathLike[str]) -> Run:
        """A run that training has given up at a batch, which is kept; a UsageError where there is none, and why."""
        run = cls(path)
        if not run.path.is_dir():
            raise UsageError(f"{path}: there is no such run")
        if run.failure.is_dir() and not run.finished:
            return run
        if run.finished:
            raise UsageError(f"{path} is finished: no value in its training was not finite, there is nothing to replay")
        members = sorted(run.path.glob("seed-*/failure"))
        if members:
            raise UsageError(f"{path} holds a run for each seed; the one that stopped is {members[0].parent}")
        if not run.checkpoint.is_dir():
            raise UsageError(f"{path} holds nothing to replay: training has saved nothing there")
        raise UsageError(
            f"{path} was not stopped by a value that is not finite in a batch; there is nothing to replay; "
            "go on with throughtime train ... --resume"
        )

    def member(self, seed: int, *, resume: bool = False) -> Run:
        """The run of one seed, a folder inside this one."""
        return Run.create(self.path / f"seed-{seed}", resume=resume)

    @property
    def finished(self) -> bool:
        """Whether training and all that follows it came to its end."""
        return self._checksums.exists()

    def finish(self) -> None:
        """Write down the checksum of every file; once more whenever a file of a finished run was replaced."""
        sums = {file.path.name: durable.digest(durable.read(file.path)) for file in self if file.exists()}
        self._checksums.write({"format": FORMAT, "sha256": sums})

    def verify(self) -> None:
        """Compare every file with its checksum; a DataError names the first that is damaged or missing."""
        check_format(self._checksums.path, found := self._checksums.read())
        if not isinstance(found.get("sha256"), dict):
            raise durable.damaged(self._checksums.path, "the checksums are missing")
        for name, expected in found["sha256"].items():
            if durable.digest(durable.read(self.path / name)) != expected:
                raise durable.damaged(self.path / name)

    def close(self) -> None:
        """Let go of the lock."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __iter__(self) -> Iterator[RunFile]:
        """All files that have a checksum."""
        return (file for file in vars(self).values() if isinstance(file, RunFile) and file is not self._checksums)

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _owns(self, name: str) -> bool:
        names = {file.path.name for file in self} | {self._checksums.path.name, self.checkpoint.name, self.failure.name}
        return name in names or name.startswith(".") or re.fullmatch(r"seed-\d+", name) is not None

    def _lock_folder(self) -> None:
        try:
            import fcntl  # not on Windows, where two processes are not kept apart
        except ImportError:
            return
        handle = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the system lets go of it even after a SIGKILL
        except BlockingIOError:
            os.close(handle)
            raise UsageError(
                f"{self.path}: another process is training into this folder; wait for it or choose another --run"
            ) from None
        except OSError:  # a file system without locks
            os.close(handle)
            return
        self._lock = handle


def check_format(path: Path, found: object) -> None:
    """Refuse what a newer version of the library has written, and what is no record of ours at all."""
    version = found.get("format") if isinstance(found, dict) else None
    if not isinstance(version, int):
        raise durable.damaged(path, "the format's version is missing")
    if version > FORMAT:
        raise UsageError(
            f"{path} was written by a newer throughtime (format {version}; this one knows {FORMAT}); upgrade it"
        )
