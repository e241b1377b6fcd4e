"""Keeping ``torch.compile`` out of what it must not trace, above all Python that works on addresses of memory.

Where a graph breaks above the engine, Dynamo would go on in the functions below, and replace tensors whose addresses
the engine was given. So they begin and end as follows, which is ``torch.compiler.disable`` without its import of
seconds and in a tenth of its time (50 ns)::

    @untraced
    def run(...):
        before = set_eval_frame(None)
        try:
            ...
        finally:
            set_eval_frame(before)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch

_F = TypeVar("_F", bound=Callable[..., object])

set_eval_frame = torch._C._dynamo.eval_frame.set_eval_frame


def untraced(function: _F) -> _F:
    """Tells Dynamo to call this function, not to look inside; that it looks not into what is called, see above."""
    function._torchdynamo_disable = True  # type: ignore[attr-defined]
    function._torchdynamo_disable_msg = "this part of a recurrent layer runs as it is"  # type: ignore[attr-defined]
    return function
