"""Answers with paragraphs, lists, links and bold text, as HTML. Pure.

The syntax is CommonMark (https://spec.commonmark.org) without headings, images, code and HTML:
these are shown as typed. markdown_it is imported only here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

MAX_CACHED = 2_000

_RULES = ("list", "newline", "escape", "emphasis", "link", "autolink", "entity")


def _new_parser() -> MarkdownIt:
    # Line breaks are kept, since older answers are plain text.
    parser = MarkdownIt("zero", {"html": False, "breaks": True}).enable(list(_RULES))
    parser.validateLink = is_safe_link  # type: ignore[method-assign]
    return parser


def is_safe_link(url: str) -> bool:
    """Whether a link is to a web page, a mail address or a phone number, not a script or file."""
    return url.strip().lower().startswith(("https://", "http://", "mailto:", "tel:"))


@lru_cache(MAX_CACHED)
def to_html(text: str) -> str:
    """The answer as HTML that is safe in any page: it has only tags of the rules above.

    Links open in a new tab, without a referrer.
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
