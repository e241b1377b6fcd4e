"""The value that was not finite and stopped training: where it was, and the steps before it."""

from __future__ import annotations

from throughtime.use.report.html import Markup
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.parts import note, section, table


def replay(material: ReportMaterial) -> Markup | None:
    """What running the batch again has found; None where no batch was run again."""
    found = material.inspection.get("nan")
    if not found:
        return None
    where = [[name, str(value)] for name, value in found["found"].items()]
    trail = found["trail"]
    return section(
        "nan",
        "Where training stopped",
        note(found["said"]),
        [note(remark) for remark in found["remarks"]],
        table(["what", "where"], where) if where else None,
        None if trail is None else table(trail["header"], trail["rows"], trail["title"]),
    )
