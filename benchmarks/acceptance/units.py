"""Units of a model of Python source that stand for something, chosen on some files and measured on others."""

from __future__ import annotations

from pathlib import Path

from language import standard_library
from lines import WORK, Measured, line, train

import throughtime

ANNOTATIONS = ("inside_string", "inside_comment", "indentation")


@line("units of python source")
def units(data: Path) -> Measured:
    run = WORK / "units"
    train(standard_library(), run, "--max-minutes", "10", "--epochs", "3")
    found = throughtime.load(run).units(ANNOTATIONS)
    apart = not set(found.files["chosen"]) & set(found.files["held_out"])
    best = {annotation.name: (annotation.units[0], annotation.by_chance) for annotation in found.annotations}
    named = [
        f"{name}: {unit.name} {'Pearson' if unit.threshold is None else 'Matthews'} {unit.agreement:.3f} "
        f"(by chance {chance:.3f})"
        for name, (unit, chance) in best.items()
    ]
    read = f"{found.tokens['held_out']:,} characters of {len(found.files['held_out'])} held-out files"
    return {
        "bar": "units for inside a string, inside a comment, and indentation are named, with their agreement on "
        "held-out files",
        "reached": f"{'; '.join(named)}; on {read}",
        "passed": apart and all(unit.agreement > 2 * abs(chance) for unit, chance in best.values()),
    }
