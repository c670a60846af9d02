"""The articles of help centres by their APIs: title as question, body as answer. Pure.

- Zendesk: https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/
- Intercom: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/articles
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from faq.sources.html_pages import html_to_markdown
from faq.sources.pairs import Pair, merge

GetJson = Callable[[str, Mapping[str, str]], Any]
"""Called with an address and headers; returns the document."""

MAX_PAGES = 200

ZENDESK_PAGE = 30
INTERCOM_PAGE = 50
INTERCOM_VERSION = "2.11"


class UnexpectedReply(Exception):
    """The help centre's reply has another shape than documented."""


def zendesk_pairs(address: str, *, locale: str, get: GetJson) -> list[Pair]:
    """The published articles that everybody may read. Raises ``UnexpectedReply``."""
    start = f"/api/v2/help_center/{locale}/articles.json?page[size]={ZENDESK_PAGE}"
    return merge(_zendesk_articles(urljoin(address, start), get))


def _zendesk_articles(url: str, get: GetJson) -> Iterator[Pair]:
    for _ in range(MAX_PAGES):
        page = _object(get(url, {}))
        for article in _articles(page, "articles"):
            # A segment of users: the article is not for everybody.
            if not article.get("draft") and article.get("user_segment_id") is None:
                yield _pair(article, title="title", page="html_url")
        following = _next_of_zendesk(page)
        if not following:
            return
        url = urljoin(url, following)
    raise UnexpectedReply(f"it has over {MAX_PAGES} pages of articles")


def _next_of_zendesk(page: Mapping[str, Any]) -> str:
    """By cursor, or by page number where the help centre has no cursors."""
    meta, links = page.get("meta"), page.get("links")
    if isinstance(meta, dict) and isinstance(links, dict):
        return str(links.get("next") or "") if meta.get("has_more") else ""
    return str(page.get("next_page") or "")


def intercom_pairs(address: str, *, token: str, get: GetJson) -> list[Pair]:
    """The published articles, in their default language. Raises ``UnexpectedReply``."""
    return merge(_intercom_articles(address, token, get))


def _intercom_articles(address: str, token: str, get: GetJson) -> Iterator[Pair]:
    headers = {"Authorization": f"Bearer {token}", "Intercom-Version": INTERCOM_VERSION}
    for number in range(1, MAX_PAGES + 1):
        url = urljoin(address, f"/articles?page={number}&per_page={INTERCOM_PAGE}")
        page = _object(get(url, headers))
        for article in _articles(page, "data"):
            if article.get("state") == "published":
                yield _pair(article, title="title", page="url")
        pages = page.get("pages")
        total = pages.get("total_pages") if isinstance(pages, dict) else 1
        if not isinstance(total, int) or number >= total:
            return
    raise UnexpectedReply(f"it has over {MAX_PAGES} pages of articles")


def _pair(article: Mapping[str, Any], *, title: str, page: str) -> Pair:
    url = str(article.get(page) or "")
    return Pair(
        question=" ".join(str(article.get(title) or "").split()),
        answer=html_to_markdown(str(article.get("body") or ""), address=url),
        key=str(article.get("id") or ""),
        url=url,
    )


def _object(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise UnexpectedReply("its reply is not an object")
    return document


def _articles(page: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    articles = page.get(name)
    if not isinstance(articles, list) or not all(isinstance(item, dict) for item in articles):
        raise UnexpectedReply(f"its reply has no list “{name}”")
    return articles
