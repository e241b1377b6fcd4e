"""Any named quantity of a trained network's recurrent layers, at every step of one input."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from throughtime.batch import Batch
from throughtime.cells.recurrent import Recurrent
from throughtime.data.fields.tokens import Tokens
from throughtime.models.encoders import steps_of
from throughtime.models.heads.tokens import TextHead
from throughtime.models.language_model import LanguageModel
from throughtime.models.model import Model
from throughtime.use.generating import prompt_ids
from throughtime.use.inspect.explain.decoded import decoder_name, recorded_decoder
from throughtime.use.inspect.explain.over_time import recorded

Recorded = dict[str, np.ndarray]


@torch.no_grad()
def recorded_row(model: Model, batch: Batch, names: Sequence[str] = ()) -> Recorded:
    """Of the only row of a batch: ``{"text.l0.f": (T, units), "text.l0_reverse.f": ...}``, by input column first.

    Where a text is written, the decoder's too: ``"decoder.l0.f"``, a row for each token that it reads, ``<sos>`` first.
    """
    found: Recorded = {}
    here = batch.to(next(model.parameters()).device)
    for column, encoder, vectors in zip(model.inputs, model.encoders, model.vectors(here), strict=True):
        layer = getattr(encoder, "recurrent", None)
        if isinstance(layer, Recurrent):
            steps = int(steps_of(batch[column]))
            kept = recorded(layer, encoder.entering(vectors[0, :steps]), names=names)  # type: ignore[operator]
            found |= {f"{column}.{key}": values for key, values in kept.items()}
    return found | (_recorded_answer(model, model.head, here, names) if isinstance(model.head, TextHead) else {})


def _recorded_answer(model: Model, head: TextHead, batch: Batch, names: Sequence[str]) -> Recorded:
    """Of a decoder that reads what it has written, ``<sos>`` first: ``{"decoder.l0.f": (S + 1, units), ...}``."""
    output = model(batch)
    (answer,) = head.best(output)
    kept = recorded_decoder(head.decoder, [head.first, *answer.ids], output.source, names)
    return {f"{decoder_name(model)}.{key}": values for key, values in kept.items()}


@torch.no_grad()
def recorded_text(model: LanguageModel, field: Tokens, text: str, names: Sequence[str] = ()) -> Recorded:
    """Of a language model that reads a text from its beginning: ``{"text.l0.f": (T, units), ...}``, a row a token."""
    device = next(model.parameters()).device
    start = torch.from_numpy(field.vocabulary.encode(field.start)[None]).to(device)
    ids = torch.from_numpy(prompt_ids(text, field)[None]).to(device)
    _, state = model.after(start, None)
    kept = recorded(model.recurrent, model.vectors(ids)[0], state, names)
    return {f"{field.column}.{key}": values for key, values in kept.items()}
