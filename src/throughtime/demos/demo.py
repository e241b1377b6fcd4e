"""A demonstration is a value: what it shows, and either the rows to train on or a function that runs by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from throughtime.registry import Registry
from throughtime.training.progress import Progress


@dataclass(frozen=True)
class Demo:
    """``rows()`` makes the material, a list of records; ``settings`` go to ``train``; ``story`` is said first."""

    name: str
    title: str
    story: str
    rows: Callable[[], list[dict[str, Any]]]
    settings: Mapping[str, Any] = field(default_factory=dict)
    questions: tuple[str, ...] = ()  # texts to answer at the end


@dataclass(frozen=True)
class Shown:
    """What a demonstration came to: sentences and a table for the terminal, and the page with all of it."""

    sentences: Sequence[str]
    table: Sequence[Sequence[str]]  # the first row is the heading
    page: Path


@dataclass(frozen=True)
class Laboratory:
    """A demonstration that runs by itself: ``run(folder, progress)`` writes its page into the folder."""

    name: str
    title: str
    story: str
    run: Callable[[Path, Progress], Shown]


demos: Registry[Demo | Laboratory] = Registry("demo", "throughtime.demos")
