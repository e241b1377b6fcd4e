"""The help answers at once: what it imports loads neither torch nor numpy."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from throughtime.cli import main
sys.argv = ["throughtime", *{arguments!r}]
try:
    code = main()
except SystemExit as stop:
    code = stop.code
heavy = {{"torch", "numpy", "pandas", "safetensors"}} & set(sys.modules)
sys.exit(f"exit code {{code}}, imported: {{sorted(heavy)}}" if code or heavy else 0)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    program = PROGRAM.format(arguments=arguments)
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()


def test_the_front_door_loads_nothing_heavy() -> None:
    program = "import sys, throughtime; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
