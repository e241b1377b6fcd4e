"""Real lines of Python, and the same lines with two closing brackets swapped: the order is all there is to learn.

Both lines of a pair have the same bag of words, so a model that ignores order can only guess, and one that sees two
or three neighbours sees little: which bracket is open may have been said long ago. The lines come from the standard
library of the Python that runs this, a module at a time, so that no module is on both sides of a split.
"""

from __future__ import annotations

import io
import keyword
import random
import sysconfig
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from throughtime.demos.demo import Demo, demos

PAIRS = 9_000
SHORTEST, LONGEST = 5, 50  # tokens
CLOSING = (")", "]", "}")
LEFT_OUT = {"site-packages", "dist-packages", "test", "tests"}  # folders: not the library, or not written to be read
SEED = 1


def rows(pairs: int = PAIRS) -> list[dict[str, Any]]:
    """``pairs`` lines as written and as many swapped, drawn with a fixed seed from the standard library's modules."""
    chance = random.Random(SEED)
    library = Path(sysconfig.get_path("stdlib"))
    modules = [path for path in sorted(library.rglob("*.py")) if not LEFT_OUT & set(path.relative_to(library).parts)]
    lines = [(str(module.relative_to(library)), tokens) for module in modules for tokens in _lines(module)]
    chance.shuffle(lines)
    found, seen = [], set()
    for module, tokens in lines:
        swapped = _swapped(tokens, chance)
        if swapped is None or tuple(tokens) in seen:
            continue
        seen.add(tuple(tokens))
        found.append({"line": " ".join(tokens), "order": "as written", "module": module})
        found.append({"line": " ".join(swapped), "order": "swapped", "module": module})
        if len(found) == 2 * pairs:
            break
    return found


def _lines(module: Path) -> Iterator[list[str]]:
    """The logical lines of a module as tokens; names that are not keywords become ``name``, literals their kind."""
    line: list[str] = []
    try:
        source = module.read_bytes()
        for token in tokenize.tokenize(io.BytesIO(source).readline):
            if token.type == tokenize.NEWLINE:
                if SHORTEST <= len(line) <= LONGEST:
                    yield line
                line = []
            elif token.type == tokenize.NAME:
                line.append(token.string if keyword.iskeyword(token.string) else "name")
            elif token.type == tokenize.NUMBER:
                line.append("1")
            elif token.type == tokenize.STRING:
                line.append('"text"')
            elif token.type == tokenize.OP:
                line.append(token.string)
    except (tokenize.TokenError, SyntaxError, OSError):
        return


def _swapped(tokens: list[str], chance: random.Random) -> list[str] | None:
    """The line with two closing brackets of different kinds swapped; None if it has none."""
    closing = [k for k, token in enumerate(tokens) if token in CLOSING]
    pairs = [(i, k) for i in closing for k in closing if i < k and tokens[i] != tokens[k]]
    if not pairs:
        return None
    i, k = chance.choice(pairs)
    return [*tokens[:i], tokens[k], *tokens[i + 1 : k], tokens[i], *tokens[k + 1 :]]


demos.add(
    "swapped",
    Demo(
        name="swapped",
        title="Which line of Python has two closing brackets swapped?",
        story="Lines of this machine's own Python library, half of them with two closing brackets swapped. Both halves "
        "hold the same words, so only their order tells them apart, and what is open must be remembered.",
        rows=rows,
        settings={"input": ("line",), "output": ("order",), "group": "module", "epochs": 8, "tokens": "words"},
        questions=(
            "name = name ( name [ 1 ] , name )",
            "name = name ( name [ 1 ) , name ]",
            "return { name : [ name ] for name in name ( ) }",
            "return { name : [ name } for name in name ( ) ]",
        ),
    ),
)
