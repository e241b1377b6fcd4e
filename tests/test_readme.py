"""The Python programs of the README run as they stand, and are short."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
LONGEST = 15  # lines


def programs() -> list[str]:
    """The blocks of Python in the section headed "Python"."""
    text = README.read_text(encoding="utf-8") if README.exists() else ""
    section = re.search(r"^(#+) Python\b.*?\n(.*?)(?=^\1 |\Z)", text, re.M | re.S)
    return re.findall(r"^```python\n(.*?)^```$", section[2], re.M | re.S) if section else []


def test_there_are_two_programs() -> None:
    """One trains from a data frame, one uses a recurrent layer in a plain loop."""
    text = programs()
    assert any("DataFrame" in program for program in text) and any("Recurrent(" in program for program in text)


@pytest.mark.parametrize("program", programs())
def test_a_program_is_short_and_runs(program: str, tmp_path: Path) -> None:
    assert len(program.splitlines()) <= LONGEST
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    run = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stderr
