"""A source of running text, split, its vocabulary fitted, and tokenised into files."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from throughtime.data.fields.tokens import Tokens
from throughtime.data.files import read
from throughtime.data.held_out import by_value, fraction, is_path
from throughtime.data.order import permutation
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.data.splits import NAMES
from throughtime.data.streams.document import Document
from throughtime.data.streams.store import Stream, stored, vocabulary_of
from throughtime.data.streams.texts import documents_of, total
from throughtime.data.tokenisation import proposed_unit, unit_name
from throughtime.data.vocabulary import EOS, SOS, SPECIALS, Vocabulary
from throughtime.errors import DataError, Place, UsageError

COLUMN = "text"
FILES = 10  # so many files and more are split file by file
ENOUGH = 500_000  # bytes of a held-out split; a larger share of a long text only takes time
LEAST = 64  # tokens of training
LEAD = 256  # tokens that are read before a text is written

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Streams:
    """The splits as streams, and the field that knows their tokens."""

    source: str
    field: Tokens
    splits: Mapping[str, Stream]
    suffix: str  # of the files, ".py"

    def __getitem__(self, split: str) -> Stream:
        return self.splits[split]


def read_streams(
    source: Any,
    settings: DataSettings,
    tell: Tell,
    *,
    records: Records | None = None,
    known: Tokens | None = None,
    room: Path | None = None,
) -> Streams:
    """Find the texts of ``source``, split them, fit the vocabulary on the training split, and tokenise all of it.

    ``records`` are rows whose texts are taken, where the source is no plain text; ``known`` is a field that is fitted
    already, as that of a run to begin from. The tokens lie on the disk of the folder ``room``, or where temporary files
    lie. Raises DataError and UsageError.
    """
    parts, several = split_documents(source, settings, tell, records)
    documents = [document for name in NAMES for document in parts[name]]
    unit, reason = _unit(parts["train"], settings, known)
    fitted = known or _fitted(parts["train"], unit, reason, settings, tell)
    splits = {name: stored(parts[name], fitted, room, several=several) for name in NAMES}
    what = unit_name(fitted.unit)
    for name in NAMES:
        place = Place((parts[name] or documents)[0].name)
        if len(splits[name]) == 0:
            raise DataError(f"the {name} split has no text", place=place, mend=f"give more text, or --{name} FILE")
        if name == "train" and len(splits[name]) < LEAST:
            found = f"the training split has {len(splits[name])} {what}, too few to learn from"
            raise DataError(found, place=place, mend=f"give a text of at least {2 * LEAST} {what}")
    fitted = replace(fitted, start=_start(fitted, splits["train"]))
    tell(f"{what}: " + ", ".join(f"{len(splits[name]):,} {name}" for name in NAMES))
    suffix = documents[0].path.suffix.lower() if documents[0].path else ""
    named = str(source) if isinstance(source, (str, os.PathLike)) else "the texts"
    return Streams(named, fitted, splits, suffix)


def split_documents(
    source: Any, settings: DataSettings, tell: Tell, records: Records | None = None
) -> tuple[dict[str, list[Document]], bool]:
    """The texts of each split, as they are found or cut; and whether there are several to train on."""
    documents, words = documents_of(source, settings, records)
    tell(f"{words}, {total(documents):,} {'bytes' if documents[0].path else 'characters'}")
    parts = _given(documents, settings, rows=records is not None)
    several = len(parts["train"]) > 1
    parts |= _cut(parts.pop("train"), settings, [name for name in ("test", "valid") if name not in parts], tell)
    return parts, several


def read_stream(source: Any, settings: DataSettings, known: Tokens, records: Records | None = None) -> Streams:
    """All of a source as one stream, under the name ``test``, its tokens those of a field that is fitted already."""
    documents, words = documents_of(source, settings, records)
    stream = stored(documents, known, None, several=len(documents) > 1)
    if len(stream) == 0:
        raise DataError("there is no text", place=Place(documents[0].name), mend="give a text")
    return Streams(words, known, {"test": stream}, "")


def _given(documents: list[Document], settings: DataSettings, *, rows: bool) -> dict[str, list[Document]]:
    """Train, and the parts that the source itself or the settings give: a text, or ``rows`` whose texts are taken."""
    parts = {name: [document for document in documents if document.split == name] for name in NAMES}
    parts = {name: part for name, part in parts.items() if part or name == "train"}
    for name in ("valid", "test"):
        value = getattr(settings, name)
        if by_value(name, value) is not None:
            raise UsageError(f"--{name} {value}: running text has no columns; give a fraction, a file or a folder")
        if not is_path(name, value):
            continue
        if name in parts:
            raise UsageError(f"--{name} {value}: {parts[name][0].name} is the {name} split already; leave one out")
        parts[name] = documents_of(value, settings, read(value, settings) if rows else None)[0]
    return parts


def _cut(
    documents: list[Document], settings: DataSettings, drawn: Sequence[str], tell: Tell
) -> dict[str, list[Document]]:
    """Train and the parts that are ``drawn``: whole files where there are many, else the end of the text."""
    shares = {name: fraction(name, getattr(settings, name)) or 0.0 for name in drawn}
    if sum(shares.values()) >= 1:
        raise UsageError("--valid and --test leave nothing to train on; give smaller fractions")
    whole = total(documents)
    bytes_of = {name: min(int(share * whole), ENOUGH) for name, share in shares.items()}
    if not drawn:
        return {"train": documents}
    if len(documents) >= FILES:
        parts = _whole_files(documents, bytes_of, settings.split_seed)
    else:
        parts = _ends(documents, bytes_of)
    how = "whole texts, drawn at random" if len(documents) >= FILES else "the end of the text, cut between lines"
    tell(f"{' and '.join(reversed(drawn))}: {how}")
    return parts


def _whole_files(documents: list[Document], bytes_of: Mapping[str, int], seed: int) -> dict[str, list[Document]]:
    left = [int(k) for k in permutation(len(documents), seed)]
    parts: dict[str, list[Document]] = {}
    for name, wanted in bytes_of.items():
        taken: list[int] = []
        while len(left) > 1 and (not taken or sum(documents[k].size for k in taken) < wanted):
            taken.append(left.pop())
        parts[name] = [documents[k] for k in sorted(taken)]
    return {**parts, "train": [documents[k] for k in sorted(left)]}


def _ends(documents: list[Document], bytes_of: Mapping[str, int]) -> dict[str, list[Document]]:
    """Parts from the end backwards: test, then valid; each begins where a line begins."""
    rest, parts = list(documents), {}
    for name, wanted in bytes_of.items():
        taken: list[Document] = []
        missing = wanted
        while rest and missing > 0:
            last = rest.pop()
            if last.size <= missing:
                taken.insert(0, last)
                missing -= last.size
                continue
            at = _border(last, missing)
            rest.append(last.part(last.begin, at))
            taken.insert(0, last.part(at, last.end))
            missing = 0
        parts[name] = taken
    return {**parts, "train": rest}


def _border(document: Document, size: int) -> int:
    """Where its end of about this size begins: with a line, where one begins nearby, or else a character."""
    wanted = document.end - size
    for at in (wanted, max(document.begin + 1, wanted - size)):
        line = document.line_start(at)
        if line < document.end:
            return line
    return document.character_start(wanted)


def _unit(train: Sequence[Document], settings: DataSettings, known: Tokens | None) -> tuple[Any, str]:
    if known is not None:
        return known.unit, "as in the run that it begins from"
    if settings.tokens in ("subwords", "kmers"):
        raise UsageError(
            f"--set tokens={settings.tokens}: running text is cut into characters, bytes or words; say one of these"
        )
    sample = _sample(train)
    if settings.tokens != "auto":
        return proposed_unit(sample, settings.tokens)
    if any("<unk>" in text for text in sample):
        return "spaces", "the text holds <unk>, so its words are cut already"
    return "characters", "as running text is read; --set tokens=words reads words"


def _sample(train: Sequence[Document]) -> list[str]:
    texts = (next(document.pieces(), "")[:20_000] for document in islice(train, 50))
    return [line for text in texts for line in text.splitlines()[:200] if line.strip()]


def _start(field: Tokens, train: Stream) -> tuple[str, ...]:
    """The end of the training text, up to an end of a line or a text, so that what follows begins one.

    Nothing else would do: training sees ``<sos>`` once, and an empty state in the midst of things.
    """
    tokens = field.vocabulary.decode(train.read(max(0, len(train) - LEAD), len(train)))
    ends = [place for place, token in enumerate(tokens) if token in (EOS, "\n")]
    return tuple(tokens[: ends[-1] + 1]) if ends else (SOS, *tokens)


def _fitted(train: Sequence[Document], unit: Any, reason: str, settings: DataSettings, tell: Tell) -> Tokens:
    lower = settings.lower_case == "yes"
    empty = Tokens(COLUMN, Vocabulary(SPECIALS), unit, lower, None)
    vocabulary, tokens, unknown = vocabulary_of(train, empty, settings.min_count, settings.max_vocabulary)
    what = unit_name(unit)
    if all(token.isspace() for token in vocabulary.tokens[len(SPECIALS) :]):
        if unknown:
            raise UsageError(
                f"--set min_count={settings.min_count}: no {what[:-1]} occurs so often; give a smaller one"
            )
        place = Place(train[0].name if train else None)
        raise DataError(f"the training text holds no {what}", place=place, mend="give a text that is not blank")
    rare = f"; rarer ones are <unk> ({unknown / max(1, tokens):.1%} of the text)" if unknown else ""
    lowered = ", lower-cased" if lower else ""
    tell(f"cut into {what}{lowered} ({reason}): {len(vocabulary) - len(SPECIALS):,} different ones in training{rare}")
    return Tokens(COLUMN, vocabulary, unit, lower, None)
