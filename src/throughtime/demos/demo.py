"""A demonstration is a value: where its material comes from, and how it is trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from throughtime.registry import Registry


@dataclass(frozen=True)
class Demo:
    """``rows()`` makes the material, a list of records; ``settings`` go to ``train``; ``story`` is said first."""

    name: str
    title: str
    story: str
    rows: Callable[[], list[dict[str, Any]]]
    settings: Mapping[str, Any] = field(default_factory=dict)
    questions: tuple[str, ...] = ()  # texts to answer at the end


demos: Registry[Demo] = Registry("demo", "throughtime.demos")
