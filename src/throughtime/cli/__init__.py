"""The command line, one file a command; it holds no logic of its own and imports nothing heavy before it is needed."""

from throughtime.cli.main import main

__all__ = ["main"]
