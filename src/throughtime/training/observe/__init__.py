"""Looking into a network while it learns or runs: where values go wrong, and how far back gradients reach."""

from throughtime.training.observe.distances import Distances, gradients_by_distance
from throughtime.training.observe.locate import Inside, Located, locate
from throughtime.training.observe.looking import Look, look
from throughtime.training.observe.recorder import Recorder

__all__ = ["Distances", "Inside", "Located", "Look", "Recorder", "gradients_by_distance", "locate", "look"]
