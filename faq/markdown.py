"""Answers with paragraphs, lists, links and bold text, as HTML. Pure.

The syntax is CommonMark (https://spec.commonmark.org) without headings, images, code and HTML:
these are shown as typed. markdown_it is imported only here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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


# --- For places that show no HTML, such as chat ---------------------------------------------------


@dataclass(frozen=True)
class Span:
    """A piece of text in one style, or a whole link: ``href`` is empty in all else."""

    text: str
    href: str = ""
    is_bold: bool = False
    is_italic: bool = False


@dataclass(frozen=True)
class Block:
    """A paragraph, or a paragraph of a list item with its ``marker``, such as ``1.`` or ``•``."""

    spans: tuple[Span, ...]
    marker: str = ""
    depth: int = 0
    """Levels of lists around it: 0 outside a list, 1 in one."""


def to_blocks(text: str) -> list[Block]:
    """The answer as paragraphs and list items, for other markups than HTML."""
    blocks: list[Block] = []
    lists: list[int | None] = []
    marker = ""
    for token in _PARSER.parse(text):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            is_ordered = token.type == "ordered_list_open"
            lists.append(int(token.attrGet("start") or 1) if is_ordered else None)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif token.type == "list_item_open":
            number = lists[-1]
            marker = "•" if number is None else f"{number}."
            lists[-1] = None if number is None else number + 1
        elif token.type == "inline":
            blocks.append(Block(tuple(_spans(token.children or ())), marker, len(lists)))
            marker = ""
    return blocks


def _spans(tokens: Sequence[Token]) -> Iterator[Span]:
    href, label, bold, italic = "", "", 0, 0
    for token in tokens:
        if token.type == "link_open":
            href, label = str(token.attrGet("href") or ""), ""
        elif token.type == "link_close":
            yield Span(label or href, href)
            href = ""
        elif token.type in ("strong_open", "strong_close"):
            bold += token.nesting
        elif token.type in ("em_open", "em_close"):
            italic += token.nesting
        elif href:
            # One span for the whole link: it must not be cut where its style changes.
            label += token.content or " "
        elif token.type in ("softbreak", "hardbreak"):
            yield Span("\n")
        elif token.content:
            yield Span(token.content, "", bold > 0, italic > 0)


_PARSER = _new_parser()
