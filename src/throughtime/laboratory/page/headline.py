"""What came out, in a few sentences with their figures."""

from __future__ import annotations

from throughtime.laboratory.findings import Findings
from throughtime.laboratory.summary import sentences
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.numbers import duration


def headline(findings: Findings) -> Markup:
    """The title, the sentences, and how much was tried out."""
    words = [tag("p", sentence, class_="verdict-words") for sentence in sentences(findings)]
    trials = [findings.adding, findings.latch, findings.beginnings, findings.clipping, findings.grammar]
    facts = {"networks trained": str(sum(map(len, trials))), "in": duration(findings.seconds)}
    return tag(
        "header",
        tag("p", "throughtime demo gradients", class_="eyebrow"),
        tag("h1", "How far back do networks learn?"),
        tag("div", words, class_="verdict"),
        tag("dl", [tag("div", tag("dt", what), tag("dd", value)) for what, value in facts.items()], class_="facts"),
    )
