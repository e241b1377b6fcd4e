"""Texts that a language model is looked into with: those given, or those of its own that it has not learned from."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from throughtime.data.files import read
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.data.streams import split_documents
from throughtime.data.streams.document import Document
from throughtime.data.streams.texts import documents_of
from throughtime.errors import UsageError
from throughtime.training.runs import Run


def documents_for(data: Any, run: Run, settings: DataSettings) -> list[Document]:
    """``data``, which is a file, a folder or a list of texts; None means the validation and test texts of the run.

    Raises UsageError where these are gone, or have changed since: then some may have been learned from.
    """
    if isinstance(data, list) and data and all(isinstance(text, str) for text in data):
        return [Document.in_memory(text, f"text {i}") for i, text in enumerate(data, start=1)]
    if data is not None:
        return documents_of(data, settings, _records(data, settings))[0]
    source = _source(run)
    parts, _ = split_documents(source, settings, lambda sentence: None, _records(source, settings))
    held_out = [digest_of(parts[name]) for name in ("valid", "test")]
    if held_out != str(run.data.read().get("digest")).split()[1:]:
        raise UsageError(
            f"{source} has changed since the run was trained, so that other texts would be held out now; "
            "name one that the run has not seen, as data"
        )
    return [*parts["valid"], *parts["test"]]


def digest_of(documents: Sequence[Document]) -> str:
    """The digest of texts, as :class:`throughtime.data.streams.Stream` keeps it."""
    digest = sha256()
    for document in documents:
        for piece in document.pieces():
            digest.update(piece.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _source(run: Run) -> str:
    config: Mapping[str, Any] = run.config.read().get("run", {})
    source = str(config.get("data") or "")
    if not source:
        raise UsageError(f"{run.path}: the run was trained on texts from Python, which it does not keep; give data")
    if not os.path.exists(os.path.expanduser(source)):
        raise UsageError(f"{source}, which the run was trained on, is not there any more; name another text as data")
    return source


def _records(source: Any, settings: DataSettings) -> Records | None:
    """Rows whose texts are taken, where the source is no plain text."""
    plain = isinstance(source, (str, Path)) and not settings.input and settings.format == "auto"
    return None if plain else read(source, settings)
