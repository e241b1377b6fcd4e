"""Demonstrations on material that every machine has; a file here is one."""

from throughtime.demos.demo import Demo, Laboratory, Shown, demos

__all__ = ["Demo", "Laboratory", "Shown", "demos"]
