"""The embedded Reber grammar: the last symbol but one is the second of all, and a whole grammar stands in between.

A Reber string is a walk through the automaton below, from B to E. Embedded, it stands between two like symbols,
``B T <Reber> T E`` or ``B P <Reber> P E``; every symbol is to be foretold from those before it.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from throughtime.batch import valid_mask
from throughtime.errors import UsageError
from throughtime.synthetic.problem import Examples, Problem, problems

SYMBOLS = "BTPSXVE"
# At each node: the symbols that may follow, each with the node it leads to. The walk begins at 0 and ends at END.
AUTOMATON: tuple[dict[str, int], ...] = (
    {"B": 1},
    {"T": 2, "P": 3},
    {"S": 2, "X": 4},
    {"T": 3, "V": 5},
    {"X": 3, "S": 6},
    {"P": 4, "V": 6},
    {"E": 7},
)
END = 7
SHORTEST, LONGEST = 6, 30  # lags; longer ones are so rare that waiting for them takes too long


def reber(generator: Generator) -> str:
    """One string of the inner grammar, both symbols of a node being equally likely.

    >>> reber(torch.Generator().manual_seed(2))
    'BPVPXVPSE'
    """
    string, node = "", 0
    while node != END:
        ways = list(AUTOMATON[node].items())
        symbol, node = ways[int(torch.randint(0, len(ways), (), generator=generator))]
        string += symbol
    return string


def embedded(generator: Generator, lag: int = SHORTEST) -> str:
    """One string of the embedded grammar whose second symbol comes again ``lag`` steps later or more."""
    inner = reber(generator)
    while len(inner) < lag - 1:
        inner = reber(generator)
    kept = "TP"[int(torch.randint(0, 2, (), generator=generator))]
    return f"B{kept}{inner}{kept}E"


def legal(string: str) -> list[str]:
    """After each symbol but the last of an embedded string, the symbols that may come next.

    Raises UsageError, with the place, where the string is none of the grammar.

    >>> legal("BTBPVVETE")
    ['TP', 'B', 'TP', 'TV', 'PV', 'E', 'T', 'E']
    """
    found: list[str] = []
    allowed, node = "B", 0
    for place, symbol in enumerate(string):
        if symbol not in allowed:
            raise UsageError(
                f"{string} is no string of the grammar: symbol {place + 1} is {symbol}, not {_one(allowed)}"
            )
        if place == 0:
            allowed = "TP"
        elif place == 1:
            allowed = "".join(AUTOMATON[0])
        elif node != END:
            node = AUTOMATON[node][symbol]
            allowed = string[1] if node == END else "".join(AUTOMATON[node])
        else:
            allowed = "E" if symbol == string[1] else ""
        found.append(allowed)
    if allowed or not string:
        raise UsageError(f"{string} is no string of the grammar: it breaks off where {_one(allowed)} comes next")
    return found[:-1]


def _one(allowed: str) -> str:
    return " or ".join(allowed) or "the end"


def examples_of(strings: list[str]) -> Examples:
    """Strings as one-hot symbols but the last; the target is the next symbol, ``legal`` all that may come next."""
    lengths = torch.tensor([len(string) - 1 for string in strings])
    steps = int(lengths.max())
    x, allowed = torch.zeros(2, len(strings), steps, len(SYMBOLS))
    target = torch.zeros(len(strings), steps, dtype=torch.int64)
    for row, string in enumerate(strings):
        ids = torch.tensor([SYMBOLS.index(symbol) for symbol in string])
        x[row, : len(ids) - 1] = F.one_hot(ids[:-1], len(SYMBOLS)).float()
        target[row, : len(ids) - 1] = ids[1:]
        for step, symbols in enumerate(legal(string)):
            allowed[row, step, [SYMBOLS.index(symbol) for symbol in symbols]] = 1
    return Examples(x, lengths, target, allowed.bool())


def draw(count: int, lag: int, generator: Generator) -> Examples:
    if lag > LONGEST:
        raise UsageError(f"lag {lag}: strings of the Reber grammar are short, {LONGEST} steps at most are waited for")
    return examples_of([embedded(generator, lag) for _ in range(count)])


def loss(outputs: Tensor, examples: Examples) -> Tensor:
    """The cross entropy of the symbol that came next, over all steps that there are."""
    valid = valid_mask(examples.lengths, outputs.shape[1])
    return F.cross_entropy(outputs[valid], examples.target[valid])


def right(outputs: Tensor, examples: Examples) -> Tensor:
    """Whether at every step all legal symbols are above all others."""
    assert examples.legal is not None
    least = outputs.masked_fill(~examples.legal, math.inf).amin(2)
    most = outputs.masked_fill(examples.legal, -math.inf).amax(2)
    return ((least > most) | ~valid_mask(examples.lengths, outputs.shape[1])).all(1)


def recalled(outputs: Tensor, examples: Examples) -> Tensor:
    """Whether, at its second coming, the symbol that was kept is the first choice, ``(B,)`` of bool."""
    rows, place = torch.arange(len(outputs)), examples.lengths - 2
    return outputs[rows, place].argmax(1) == examples.target[rows, place]


problems.add(
    "reber",
    Problem(
        name="reber",
        title="Foretell the symbols of the embedded Reber grammar",
        source="Hochreiter and Schmidhuber 1997, experiment 1",
        input_size=len(SYMBOLS),
        output_size=len(SYMBOLS),
        shortest=SHORTEST,
        draw=draw,
        loss=loss,
        right=right,
        criterion="at every step of the string all symbols that may come next are above all that may not",
        chance=lambda lag: math.log(len(SYMBOLS)),
    ),
)
