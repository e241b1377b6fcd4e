"""The engine, built so that every access outside its memory and every undefined step stops it, under the same tests.

``python -m tests.engine.sanitized`` builds it aside with g++ and runs configurations at random, streams and changed
programs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from setup import EVERYWHERE, SOURCES, X86  # of this project

SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-g", "-O1", "-w"]
CHECKS = """
import os
from tests.engine.raw import attack
from tests.engine.test_bf16 import ISAS
from tests.engine.test_bf16 import check as check_bf16
from tests.engine.test_law_one import check
from tests.engine.test_streaming import test_sizes
from throughtime.cells.engine.native.library import isas

print("changed programs: %d refused, %d run" % attack(3, 400), flush=True)
for seed in range(10_000, 10_150):
    os.environ["THROUGHTIME_ISA"] = isas()[seed % len(isas())]
    check(seed)
    test_sizes((1, 16, 33, 64)[seed % 4], (1, 2, 7)[seed % 3])
print("150 configurations and streams, on", *isas(), flush=True)
for seed in range(100 if ISAS else 0):
    os.environ["THROUGHTIME_ISA"] = ISAS[seed % len(ISAS)]
    check_bf16(seed)
print("and with products of bf16, on", *ISAS)
"""


def build(folder: Path, compiler: str) -> Path:
    """The engine with sanitizers."""
    objects = []
    for name in ("engine", "program", "portable", *X86):
        target = folder / f"{name}.o"
        flags = [flag for flag in (*EVERYWHERE, *X86.get(name, [])) if flag != "-O3"]
        subprocess.run([compiler, *flags, *SANITIZERS, "-c", SOURCES / f"{name}.cpp", "-o", target], check=True)
        objects.append(target)
    library = folder / "_engine.so"
    subprocess.run([compiler, "-shared", *SANITIZERS, "-o", library, *objects], check=True)
    return library


def main() -> int:
    compiler = shutil.which("g++")
    if compiler is None:
        print("skipped: there is no g++ on this machine")
        return 0
    with tempfile.TemporaryDirectory() as name:
        library = build(Path(name), compiler)
        runtimes = [
            subprocess.run([compiler, f"-print-file-name=lib{kind}.so"], capture_output=True, text=True, check=True)
            for kind in ("asan", "ubsan")
        ]
        environment = {
            **os.environ,
            "LD_PRELOAD": ":".join(found.stdout.strip() for found in runtimes),
            "ASAN_OPTIONS": "detect_leaks=0",  # Python itself does not give everything back
            "THROUGHTIME_ENGINE_FILE": str(library),
            "THROUGHTIME_POISON": "1",
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]),
        }
        return subprocess.run([sys.executable, "-c", CHECKS], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
