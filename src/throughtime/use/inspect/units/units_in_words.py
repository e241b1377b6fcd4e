"""Units that were found, as lines for a terminal."""

from __future__ import annotations

from throughtime.use.inspect.units.found_units import AnnotationFound, FoundUnit, UnitsFound

FIGURES = {
    "matthews": "Matthews",
    "f1": "F1",
    "auc": "AUC",
    "pearson": "Pearson",
    "spearman": "Spearman",
    "r_squared": "R²",
}


def units_in_words(found: UnitsFound) -> list[str]:
    """What was read, then for each annotation what it is, what chance and a constant give, and the units with figures.

    All figures are those of the held-out half.
    """
    said = [f"{found.searched:,} units ({', '.join(found.states)}); {found.notes[0]}", *found.notes[1:]]
    for annotation in found.annotations:
        said += ["", *_of(annotation)]
    return said


def typical(found: AnnotationFound) -> str:
    """What the annotation is like, and what is reached without looking, in words."""
    if found.kind == "yes/no":
        return (
            f"true of {found.typical['share']:.1%} (saying so always has F1 {found.constant['f1']:.3f}); "
            f"by chance, the marks moved along the text, Matthews {found.by_chance:.3f}"
        )
    return (
        f"mean {found.typical['mean']:.2f}, deviation {found.typical['deviation']:.2f}; "
        f"moved in time it is met with Pearson {found.by_chance:.3f}"
    )


def rule(unit: FoundUnit) -> str:
    """How a unit is read.

    >>> figures = {"matthews": 0.9, "f1": 0.9, "auc": 0.95}
    >>> rule(FoundUnit("l0.c[3]", 0, "c", 3, -1, 0.25, None, None, figures, figures))
    'yes below 0.25'
    """
    if unit.threshold is not None:
        return f"yes {'above' if unit.sign > 0 else 'below'} {unit.threshold:.3g}"
    return f"{unit.slope:.3g} x {unit.intercept:+.3g}"


def _of(found: AnnotationFound) -> list[str]:
    width = max(len(unit.name) for unit in found.units)
    rules = max(len(rule(unit)) for unit in found.units)
    rows = [
        f"  {unit.name:{width}}  {rule(unit):{rules}}  "
        + "  ".join(f"{FIGURES[name]} {value:6.3f}" for name, value in unit.held_out.items())
        for unit in found.units
    ]
    best = max(abs(unit.held_out["matthews" if found.kind == "yes/no" else "pearson"]) for unit in found.units)
    none = ["  no unit stands for this: chance does as well"] if best <= abs(found.by_chance) else []
    return [f"{found.name}: {typical(found)}", *none, *rows]
