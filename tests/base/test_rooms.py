"""A room imports only from rooms above it, in the order of the list in ARCHITECTURE.md."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import SOURCE

ROOT = Path(__file__).parents[2]
FRONT_DOOR = "api"  # throughtime/__init__.py is the front door's face: it stands directly behind it


def listed_rooms(text: str) -> list[str]:
    """The first words of the block marked ``rooms``, in order."""
    block = re.search(r"^```rooms\n(.*?)^```$", text, re.M | re.S)
    assert block is not None, "ARCHITECTURE.md has lost its list of rooms"
    return [line.split()[0] for line in block[1].splitlines() if line.strip()]


def position(module: str, rooms: list[str]) -> float | None:
    """How far down a module stands; None if it is in no room. Names are without the leading ``throughtime.``

    A folder of rooms, as in ``data/__init__.py``, stands below all of them unless it has a line of its own.
    """
    if not module:
        return rooms.index(FRONT_DOOR) + 0.5
    for place, room in enumerate(rooms):
        is_floor = any(other.startswith(room + ".") for other in rooms)
        if module == room or (not is_floor and module.startswith(room + ".")):
            return place
    inside = [place for place, room in enumerate(rooms) if room.startswith(module + ".")]
    return max(inside) + 0.5 if inside else None


def imports(tree: ast.AST, package: str, modules: set[str]) -> set[tuple[int, str]]:
    """All modules of ours that a file names, with the line: by any import, and by a string that is a module's name.

    ``package`` is where relative imports start from. A registry may name a package below it: it knows no file in there.
    """
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    registries = [call for call in calls if "Registry" in ast.unparse(call.func)]
    found_by_registries = {argument for call in registries for argument in call.args}
    named_modules = modules - {"throughtime"}  # the word alone is a name like any other
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            up = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*up, *(node.module or "").split(".")]).strip(".")
            submodules = [f"{base}.{alias.name}" for alias in node.names]
            named = [name if name in modules else base for name in submodules]
        elif isinstance(node, ast.Constant) and node not in found_by_registries and node.value in named_modules:
            named = [str(node.value)]
        else:
            continue
        found |= {(node.lineno, name) for name in named if name.split(".")[0] == "throughtime"}
    return found


def all_modules(source: Path) -> dict[str, Path]:
    """Every module of the package and its file."""
    files = sorted(source.rglob("*.py"))
    return {".".join(["throughtime", *path.relative_to(source).with_suffix("").parts]): path for path in files}


def wrong_imports(source: Path, rooms: list[str]) -> list[str]:
    """What breaks the order, a sentence each."""
    files = {name.removesuffix(".__init__"): path for name, path in all_modules(source).items()}
    modules, wrong = set(files), []
    for module, path in files.items():
        here = position(module.removeprefix("throughtime").lstrip("."), rooms)
        if here is None:
            wrong.append(f"{module} is in no room: give it a line in ARCHITECTURE.md")
            continue
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        for line, target in sorted(imports(ast.parse(path.read_text(encoding="utf-8")), package, modules)):
            there = position(target.removeprefix("throughtime").lstrip("."), rooms)
            if there is None or there > here:
                wrong.append(f"{module} line {line} imports {target}, which does not stand above it")
    return wrong


def test_every_import_goes_up_the_list() -> None:
    rooms = listed_rooms((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    assert wrong_imports(SOURCE, rooms) == []


def test_every_listed_room_exists_once() -> None:
    rooms = listed_rooms((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    modules = {name.removeprefix("throughtime.").removesuffix(".__init__") for name in all_modules(SOURCE)}
    assert len(set(rooms)) == len(rooms)
    assert [room for room in rooms if room not in modules] == []


ROOMS = ["errors", "data.files", "data.fields", "cells.equations", "cells", "cells.library", "api", "cli"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("errors", "from throughtime.data.files import read"),
        ("errors", "from throughtime.data import files"),
        ("errors", "import throughtime.data.files as f"),
        ("errors", "from .data import files"),
        ("errors", "from . import cells"),
        ("cells/equations", "from throughtime.cells import tanh"),
        ("cells/__init__", "from throughtime.cells import library"),
        ("cells/attic", "import json"),
        ("errors", "def late():\n    from throughtime.cells import step"),
        ("errors", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import throughtime.cells"),
        ("errors", "import importlib\nimportlib.import_module('throughtime.cells')"),
        ("errors", "import throughtime"),
        ("errors", "from throughtime import train"),
        ("data/files/table", "from ..fields import tokens"),
        ("data/files/table", "import throughtime.data.fields.tokens"),
        ("data/files/table", "from throughtime.data import fields"),
        ("cells/library", "import throughtime.cli"),
        ("__init__", "import throughtime.cli"),
        ("attic", "import json"),
    ],
)
def test_a_wrong_import_is_found(tmp_path: Path, name: str, line: str) -> None:
    house(tmp_path)
    (tmp_path / f"{name}.py").write_text(line)
    assert len(wrong_imports(tmp_path, ROOMS)) == 1


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("errors", "import json, torch"),
        ("cells/equations", "from throughtime.data.fields import tokens"),
        ("cells/equations", "import throughtime.errors"),
        ("cells/library", "from throughtime.cells import tanh"),
        ("cells/__init__", "from throughtime.cells.equations import tanh"),
        ("cells/library", "'a docstring about throughtime.cli'"),
        ("errors", "cells: Registry[int] = Registry[int]('cell', 'throughtime.cells')"),
        ("data/fields/tokens", "from ..files import table\nfrom . import tokens"),
        ("data/__init__", "from throughtime.data.fields import tokens"),
        ("__init__", "from throughtime.api import train"),
        ("cli", "import throughtime"),
    ],
)
def test_a_right_import_is_left_alone(tmp_path: Path, name: str, line: str) -> None:
    house(tmp_path)
    (tmp_path / f"{name}.py").write_text(line)
    assert wrong_imports(tmp_path, ROOMS) == []


def house(folder: Path) -> None:
    """A small package of empty files: two floors of folders, the others single files."""
    names = ["__init__", "errors", "data/__init__", "data/files/__init__", "data/files/table", "data/fields/__init__"]
    names += ["data/fields/tokens", "cells/__init__", "cells/equations", "cells/library", "api", "cli"]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.py").touch()
