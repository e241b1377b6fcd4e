"""The frame of every page: one self-contained text, no script, nothing fetched, light and dark, wide and narrow."""

from __future__ import annotations

from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.style import STYLE

# A second lock behind the escaping: the page may load and run nothing, wherever it is opened.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def whole_page(title: str, main: Markup) -> str:
    """The page with its head around ``main``."""
    return f"<!DOCTYPE html>\n{tag('html', _head(title), tag('body', main), lang='en')}\n"


def contents(titles: dict[str, str]) -> Markup:
    """Links to the sections of a page, ``{name: title}``."""
    return tag("nav", [tag("a", title, href=f"#{name}") for name, title in titles.items()], aria_label="contents")


def _head(title: str) -> Markup:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", join(title)),
        tag("style", Markup(STYLE)),
    )
