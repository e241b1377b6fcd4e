"""The next token of a text, as a language model expects it, explained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from throughtime.cells.engine.contract import State
from throughtime.data.fields.tokens import Tokens
from throughtime.data.vocabulary import UNK
from throughtime.errors import UsageError, unknown
from throughtime.models.language_model import LanguageModel
from throughtime.use.generating import prompt_ids
from throughtime.use.inspect.explain.attribution import Attribution, integrated_gradients
from throughtime.use.inspect.explain.exact import in_float64
from throughtime.use.inspect.explain.explained import Explained, Input
from throughtime.use.inspect.explain.leaving_out import ROWS, Without
from throughtime.use.inspect.explain.over_time import over_time, recorded
from throughtime.use.inspect.explain.tokens import are_words

NO_ROWS = "running text has no rows that could be near to one another"


def explain_text(
    model: LanguageModel, field: Tokens, text: str, task: str, *, step: int | None = None, answer: str | None = None
) -> Explained:
    """Explain the probability of one token of a text, given those before it.

    ``step`` is the token's place, from 0; without one it is the token that would follow the whole text, the likeliest
    one. ``answer`` is another token in its place. What is read before every text, ``field.start``, is the state that
    reading begins with, and no part of the explanation. Raises UsageError for a step or a token that there is not, and
    for an empty text.
    """
    written = prompt_ids(text, field)
    if not len(written):
        raise UsageError("the text is empty; give one with a token at least")
    if step == len(written):
        step = None
    if step is not None and not 1 <= step < len(written):
        raise UsageError(f"step {step}: of this text the tokens 1 to {len(written)} can be explained by those before")
    follows = len(written) if step is None else step
    ids, begun = torch.from_numpy(written[None, :follows]), _begun(model, field)
    shares = _after(model, ids, begun)[0].double().exp()
    names, likeliest = field.vocabulary.tokens, int(shares.argmax())
    wanted = token_of(field, answer) if answer is not None else likeliest if step is None else int(written[step])
    exact = in_float64(model)
    state = _begun(exact, field)[1]
    with torch.no_grad():
        vectors = exact.vectors(ids)[0]
    quantities = recorded(exact.recurrent, vectors, state)
    attribution = attributed(exact, vectors, wanted, state)
    entry = Input(
        field.column,
        tuple(names[k] for k in written[:follows]),
        attribution.inputs[0],
        tuple(_without_each(model, ids[0], names, wanted, begun)),
        are_words(field),
        tuple(over_time(exact.recurrent.graph, quantities)),
        quantities,
    )
    return Explained(
        task=task,
        output=field.column,
        kind="token",
        predicted=names[likeliest],
        answer=names[wanted],
        value=float(shares[wanted]),
        step=follows,
        scored="log-probability",
        attribution=attribution,
        inputs=(entry,),
        no_nearest=NO_ROWS,
    )


def attributed(exact: LanguageModel, vectors: Tensor, token: int, state: State | None = None) -> Attribution:
    """What each of the tokens read gave to the log-probability of the one that follows.

    ``vectors (T, F)`` stand for the tokens, read from ``state``, that of one row; ``exact`` is a model in float64.
    """

    def score(points: Sequence[Tensor]) -> Tensor:
        rows = len(points[0])
        return exact.over(points[0], None if state is None else _for_rows(state, rows))[0][:, token]

    return integrated_gradients(score, [vectors])


def _begun(model: LanguageModel, field: Tokens) -> tuple[Tensor, State]:
    """Log-probabilities ``(1, V)`` of the first token of a text, and the state that a text is read from."""
    return _read(model, torch.from_numpy(field.vocabulary.encode(field.start)[None]), None)


@torch.no_grad()
def _read(model: LanguageModel, ids: Tensor, state: State | None) -> tuple[Tensor, State]:
    return model.after(ids.to(next(model.parameters()).device), state)


def _after(model: LanguageModel, ids: Tensor, begun: tuple[Tensor, State]) -> Tensor:
    """Log-probabilities ``(B, V)`` of what follows ``ids (B, T)``; T may be 0."""
    logs, state = begun
    return _read(model, ids, _for_rows(state, len(ids)))[0] if ids.shape[1] else logs.expand(len(ids), -1)


def _without_each(
    model: LanguageModel, ids: Tensor, names: Sequence[str], answer: int, begun: tuple[Tensor, State]
) -> Iterator[Without]:
    """The likeliest next token, and the probability of ``answer``, without each of the tokens ``ids (T,)``."""
    before = int(_after(model, ids[None], begun)[0].argmax())
    for some in torch.arange(len(ids)).split(ROWS):
        shorter = torch.stack([torch.cat([ids[:k], ids[k + 1 :]]) for k in some.tolist()])
        logs = _after(model, shorter, begun).double()
        for likeliest, share in zip(logs.argmax(1).tolist(), logs[:, answer].exp().tolist(), strict=True):
            yield Without(names[likeliest], share, likeliest != before)


def _for_rows(state: State, rows: int) -> State:
    """The state of one row as that of several."""
    return tuple(part.expand(-1, rows, *part.shape[2:]).contiguous() for part in state)


def token_of(field: Tokens, answer: str) -> int:
    """The id of a token that the field knows; raises UsageError for one that it does not."""
    if answer not in field.vocabulary or answer == UNK:
        raise unknown("token", answer, field.vocabulary.tokens)
    return field.vocabulary.ids[answer]
