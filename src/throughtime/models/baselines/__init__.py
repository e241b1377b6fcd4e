"""Baselines: honest answers without a network, found through the registry.

Each is fitted on the training split, chooses its settings on the validation split, and answers the test split once.
"""

from throughtime.models.baselines.baseline import EXTRAS, Answer, Baseline, Material, Score, baselines
from throughtime.models.baselines.forecasts import calibrated

__all__ = ["EXTRAS", "Answer", "Baseline", "Material", "Score", "baselines", "calibrated"]
