"""Read the questions and answers of a source from its address.

It imports the parsers, which only the worker needs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from faq.sources.fetching import Address, FetchFailed, Kind, Reading, Reply, get
from faq.sources.help_centres import UnexpectedReply, intercom_pairs, zendesk_pairs
from faq.sources.html_pages import UnreadablePage, has_password_field, page_pairs

SECONDS = 180.0
"""For all requests of one source."""

_HTML = ("text/html", "application/xhtml+xml")


def read(address: Address, *, etag: str = "") -> Reading:
    """Read the source. ``etag``: of the last reading, for pages. Raises ``FetchFailed``.

    A source without any question has failed: it is an error page, or one made by scripts.
    """
    deadline = time.monotonic() + SECONDS

    def seconds_left() -> float:
        return max(deadline - time.monotonic(), 0.001)

    def get_json(url: str, headers: Mapping[str, str]) -> Any:
        accept = {"Accept": "application/json", **headers}
        reply = _successful(get.get()(url, headers=accept, seconds_left=seconds_left))
        try:
            return json.loads(reply.body)
        except (ValueError, RecursionError):
            raise FetchFailed(f"the reply of {url} is not JSON") from None

    try:
        if address.kind is Kind.ZENDESK:
            reading = Reading(zendesk_pairs(address.url, locale=address.locale, get=get_json))
        elif address.kind is Kind.INTERCOM:
            reading = Reading(intercom_pairs(address.url, token=address.token, get=get_json))
        else:
            reading = _read_page(address.url, etag, seconds_left)
    except (UnexpectedReply, UnreadablePage) as error:
        raise FetchFailed(str(error)) from None
    if reading.pairs is not None and not reading.pairs:
        raise FetchFailed("there are no questions with answers on it")
    return reading


def _read_page(url: str, etag: str, seconds_left: Callable[[], float]) -> Reading:
    headers = {"Accept": "text/html", **({"If-None-Match": etag} if etag else {})}
    reply = get.get()(url, headers=headers, seconds_left=seconds_left)
    if etag and reply.status == 304:
        return Reading(None, etag)
    reply = _successful(reply)
    if reply.media_type not in _HTML:
        raise FetchFailed(f"it is no web page but {reply.media_type or 'of no type'}")
    pairs = page_pairs(reply.body, charset=reply.charset, address=reply.url)
    if not pairs and has_password_field(reply.body, charset=reply.charset):
        raise FetchFailed("the page asks to sign in")
    return Reading(pairs, reply.etag)


def _successful(reply: Reply) -> Reply:
    if reply.status in (401, 403):
        raise FetchFailed(f"the server refuses the request: status {reply.status}")
    if reply.status != 200:
        raise FetchFailed(f"the server replied with status {reply.status}")
    if not reply.body.strip():
        raise FetchFailed("the page is empty")
    return reply
