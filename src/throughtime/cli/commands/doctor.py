"""throughtime doctor"""

from __future__ import annotations

from throughtime.cli import options
from throughtime.cli.main import app
from throughtime.cli.output import print_json


@app.command()
def doctor(json: options.Json = False) -> None:
    """Say what this machine runs the recurrent layers with, and recompute a known answer with each engine."""
    from throughtime.api.doctor import examine

    found = examine()
    if json:
        print_json(found)
        return
    for name, value in found.items():
        print(f"{name}: {value}")
