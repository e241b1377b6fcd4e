"""Builds the documentation: runs the Python in every page and writes the page, with what came out, to docs/_built/.

    python docs/build.py                       all pages
    python docs/build.py docs/textbook/x.md    these pages

A page is Markdown with three forms of its own. They run from top to bottom, in one namespace a page, in an empty
folder that goes away afterwards; so no number in a page is typed by hand.

1. A block of Python is run. What it prints, and the value of its last line if that is an expression, follow it in
   the built page::

       ```python
       import throughtime as tt
       ```

2. A text block under the mark ``<!-- output -->`` is what the block above must give. It is checked, and the built page
   holds what came out. Runs of blanks count as one, and ``...`` stands for anything (as in a doctest)::

       <!-- output -->
       ```text
       0.4621
       ```

3. An expression between double braces with a blank inside each is replaced by its value; after a colon stands a format,
   as in an f-string: ``the loss is {{ loss:.4f }}``. A value that is a Markdown table is a table in the built page.
   Code spans and blocks are left alone.

Blocks in other languages (``console``, ``toml``) are shown and not run. The build fails, naming page and line, where a
block raises, an output differs, or a link to another file leads nowhere.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import os
import re
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
BUILT = DOCS / "_built"

BLOCK = re.compile(r"(?P<mark>^<!-- output -->\n)?^```(?P<language>\S*)[^\n]*\n(?P<code>.*?)^```$\n?", re.M | re.S)
EXPRESSION = re.compile(r"`[^`\n]*`|\{\{ (?P<expression>.+?) \}\}")
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")


class PageError(Exception):
    """A page that cannot be built: where, and what happened."""


def build(text: str, page: str) -> str:
    """The built page: ``text`` with every block run and every expression replaced.

    >>> print(build("It is {{ 1 / 3:.2f }}.", "page.md"))
    It is 0.33.
    """
    namespace: dict[str, Any] = {"__name__": "__page__"}
    built, position, output = [], 0, None
    for block in BLOCK.finditer(text):
        built.append(_prose(text[position : block.start()], namespace, page, _line(text, position)))
        line = _line(text, block.start("code"))
        if block["mark"]:
            _check(block["code"], output, f"{page} line {line}")
        else:
            output = run(block["code"], namespace, page, line) if block["language"] == "python" else None
            built.append(block[0] + (f"\n```text\n{output.rstrip()}\n```\n" if output else ""))
        position = block.end()
    built.append(_prose(text[position:], namespace, page, _line(text, position)))
    return "".join(built)


def run(code: str, namespace: dict[str, Any], page: str, line: int) -> str:
    """Runs the block that starts on ``line`` of ``page``; what it printed, and the value of a last expression."""
    printed = io.StringIO()
    try:
        body = ast.parse("\n" * (line - 1) + code, page).body  # the empty lines: tracebacks show the page's own numbers
        last = ast.Expression(body.pop().value) if body and isinstance(body[-1], ast.Expr) else None
        with contextlib.redirect_stdout(printed):
            exec(compile(ast.Module(body, []), page, "exec"), namespace)
            value = eval(compile(last, page, "eval"), namespace) if last else None
            if value is not None:
                print(repr(value))
    except Exception as error:
        raise PageError(_told(error, page, line)) from error
    return printed.getvalue()


def broken_links(text: str, folder: Path) -> list[str]:
    """The relative links of a page in ``folder`` that lead to no file."""
    prose = EXPRESSION.sub("", BLOCK.sub("", text))
    return [target for target in LINK.findall(prose) if not (folder / target).exists()]


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _prose(text: str, namespace: dict[str, Any], page: str, line: int) -> str:
    def value(match: re.Match[str]) -> str:
        if match["expression"] is None:
            return match[0]
        try:
            return str(eval(f'f"""{{{match["expression"]}}}"""', namespace))
        except Exception as error:
            here = line + _line(text, match.start()) - 1
            raise PageError(f"{page} line {here}: {match[0]}: {type(error).__name__}: {error}") from error

    return EXPRESSION.sub(value, text)


def _check(expected: str, output: str | None, where: str) -> None:
    if output is None:
        raise PageError(f"{where}: an output is expected here, but no block of Python stands above it")
    rules = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    if not doctest.OutputChecker().check_output(expected, output, rules):
        raise PageError(f"{where}: another output than expected\nexpected:\n{expected}got:\n{output}")


def _told(error: Exception, page: str, line: int) -> str:
    frames = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == page]
    where = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else (frames or [line])[-1]
    return f"{page} line {where}: {type(error).__name__}: {error}"


def _build_page(source: Path) -> None:
    text, page = source.read_text(encoding="utf-8"), str(source.relative_to(DOCS.parent))
    for target in broken_links(text, source.parent):
        raise PageError(f"{page}: the link to {target} leads nowhere")
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        built = build(text, page)
    target = BUILT / source.relative_to(DOCS)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(built, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Builds the pages named, or all; the exit code is 1 if any failed."""
    pages = [Path(argument).resolve() for argument in arguments]
    pages = pages or sorted(page for page in DOCS.rglob("*.md") if BUILT not in page.parents)
    failures = 0
    for page in pages:
        started = time.perf_counter()
        try:
            _build_page(page)
        except PageError as error:
            failures += 1
            print(error, file=sys.stderr)
        else:
            print(f"{os.path.relpath(page)}  {time.perf_counter() - started:.1f} s")
    print(f"{len(pages) - failures} of {len(pages)} pages built into {os.path.relpath(BUILT)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
