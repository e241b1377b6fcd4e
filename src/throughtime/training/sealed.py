"""A JSON record and a file of tensors that belong together, replaced in one switch and read back to the bit.

In the folder stand one file of tensors, named after its content, and the record, which names it, carries its checksum
and its own. The tensors are written and flushed first; replacing the record is the switch; only then are older tensors
removed. A kill at any instant so leaves the old pair or the new.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from torch import Tensor

from throughtime.errors import DataError, Place
from throughtime.training import durable
from throughtime.training.file_kinds import JsonFile, parsed_tensors, tensor_bytes
from throughtime.training.runs import FORMAT, check_format


def seal(path: Path, name: str, record: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Write ``record`` as ``path`` and the tensors beside it, in a file whose name begins with ``name``.

    Where that fails, what was there before is still there and whole.
    """
    content = tensor_bytes(tensors)
    checksum = durable.digest(content)
    beside = path.with_name(f"{name}-{checksum[:16]}.safetensors")
    durable.write(beside, content)
    if durable.digest(durable.read(beside)) != checksum:
        raise durable.damaged(beside, "the disk does not give back what was written")
    sealed = {"tensors": {"file": beside.name, "sha256": checksum}, **record}
    JsonFile(path).write({"format": FORMAT, "sha256": _digest(sealed), **sealed})
    for other in path.parent.glob("*.safetensors"):
        if other != beside:
            other.unlink(missing_ok=True)
    durable.tidy(path.parent)


def unsealed(path: Path, what: str, mend: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The record and the tensors; a DataError that names a damaged file, and says of ``what`` and the ``mend``."""
    record = JsonFile(path).read()
    check_format(path, record)
    checksum = record.pop("sha256", None)
    if _digest({name: value for name, value in record.items() if name != "format"}) != checksum:
        raise _unusable(path, what, mend)
    beside = path.with_name(record["tensors"]["file"])
    content = durable.read(beside)
    if durable.digest(content) != record["tensors"]["sha256"]:
        raise _unusable(beside, what, mend)
    return record, parsed_tensors(beside, content)


def _digest(record: Mapping[str, Any]) -> str:
    try:
        content = msgspec.json.encode(record, order="deterministic")
    except UnicodeEncodeError:  # half a surrogate pair, as in a file's name that is no UTF-8
        content = json.dumps(record, sort_keys=True).encode()
    return durable.digest(content)


def _unusable(path: Path, what: str, mend: str) -> DataError:
    return DataError(f"{what} is damaged (its checksum is wrong)", mend=mend, place=Place(str(path)))
