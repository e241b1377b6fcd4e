"""What a layer adds to every step of a cell, and the masks that this takes."""

from __future__ import annotations

from torch import Tensor

from throughtime.cells.engine.contract import Work
from throughtime.cells.engine.native.quantities import Variant


def variant_and_masks(work: Work) -> tuple[Variant, dict[str, Tensor]]:
    """What the layer adds to the step, and the masks that this takes."""
    noise = work.noise
    masks = {} if noise.recurrent is None else {"recurrent": noise.recurrent}
    zoneout: tuple[float, ...] | str = ()
    if noise.zoneout is not None:
        shares = [share for share in noise.zoneout if isinstance(share, float)]
        if shares:
            zoneout = tuple(shares)
        else:
            zoneout = "masks"
            named = zip(work.graph.states, noise.zoneout, strict=True)
            masks |= {f"zoneout_{name}": mask for name, mask in named}  # type: ignore[misc]
    return Variant(noise.recurrent is not None, zoneout, work.clip), masks
