"""HTML to the Markdown of answers: paragraphs, lists, links and bold text. Pure.

markdownify is imported only here.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

from bs4 import Tag
from markdownify import MarkdownConverter

from faq.markdown import is_safe_link

_SPACES_AT_END = re.compile(r"[ \t\u00a0]+$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")


def markdown_of(element: Tag, *, address: str) -> str:
    """The content of an element. Links are made absolute: ``address`` is the page's."""
    markdown: str = _AnswerConverter(address).convert_soup(element)
    return _BLANK_LINES.sub("\n\n", _SPACES_AT_END.sub("", markdown)).strip()


class _AnswerConverter(MarkdownConverter):  # type: ignore[misc]
    """What answers cannot have becomes text: headings bold, images their description."""

    def __init__(self, address: str) -> None:
        super().__init__(
            bullets="-",
            autolinks=False,
            # Line breaks of the HTML text are spaces.
            wrap=True,
            wrap_width=None,
            escape_asterisks=False,
            escape_underscores=False,
            escape_misc=False,
        )
        self._address = address

    def convert_a(self, element: Tag, text: str, parent_tags: Any) -> str:
        label = " ".join(text.split())
        url = urljoin(self._address, str(element.get("href") or "").strip())
        if not element.get("href") or not label or not is_safe_link(url):
            return text
        # A space or parenthesis would end the address.
        url = url.replace(" ", "%20").replace("(", "%28").replace(")", "%29")
        return label if label == url else f"[{label}]({url})"

    def convert_br(self, element: Tag, text: str, parent_tags: Any) -> str:
        return " " if "_inline" in parent_tags else "\n"

    def convert_hN(self, n: int, element: Tag, text: str, parent_tags: Any) -> str:  # noqa: N802
        label = " ".join(text.replace("**", "").split())
        return f"\n\n**{label}**\n\n" if label else ""

    def convert_img(self, element: Tag, text: str, parent_tags: Any) -> str:
        return " ".join(str(element.get("alt") or "").split())

    def convert_td(self, element: Tag, text: str, parent_tags: Any) -> str:
        return f"{' '.join(text.split())} | "

    convert_th = convert_td

    def convert_tr(self, element: Tag, text: str, parent_tags: Any) -> str:
        return f"{text.strip().removesuffix('|').strip()}\n"

    def convert_dt(self, element: Tag, text: str, parent_tags: Any) -> str:
        return self.convert_hN(3, element, text, parent_tags)

    def convert_dd(self, element: Tag, text: str, parent_tags: Any) -> str:
        return f"\n\n{text.strip()}\n\n"

    convert_blockquote = convert_pre = convert_dd

    def convert_code(self, element: Tag, text: str, parent_tags: Any) -> str:
        return text

    convert_kbd = convert_samp = convert_del = convert_s = convert_code

    def convert_hr(self, element: Tag, text: str, parent_tags: Any) -> str:
        return "\n\n"
