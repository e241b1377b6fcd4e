"""Every made-up run by its name."""

from __future__ import annotations

from collections.abc import Callable

from tests.use import (
    forecast_material,
    inspect_material,
    music_material,
    report_material,
    step_material,
    text_material,
    unit_material,
)
from throughtime.use.report import ReportMaterial

ALL: dict[str, Callable[[], ReportMaterial]] = {
    **report_material.ALL,
    **step_material.ALL,
    **inspect_material.ALL,
    **unit_material.ALL,
    **text_material.ALL,
    **forecast_material.ALL,
    **music_material.ALL,
}
