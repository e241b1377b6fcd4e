"""Quantiles of Student's t distribution, which torch lacks."""

from __future__ import annotations

import math

import torch
from torch import Tensor

NORMAL = torch.distributions.Normal(0.0, 1.0)


def student_t_quantile(level: float, degrees: Tensor) -> Tensor:
    """The ``level`` quantile (0 to 1) for each number of degrees of freedom, at least 2.

    Hill (1970), Algorithm 396, which is exact to some 1e-6.

    >>> [round(float(student_t_quantile(0.975, torch.tensor(float(n)))), 3) for n in (3, 5, 10)]
    [3.182, 2.571, 2.228]
    """
    both = 2 * min(level, 1 - level)  # the probability of both tails
    n = degrees.clamp(min=2.001)
    a = 1 / (n - 0.5)
    b = 48 / a**2
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * (a * math.pi / 2).sqrt() * n
    y = (d * both) ** (2 / n)
    found = torch.where(y > 0.05 + a, _middle(both, n, a, b, c, d), _tail(y, n, d))
    return (n * found).sqrt() * (1 if level > 0.5 else -1 if level < 0.5 else 0)


def _middle(both: float, n: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    x = float(NORMAL.icdf(torch.tensor(both / 2, dtype=torch.float64)))
    y = x * x
    c = torch.where(n < 5, c + 0.3 * (n - 4.5) * (x + 0.6), c)
    c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c
    z = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
    return torch.expm1(a * z * z)


def _tail(y: Tensor, n: Tensor, d: Tensor) -> Tensor:
    y = y.clamp(min=1e-30)
    inner = 1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)
    return (inner * y - 1) * (n + 1) / (n + 2) + 1 / y
