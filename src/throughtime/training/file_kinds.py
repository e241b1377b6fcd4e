"""The kinds of files in a run folder; each knows how its content becomes bytes and back."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from throughtime.training import durable

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class RunFile:
    """One file of a run: where it is, and whether it is there."""

    path: Path

    def exists(self) -> bool:
        return self.path.is_file()


class TextFile(RunFile):
    """Text in UTF-8."""

    def write(self, text: str) -> None:
        durable.write(self.path, text.encode("utf-8", "backslashreplace"))

    def read(self) -> str:
        return _text(self.path)


class JsonFile(RunFile):
    """One JSON value. JSON has no NaN and no infinity: they are written as null."""

    def write(self, value: Any) -> None:
        durable.write(self.path, (to_json(value, indent=1) + "\n").encode())

    def read(self) -> Any:
        return parsed_json(self.path, _text(self.path))


class LinesFile(RunFile):
    """JSON lines: a row, an object."""

    def write(self, rows: Iterable[Mapping[str, Any]]) -> None:
        durable.write(self.path, "".join(to_json(row) + "\n" for row in rows).encode())

    def append(self, row: Mapping[str, Any]) -> None:
        """Add a row without flushing to the disk; whoever must be sure writes the whole file later."""
        durable.append(self.path, (to_json(row) + "\n").encode())

    def read(self) -> list[dict[str, Any]]:
        lines = _text(self.path).removesuffix("\n").split("\n")  # splitlines would also split at U+2028
        lines = lines if lines != [""] else []
        return [parsed_json(self.path, line, f"row {number}") for number, line in enumerate(lines, start=1)]


class TomlFile(RunFile):
    """Groups of settings, ``[group]`` and ``name = value``. TOML has no null: None is written as "none"."""

    def write(self, groups: Mapping[str, Mapping[str, Any]]) -> None:
        durable.write(self.path, to_toml(groups).encode("utf-8", "replace"))

    def read(self) -> dict[str, dict[str, Any]]:
        try:
            return tomllib.loads(_text(self.path))
        except tomllib.TOMLDecodeError as error:
            raise durable.damaged(self.path, str(error)) from None


class TensorsFile(RunFile):
    """Named tensors (safetensors). The same tensors give the same bytes."""

    def write(self, tensors: Mapping[str, Tensor]) -> None:
        durable.write(self.path, tensor_bytes(tensors))

    def read(self) -> dict[str, Tensor]:
        return parsed_tensors(self.path, durable.read(self.path))


def tensor_bytes(tensors: Mapping[str, Tensor]) -> bytes:
    """The tensors as a safetensors file, copied to the CPU and made contiguous."""
    from safetensors.torch import save

    plain = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}
    # One key at most: the library writes several in changing order, and equal weights would give unequal bytes.
    return save(plain, metadata={"format": "pt"})


def parsed_tensors(path: Path, content: bytes) -> dict[str, Tensor]:
    """The tensors in ``content``; a DataError that names ``path`` where it is no safetensors file."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(content)
    except SafetensorError as error:
        raise durable.damaged(path, str(error)) from None


def to_json(value: Any, indent: int | None = None) -> str:
    """JSON in readable characters; NaN and infinities become null.

    >>> to_json({"loss": float("nan"), "name": "Å"})
    '{"loss": null, "name": "Å"}'
    """
    text = json.dumps(_finite(value), ensure_ascii=False, indent=indent, allow_nan=False)
    if any("\ud800" <= character <= "\udfff" for character in text):  # half a pair, which UTF-8 cannot hold
        return json.dumps(_finite(value), indent=indent, allow_nan=False)
    return text


def parsed_json(path: Path, text: str, where: str = "") -> Any:
    """The value in ``text``; a DataError that names ``path`` where it is not JSON."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise durable.damaged(path, f"{where}: {error}" if where else str(error)) from None


def to_toml(groups: Mapping[str, Mapping[str, Any]]) -> str:
    """The groups as TOML.

    >>> print(to_toml({"training": {"optimizer": "adamw", "patience": None, "learning_rate": 1e-05}}), end="")
    [training]
    optimizer = "adamw"
    patience = "none"
    learning_rate = 1e-05
    """
    blocks = []
    for group, settings in groups.items():
        lines = [f"{_toml_key(name)} = {_toml_value(value)}\n" for name, value in settings.items()]
        blocks.append(f"[{_toml_key(group)}]\n" + "".join(lines))
    return "\n".join(blocks)


def _toml_key(name: str) -> str:
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else _toml_value(name)


def _toml_value(value: Any) -> str:
    if value is None:
        return '"none"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml_key(name)} = {_toml_value(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml_value(inner) for inner in value) + "]"
    raise TypeError(f"a {type(value).__name__} has no form in TOML")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return value


def _text(path: Path) -> str:
    try:
        return durable.read(path).decode()
    except UnicodeDecodeError as error:
        raise durable.damaged(path, str(error)) from None
