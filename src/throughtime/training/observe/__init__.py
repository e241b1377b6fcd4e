"""Looking into a network while it learns or runs: where values go wrong, and how far back gradients reach."""

from throughtime.training.observe.locate import Located, locate

__all__ = ["Located", "locate"]
