"""Results in a folder: as data, as text, as a page."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from throughtime.api.bench.page import page
from throughtime.api.bench.run import Results
from throughtime.api.bench.text import markdown
from throughtime.errors import UsageError
from throughtime.training.durable import write
from throughtime.training.file_kinds import to_json


@dataclass(frozen=True)
class Folder:
    """Where results go; earlier ones there are replaced."""

    path: Path

    @classmethod
    def made(cls, path: str | os.PathLike[str]) -> Folder:
        """The folder, so that nobody measures first and learns then that nothing can be written there."""
        folder = Path(path)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--out {path}: no folder can be made there ({error.strerror}); name another") from None
        if not os.access(folder, os.W_OK):
            raise UsageError(f"--out {path}: nothing can be written there; name another folder")
        return cls(folder)

    def keep(self, results: Results) -> None:
        """results.json, results.md and results.html."""
        write(self.path / "results.json", (to_json(results.to_json(), indent=1) + "\n").encode())
        write(self.path / "results.md", markdown(results).encode())
        write(self.path / "results.html", page(results).encode())
