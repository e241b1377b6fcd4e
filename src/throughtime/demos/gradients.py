"""The laboratory of vanishing gradients: how far back each kind of network learns, on one page, in minutes."""

from __future__ import annotations

from pathlib import Path

from throughtime.demos.demo import Laboratory, Shown, demos
from throughtime.errors import UsageError
from throughtime.laboratory import FULL, Size, build, investigate, sentences, summary
from throughtime.training.file_kinds import TextFile
from throughtime.training.interrupts import InterruptionError, stop_requests
from throughtime.training.progress import Progress

PAGE = "gradients.html"


def run(folder: Path, progress: Progress, size: Size = FULL) -> Shown:
    """Try everything out, and write the page into ``folder``.

    Raises UsageError where the folder cannot be made, and InterruptionError after Ctrl-C; nothing is written then.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: the folder cannot be made ({error.strerror}); choose another --run") from error
    page = TextFile(folder / PAGE)
    with stop_requests() as asked:

        def each() -> None:
            if asked():
                raise InterruptionError("stopped; the laboratory keeps nothing, and begins anew the next time")

        findings = investigate(size, progress.note, each)
    page.write(build(findings))
    return Shown(sentences(findings), summary(findings), page.path)


demos.add(
    "gradients",
    Laboratory(
        name="gradients",
        title="How far back do networks learn? The vanishing gradient, tried out",
        story="Five kinds of networks learn problems in which something must be remembered over 5 to 300 steps. It "
        "takes a few minutes; each line below is a network that was trained.",
        run=run,
    ),
)
