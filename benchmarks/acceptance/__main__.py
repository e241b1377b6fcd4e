"""The acceptance runs on real data: each line runs a command as a user would, and is measured against its bar.

    python benchmarks/acceptance --data DATA [--again] [LINE ...]

What is done is kept in benchmarks/results.json and not done again; with --again it is, and what it took before stands
beside. A line that was stopped goes on. The table is written to benchmarks/RESULTS.md after every line.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from pathlib import Path

# each registers its lines; in this order they are run
import answering  # noqa: F401
import classifying  # noqa: F401
import dna  # noqa: F401
import forecasting  # noqa: F401
import killing  # noqa: F401
import laboratory  # noqa: F401
import language  # noqa: F401
import music  # noqa: F401
import sensing  # noqa: F401
import tagging  # noqa: F401
import transducing  # noqa: F401
import transfer  # noqa: F401
import trying  # noqa: F401
import units  # noqa: F401
from lines import WORK, Measured, lines

FOLDER = Path(__file__).resolve().parents[1]
RESULTS = FOLDER / "results.json"


def machine() -> str:
    """The machine in words."""
    import torch

    model = next(
        (row.split(":")[1].strip() for row in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in row), ""
    )
    return (
        f"{platform.machine()} {model}, {os.cpu_count()} cores ({torch.backends.cpu.get_cpu_capability()}), "
        f"Python {platform.python_version()}, torch {torch.__version__}"
    )


def _before(measured: Measured, letter: dict[str, str]) -> str:
    """What the line took when it was last measured, and reached, where it was measured again."""
    if "before" not in measured:
        return ""
    before = measured["before"]
    return f"{before['seconds']:.0f} s on {letter.get(before['machine'], '?')}: {before['reached'].partition(';')[0]}"


def write_results(results: dict[str, Measured]) -> None:
    """benchmarks/RESULTS.md: everything between the marks is ours to replace."""
    measured = [one for r in results.values() for one in (r, r.get("before", r))]
    letter = {name: chr(65 + k) for k, name in enumerate(dict.fromkeys(one["machine"] for one in measured))}
    rows = [
        f"| {name} | {r['bar']} | {r['reached']} | {'yes' if r['passed'] else '**no**'} | {r['seconds']:.0f} "
        f"| {letter[r['machine']]} | {_before(r, letter)} |"
        for name, r in results.items()
    ]
    header = "| line | bar | reached | passed | seconds | machine | before |"
    table = [header, "|---|---|---|---|---|---|---|", *rows]
    listed = [f"- {mark}: {name}" for name, mark in letter.items()]
    body = "\n".join(["# Results", "", "Written by `make acceptance`. Machines:", "", *listed, "", *table, ""])
    (FOLDER / "RESULTS.md").write_text(body)


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the acceptance lines on real data.")
    parser.add_argument("--data", type=Path, required=True, help="folder with names/, reviews/, ...")
    parser.add_argument("--again", action="store_true", help="measure again what is done")
    parser.add_argument("lines", nargs="*", help=f"some of: {', '.join(lines)}")
    arguments = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    results: dict[str, Measured] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name, run in lines.items():
        done = name in results and not arguments.again
        if done or (arguments.lines and name not in arguments.lines):
            continue
        print(f"== {name}", flush=True)
        started = time.monotonic()
        measured = {**run(arguments.data), "seconds": time.monotonic() - started, "machine": machine()}
        results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}  # another line may have ended meanwhile
        if name in results:
            measured["before"] = {key: results[name][key] for key in ("seconds", "machine", "reached")}
        results[name] = measured
        RESULTS.write_text(json.dumps(results, indent=1))
        write_results(results)
        print(f"   {results[name]['reached']} ({'passed' if results[name]['passed'] else 'MISSED'})", flush=True)
    write_results(results)


if __name__ == "__main__":
    main()
