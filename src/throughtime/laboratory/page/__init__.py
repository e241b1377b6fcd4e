"""The laboratory's findings as one page, a section for each question; a file here is one section."""

from __future__ import annotations

from throughtime.laboratory.findings import Findings
from throughtime.laboratory.page.beginnings import beginnings
from throughtime.laboratory.page.clipping import clipping
from throughtime.laboratory.page.distances import distances
from throughtime.laboratory.page.grammar import grammar
from throughtime.laboratory.page.headline import headline
from throughtime.laboratory.page.lags import lags
from throughtime.use.report.frame import contents, whole_page
from throughtime.use.report.html import tag

SECTIONS = {
    "distances": ("How much arrives", distances),
    "lags": ("What is learned", lags),
    "beginnings": ("How the weights begin", beginnings),
    "clipping": ("Clipping", clipping),
    "grammar": ("The embedded Reber grammar", grammar),
}


def build(findings: Findings) -> str:
    """The whole page as one self-contained text."""
    links = contents({name: title for name, (title, _) in SECTIONS.items()})
    bodies = [section(findings) for _, section in SECTIONS.values()]
    return whole_page("Vanishing gradients · throughtime", tag("main", headline(findings), links, bodies))
