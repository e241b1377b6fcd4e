"""Rows drawn into train and the parts that are held out: class by class, or group by group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from throughtime.data.order import permutation


def rows_drawn(count: int, classes: Sequence[str] | None, shares: Mapping[str, float], seed: int) -> list[str]:
    """The part of each row. What a class gives too little of, by rounding, the next one makes up for."""
    rows_of: dict[str, list[int]] = {}
    for row in permutation(count, seed).tolist():
        rows_of.setdefault("" if classes is None else classes[row], []).append(row)
    where = ["train"] * count
    owed = dict.fromkeys(shares, 0.0)
    for name in sorted(rows_of):
        rows = left = rows_of[name]
        for part, share in shares.items():
            exact = share * len(rows)
            wanted = exact + owed[part]
            take = max(0, min(round(wanted), int(exact) + 1, len(left) - 1))
            owed[part] = min(wanted - take, 1.0)
            for row in left[:take]:
                where[row] = part
            left = left[take:]
    return where


def groups_drawn(
    groups: Sequence[str], classes: Sequence[str] | None, shares: Mapping[str, float], seed: int
) -> list[str]:
    """The part of each row, whole groups in a drawn order: to a part that has room for half of them, else to train."""
    sizes = Counter(groups)
    names = sorted(sizes)
    filled = dict.fromkeys(shares, 0)
    part_of = {}
    for k in permutation(len(names), seed):
        group = names[k]
        room = (part for part in shares if filled[part] + sizes[group] / 2 <= shares[part] * len(groups))
        part = part_of[group] = next(room, "train")
        if part in filled:
            filled[part] += sizes[group]
    for name in sorted(set(classes or ())):
        holding = {group for group, found in zip(groups, classes or (), strict=True) if found == name}
        if not any(part_of[group] == "train" for group in holding):
            part_of[min(holding, key=lambda group: (sizes[group], group))] = "train"
    return [part_of[group] for group in groups]


def single_rows(classes: Sequence[str]) -> list[str]:
    """A note on classes that can stand in training only."""
    single = sorted(name for name, count in Counter(classes).items() if count == 1)
    if not single:
        return []
    listed = ", ".join(single[:5]) + (", ..." if len(single) > 5 else "")
    have = "1 class has" if len(single) == 1 else f"{len(single):,} classes have"
    return [f"{have} a single row, which stands in training and is not tested: {listed}"]
