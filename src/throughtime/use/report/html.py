"""HTML and SVG written as function calls: whatever is not :class:`Markup` is escaped, so no input can break out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

VOID = frozenset({"meta", "br", "hr", "wbr", "col"})  # elements without a closing tag
_VISIBLE = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"} | dict.fromkeys(
    range(0x7F, 0xA0), "\ufffd"
)
_ESCAPED = _VISIBLE | {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;", ord("'"): "&#39;"}


class Markup(str):
    """Text that is HTML already."""


def escape(text: str) -> str:
    """Text as HTML shows it: control characters, which HTML forbids, as their pictures; broken surrogates as U+FFFD.

    >>> escape("<b> & \\0")
    '&lt;b&gt; &amp; \u2400'
    """
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").translate(_ESCAPED)


def join(*children: Any) -> Markup:
    """Children one after another; None adds nothing, an iterable its members.

    >>> join("a < b", None, [Markup("<br>"), 3])
    'a &lt; b<br>3'
    """
    parts: list[str] = []
    for child in children:
        if isinstance(child, Markup):
            parts.append(child)
        elif isinstance(child, Iterable) and not isinstance(child, str):
            parts.append(join(*child))
        elif child is not None:
            parts.append(escape(str(child)))
    return Markup("".join(parts))


def tag(element: str, /, *children: Any, **attributes: Any) -> Markup:
    """One element; in names of attributes ``_`` stands for ``-``, and ``class_`` is ``class``.

    An attribute that is None or False is left out; floats are rounded to a tenth of a pixel.

    >>> tag("p", "1 < 2", class_="note", aria_label='"')
    '<p class="note" aria-label="&quot;">1 &lt; 2</p>'
    """
    written = "".join(
        _attribute(key, value) for key, value in attributes.items() if value is not None and value is not False
    )
    if element in VOID:
        return Markup(f"<{element}{written}>")
    return Markup(f"<{element}{written}>{join(*children)}</{element}>")


def _attribute(key: str, value: Any) -> str:
    key = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {key}"
    text = f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
    return f' {key}="{escape(text)}"'
