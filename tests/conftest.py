"""For all tests: which package is tested, and one thread for each process that tests."""

from __future__ import annotations

import filecmp
import importlib.util
import os
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "throughtime"

collect_ignore = ["core.py"]  # a program of its own, for an installation without pytest: make core

# Several processes test side by side; threads on top of them would only wait for one another. Before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def package_under_test() -> Path:
    """The folder of the throughtime that the tests import."""
    spec = importlib.util.find_spec("throughtime")
    assert spec is not None and spec.origin is not None, "throughtime is not installed: make install"
    return Path(spec.origin).parent.resolve()


def changed_since_installation() -> list[str]:
    """Files of src/ that the tested package lacks or has in another form."""
    package = package_under_test()
    names = [str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*") if path.suffix in (".py", ".typed")]
    _, differing, missing = filecmp.cmpfiles(SOURCE, package, names, shallow=False)
    return sorted(differing + missing)


def pytest_report_header() -> str:
    stale = "; older than src/, run make install" if changed_since_installation() else ""
    return f"throughtime: {package_under_test()}{stale}"
