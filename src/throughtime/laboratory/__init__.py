"""How far back networks learn, tried out on problems of which it is known what must be remembered.

from throughtime.laboratory import build, investigate
findings = investigate()          # minutes
page = build(findings)            # HTML
"""

from throughtime.laboratory.findings import FULL, Findings, Size, investigate
from throughtime.laboratory.page import build
from throughtime.laboratory.summary import sentences, summary

__all__ = ["FULL", "Findings", "Size", "build", "investigate", "sentences", "summary"]
