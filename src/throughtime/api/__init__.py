"""The front door: train, load, check. The command line is a thin layer over it."""

from throughtime.api.check import check
from throughtime.api.load import TrainedRun, load
from throughtime.api.replay import replay
from throughtime.api.train import train

__all__ = ["TrainedRun", "check", "load", "replay", "train"]
