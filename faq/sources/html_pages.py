"""Questions and answers of a web page, in four forms, in this order.

1. JSON-LD of the type ``FAQPage`` (https://schema.org/FAQPage);
2. ``<details>`` with a ``<summary>``;
3. ``<dl>`` with ``<dt>`` and ``<dd>``;
4. headings that end with a question mark, and what follows until the next one.

A page may have several forms. A question that an earlier form has is not read again. Pure.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag

from faq.sources.html_text import markdown_of
from faq.sources.pairs import Pair, merge

PARSER = "lxml"

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_NO_CONTENT = ("script", "style", "template", "noscript", "nav", "footer", "iframe", "object")
_SECTIONS = ("body", "main", "article", "section", "html")
_ASKS = re.compile(r"[?？؟]\s*[\"'”’»)]?$")
_TAG = re.compile(r"<[a-zA-Z/!][^>]*>")


class UnreadablePage(Exception):
    """The page cannot be parsed; the text says why."""


def page_pairs(page: bytes, *, charset: str | None, address: str) -> list[Pair]:
    """The pairs of a page. ``charset``: of the header Content-Type, if it has one.

    Raises ``UnreadablePage``.
    """
    soup = BeautifulSoup(page, PARSER, from_encoding=charset)
    try:
        structured = list(_json_ld(soup, address))
        _Removal().remove_all(soup.find_all(_NO_CONTENT))
        # Each form takes its elements out of the page, so that none is read twice.
        return merge(
            [
                *structured,
                *_details(soup, address),
                *_lists(soup, address),
                *_headings(soup, address),
            ]
        )
    except RecursionError:
        raise UnreadablePage("its elements are nested too deeply") from None


def has_password_field(page: bytes, *, charset: str | None) -> bool:
    """Whether the page asks to sign in."""
    soup = BeautifulSoup(page, PARSER, from_encoding=charset)
    return soup.find("input", attrs={"type": re.compile("^password$", re.IGNORECASE)}) is not None


def html_to_markdown(text: str, *, address: str) -> str:
    """HTML, or plain text with its line breaks, as an answer."""
    if not _TAG.search(text):
        # Structured data often has its HTML escaped once more.
        text = html.unescape(text)
    if not _TAG.search(text):
        return "\n".join(line.strip() for line in text.strip().splitlines())
    soup = BeautifulSoup(text, PARSER)
    _Removal().remove_all(soup.find_all(_NO_CONTENT))
    try:
        return markdown_of(soup, address=address)
    except RecursionError:
        raise UnreadablePage("its elements are nested too deeply") from None


class _Removal:
    """Takes elements out of a page, those that are last in the document first.

    ``extract`` alone searches an element among its siblings: minutes for a long list.
    """

    def __init__(self) -> None:
        self._positions: dict[int, dict[int, int]] = {}
        """Of the children of each parent. The order keeps those of earlier ones valid."""

    def remove(self, element: Tag) -> None:
        parent = element.parent
        if parent is None:
            return
        if id(parent) not in self._positions:
            children = enumerate(parent.contents)
            self._positions[id(parent)] = {id(child): at for at, child in children}
        element.extract(_self_index=self._positions[id(parent)][id(element)])

    def remove_all(self, elements: Sequence[Tag]) -> None:
        """``elements``: in the order of the document."""
        for element in reversed(elements):
            self.remove(element)


def text_of(element: Tag) -> str:
    return " ".join(element.get_text(" ").split())


def _asks(text: str) -> bool:
    return bool(_ASKS.search(text))


# --- JSON-LD --------------------------------------------------------------------------------------


def _json_ld(soup: BeautifulSoup, address: str) -> Iterator[Pair]:
    """Scripts that are not JSON are ignored, as search engines do."""
    for script in soup.find_all("script", attrs={"type": re.compile(r"^application/ld\+json")}):
        try:
            document = json.loads(script.get_text(), strict=False)
        except (ValueError, RecursionError):
            continue
        for entry in _faq_pages(document):
            for question in _as_list(entry.get("mainEntity")):
                if pair := _question(question, address):
                    yield pair


def _faq_pages(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of the type ``FAQPage``, also within others."""
    if isinstance(value, list):
        for item in value:
            yield from _faq_pages(item)
    elif isinstance(value, dict):
        if any(str(kind).endswith("FAQPage") for kind in _as_list(value.get("@type"))):
            yield value
        else:
            for item in value.values():
                yield from _faq_pages(item)


def _question(value: Any, address: str) -> Pair | None:
    if not isinstance(value, dict):
        return None
    answers = [*_as_list(value.get("acceptedAnswer")), *_as_list(value.get("suggestedAnswer"))]
    texts = [answer.get("text") for answer in answers if isinstance(answer, dict)]
    answer = next((text for text in texts if isinstance(text, str)), "")
    question = html_to_markdown(str(value.get("name") or ""), address=address)
    return Pair(" ".join(question.split()), html_to_markdown(answer, address=address))


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


# --- Details --------------------------------------------------------------------------------------


def _details(soup: BeautifulSoup, address: str) -> list[Pair]:
    """Nested ones are pairs of their own, and no part of the outer answer."""
    pairs: list[tuple[int, Pair]] = []
    elements, removal = soup.find_all("details"), _Removal()
    order = {id(element): at for at, element in enumerate(elements)}
    # The inner ones come last in the document, and are taken out first.
    for element in reversed(elements):
        summary = element.find("summary")
        if summary is None:
            continue
        question = text_of(summary)
        if not _asks(question) and _has_questions(element):
            # A group: its questions are read in the forms below.
            summary.decompose()
            continue
        summary.extract()
        pairs.append((order[id(element)], Pair(question, markdown_of(element, address=address))))
        removal.remove(element)
    return [pair for _, pair in sorted(pairs, key=lambda entry: entry[0])]


def _has_questions(element: Tag) -> bool:
    headings = element.find_all([*HEADINGS, "dt"])
    return any(
        _asks(text_of(heading)) for heading in headings if not heading.find_parent("summary")
    )


# --- Lists ----------------------------------------------------------------------------------------


def _lists(soup: BeautifulSoup, address: str) -> Iterator[Pair]:
    """Several ``<dt>`` before a ``<dd>`` are wordings of one question."""
    outer = [item for item in soup.find_all("dl") if item.find_parent("dl") is None]
    for element in outer:
        parts = _terms(element)
        # The parser puts a <dt> into one before it that has no end tag: inner ones come out first.
        _Removal().remove_all(parts)
        questions: list[str] = []
        answers: list[str] = []
        for part in [*parts, None]:
            if part is not None and part.name == "dd":
                answers.append(markdown_of(part, address=address))
                continue
            if answers and questions:
                answer = "\n\n".join(filter(None, answers))
                yield Pair(questions[0], answer, tuple(questions[1:]))
                questions = []
            answers = []
            if part is not None:
                questions.append(text_of(part))
    _Removal().remove_all(outer)


def _terms(element: Tag) -> list[Tag]:
    """``<dt>`` and ``<dd>`` of this list, also within ``<div>``, without those of inner lists."""
    return [part for part in element.find_all(["dt", "dd"]) if part.find_parent("dl") is element]


# --- Headings -------------------------------------------------------------------------------------


def _headings(soup: BeautifulSoup, address: str) -> Iterator[Pair]:
    for heading in soup.find_all(HEADINGS):
        question = text_of(heading)
        if not _asks(question):
            continue
        answer = soup.new_tag("div")
        for element in _following(heading):
            answer.append(copy(element))
        yield Pair(question, markdown_of(answer, address=address))


def _following(heading: Tag) -> Iterator[PageElement]:
    """What follows until a heading that asks, or one of the same or a higher rank."""
    rank = HEADINGS.index(heading.name)
    start = _last_before_answer(heading)
    if start is None:
        return
    for sibling in start.next_siblings:
        if isinstance(sibling, Tag) and _ends_answer(sibling, rank):
            return
        if _is_content(sibling):
            yield sibling


def _last_before_answer(heading: Tag) -> Tag | None:
    """The heading, or what is around it: ``<div><h3>…?</h3></div><div>answer</div>``."""
    for element in (heading, *heading.parents):
        if element.name in _SECTIONS:
            return None
        if any(map(_is_content, element.next_siblings)):
            return element
    return None


def _ends_answer(element: Tag, rank: int) -> bool:
    # ``find_all`` would take most of the time of a page: it is called for each element.
    return any(
        HEADINGS.index(heading.name) <= rank or _asks(text_of(heading))
        for heading in (element, *element.descendants)
        if isinstance(heading, Tag) and heading.name in HEADINGS
    )


def _is_content(element: PageElement) -> bool:
    if isinstance(element, Tag):
        has_text = any(element.stripped_strings)
        return has_text or element.find("img") is not None
    # Comments are subclasses.
    return type(element) is NavigableString and bool(element.strip())
