"""Reads a report back: its elements with their texts, and what in it is not balanced."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "wbr", "col"}


class Page(HTMLParser):
    """Of every element: name, attributes, and the text within it."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []
        self.feed(text)
        self.close()
        self.wrong += [f"<{element}> is never closed" for element, _ in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len(dict(attrs)) != len(attrs):
            self.wrong.append(f"<{tag}> repeats an attribute")
        texts: list[str] = []
        self.elements.append((tag, dict(attrs), texts))
        if tag not in VOID:
            self._open.append((tag, texts))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop()[0] != tag:
            self.wrong.append(f"</{tag}> closes another element")

    def handle_data(self, data: str) -> None:
        for _, texts in self._open:
            texts.append(data)

    def texts(self, element: str, **attributes: str) -> list[str]:
        """The text within every such element, in order."""
        return [
            "".join(t) for name, found, t in self.elements if name == element and attributes.items() <= found.items()
        ]


def section(text: str, name: str) -> Page:
    """One section of a page, by its id."""
    found = re.search(rf'<section id="{name}".*?</section>', text, re.S)
    assert found is not None, f"the page has no section {name}"
    return Page(found[0])


def tables(page: str) -> list[list[list[str]]]:
    """The cells of every table, row by row."""
    return [
        [Page(row).texts("th") + Page(row).texts("td") for row in re.findall(r"<tr>.*?</tr>", body, re.S)]
        for body in re.findall(r"<tbody>.*?</tbody>", page, re.S)
    ]
