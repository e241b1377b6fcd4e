"""What no file of the project may hold: paths of one machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
MACHINE_PATH = re.compile(r"(?<![\w.~$])/(work|root|home|Users|tmp)/\w")
NOT_OURS = {".git", ".venv", ".venv-core", "build", "dist", "runs", "_built", "__pycache__"}


def project_files() -> list[Path]:
    """Files that are tracked or would be; without git, all but what the commands build."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if (ROOT / ".git").exists():
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        files = [ROOT / name for name in listed.split("\0") if name]
    else:
        files = [path for path in ROOT.rglob("*") if not NOT_OURS & set(path.relative_to(ROOT).parts)]
    return [path for path in files if path.is_file()]


def machine_paths(text: str) -> list[int]:
    """The lines that name a path of one machine."""
    return [number for number, line in enumerate(text.splitlines(), 1) if MACHINE_PATH.search(line)]


def test_machine_paths_are_found() -> None:
    text = "a\n{0}work/x\nhttps://example.org{0}home/x\n'{0}root/x'\n../{0}tmp\n--run={0}tmp/x".format("/")
    assert machine_paths(text) == [2, 4, 6]


def test_no_file_names_a_path_of_one_machine() -> None:
    files = project_files()
    assert len(files) > 20
    found = {str(path.relative_to(ROOT)): machine_paths(path.read_text("utf-8", errors="replace")) for path in files}
    assert {name: lines for name, lines in found.items() if lines} == {}
