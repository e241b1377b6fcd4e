"""The whole of `throughtime bench` on this machine, written to benchmarks/engine.json and benchmarks/ENGINE.md.

    python benchmarks/engine.py [TABLE ...]

Nothing else should run beside it. With names, only these tables are measured anew, and the files hold these alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from throughtime.api.bench import TABLES, Plan, Results, bench, chosen, in_words, markdown, progress_on
from throughtime.training.file_kinds import to_json

FOLDER = Path(__file__).resolve().parent


def write(results: Results) -> None:
    (FOLDER / "engine.json").write_text(to_json(results.to_json(), indent=1) + "\n")
    (FOLDER / "ENGINE.md").write_text(markdown(results, "python benchmarks/engine.py"))


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the native engine beside torch.")
    parser.add_argument("tables", nargs="*", help=f"some of: {', '.join(table.name for table in TABLES)}")
    results = bench(chosen(parser.parse_args().tables), Plan(), progress_on(), write)
    print(in_words(results))


if __name__ == "__main__":
    main()
