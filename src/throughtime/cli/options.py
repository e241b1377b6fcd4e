"""What the commands that read settings share: options and ``--set`` as one set of choices."""

from __future__ import annotations

from collections.abc import Sequence

from throughtime.errors import UsageError


def chosen(pairs: Sequence[str] | None, **options: object) -> dict[str, object]:
    """The options that were given, and the ``key=value`` pairs of ``--set``.

    Raises UsageError for a pair without ``=``, and for a setting that is given in both ways.

    >>> chosen(["min-count=3"], epochs="5", cell=None)
    {'epochs': '5', 'min_count': '3'}
    """
    found = {name: value for name, value in options.items() if value is not None}
    for pair in pairs or ():
        key, sign, value = pair.partition("=")
        name = key.strip().replace("-", "_")
        if not sign or not name:
            raise UsageError(f"--set {pair}: write it as key=value")
        if name in found:
            raise UsageError(f"--set {pair}: {name} is given twice; give it once")
        found[name] = value.strip()
    return found
