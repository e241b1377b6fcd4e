"""Heads: hidden sequences to an output and its loss; one file a kind of output."""

from throughtime.models.heads.head import Head, heads
from throughtime.models.heads.summary import Summary

__all__ = ["Head", "Summary", "heads"]
