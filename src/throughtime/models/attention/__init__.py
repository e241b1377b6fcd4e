"""Attention: which steps of a sequence a query looks at, and what it sees there; one file a way."""

from throughtime.models.attention.attention import Attention, Memory, attentions

__all__ = ["Attention", "Memory", "attentions"]
