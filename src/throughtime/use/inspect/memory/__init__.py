"""What a network remembers and how far back it learns: evidence, findings, and what to do."""

from throughtime.use.inspect.memory.context import Context
from throughtime.use.inspect.memory.evidence import Evidence, looked_into
from throughtime.use.inspect.memory.findings import Advice, Finding
from throughtime.use.inspect.memory.verdict import Memory, lines, remembered

__all__ = ["Advice", "Context", "Evidence", "Finding", "Memory", "lines", "looked_into", "remembered"]
