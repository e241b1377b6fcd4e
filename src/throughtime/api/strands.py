"""Which material may be read on the other strand, and which answers allow it."""

from __future__ import annotations

from collections.abc import Mapping

from throughtime.data.columns import Proposal
from throughtime.data.fields import Field
from throughtime.data.settings import DataSettings
from throughtime.errors import UsageError
from throughtime.models.settings import AnswerSettings
from throughtime.settings import Group


def require_readable_strands(proposal: Proposal, settings: DataSettings) -> None:
    """Raise UsageError for k-mers or the other strand where these columns cannot be read so."""
    kinds = {column: proposal.kinds[column] for column in proposal.inputs}
    if settings.tokens == "kmers" and proposal.unit is not None:
        raise UsageError(
            f'--set tokens=kmers: "{proposal.output}" holds a value for every letter, and there are fewer k-mers than '
            "letters; leave it out"
        )
    if settings.tokens == "kmers" and "sentences" in kinds.values():
        raise UsageError("--set tokens=kmers: k-mers are of sequences, and an input holds sentences; leave it out")
    if settings.reverse_complement == "none":
        return
    option = f"--set reverse_complement={settings.reverse_complement}"
    if "tokens" not in kinds.values():
        raise UsageError(f"{option}: no input holds letters, of which DNA or RNA would be made; leave it out")
    if proposal.kinds[proposal.output] == "tokens":
        raise UsageError(
            f"{option}: a text is written, and what it would be of the other strand is unknown; leave it out"
        )
    others = {"words", "sentences"} | ({"numbers"} if settings.reverse_complement == "tied" else set())
    for column, kind in kinds.items():
        if kind in others:
            raise UsageError(
                f'{option}: column "{column}" ({kind}) goes step by step too and knows no other strand; '
                "leave it out with --input"
            )


def require_answers_of_strands(fitted: Mapping[str, Field], output: str, settings: DataSettings, task: Group) -> None:
    """Raise UsageError where tags are read in one direction alone, so that turned round they mean something else."""
    if settings.reverse_complement == "none":
        return
    option = f"--set reverse_complement={settings.reverse_complement}"
    if isinstance(task, AnswerSettings):
        raise UsageError(f"{option}: a question looks at a story, which has one direction; leave it out")
    if (scheme := getattr(fitted[output], "scheme", None)) is not None:
        raise UsageError(f'{option}: the {scheme} tags of "{output}" begin and go on, in one direction; leave it out')
    if settings.reverse_complement == "tied" and getattr(task, "crf", "no") == "yes":
        raise UsageError(
            "--set crf=yes: it scores which tag follows which, and tied strands have no direction; leave one out"
        )
