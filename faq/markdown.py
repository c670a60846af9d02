"""Answers with paragraphs, lists, links and bold text, as HTML. Pure.

The syntax is CommonMark (https://spec.commonmark.org) without headings, images, code and HTML:
these stay as they were typed. markdown_it is imported only here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

MAX_CACHED = 2_000

_RULES = ("list", "newline", "escape", "emphasis", "link", "autolink", "entity")


def _new_parser() -> MarkdownIt:
    # A line break in an answer stays one: answers were plain text before.
    parser = MarkdownIt("zero", {"html": False, "breaks": True}).enable(list(_RULES))
    parser.validateLink = is_safe_link  # type: ignore[method-assign]
    return parser


def is_safe_link(url: str) -> bool:
    """Whether a link leads to a web page, a mailbox or a phone, and not to a script or a file."""
    return url.strip().lower().startswith(("https://", "http://", "mailto:", "tel:"))


@lru_cache(MAX_CACHED)
def to_html(text: str) -> str:
    """The answer as HTML that is safe in any page: all tags are from the rules above.

    A link opens in a new tab and does not name the page that it is on.
    """
    tokens = _PARSER.parse(text)
    _mark_links(tokens)
    html: str = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return html.strip()


def _mark_links(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.type == "link_open":
            token.attrSet("rel", "noopener noreferrer nofollow")
            token.attrSet("target", "_blank")
        _mark_links(token.children or ())


_PARSER = _new_parser()
