"""Packages that not every installation has: what an extra brings."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from throughtime.errors import UsageError


@dataclass(frozen=True)
class Extra:
    """``pip install throughtime[name]`` brings the package."""

    name: str
    package: str

    @property
    def installed(self) -> bool:
        return find_spec(self.package) is not None

    def require(self, what: str) -> None:
        """Raise UsageError if ``what`` cannot be had here, with what to do.

        >>> Extra("eval", "no_such_package").require('metric "bleu"')
        Traceback (most recent call last):
        throughtime.errors.UsageError: metric "bleu" needs the package no_such_package; pip install throughtime[eval]
        """
        if not self.installed:
            raise UsageError(f"{what} needs the package {self.package}; pip install throughtime[{self.name}]")
