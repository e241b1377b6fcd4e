"""Encoders: one input column of a batch to a hidden sequence; one file a kind of column."""

from throughtime.models.encoders.encoder import Encoder, Encoding, Shape, encoder_for, encoders, steps_of

__all__ = ["Encoder", "Encoding", "Shape", "encoder_for", "encoders", "steps_of"]
