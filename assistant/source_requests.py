"""Requests to sources of FAQs, by the bounded HTTP client.

Here, since ``faq`` may not import the client of ``tickets``. Registered in ``assistant.apps``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urljoin, urlsplit

from django.conf import settings

from faq.sources.fetching import MAX_BYTES, FetchFailed, Reply
from tickets.delivery.networks import Refused

REQUEST_SECONDS = 30.0
MAX_REDIRECTS = 5
SECRET_HEADERS = ("Authorization",)


def get(url: str, *, headers: Mapping[str, str], seconds_left: Callable[[], float]) -> Reply:
    """A ``faq.sources.fetching.Get``. The address of each redirect is checked like the first."""
    for _ in range(MAX_REDIRECTS + 1):
        reply, location = _get_once(url, headers, seconds_left)
        if not location:
            return reply
        following = urljoin(url, location)
        if _origin(following) != _origin(url):
            headers = {name: headers[name] for name in headers if name not in SECRET_HEADERS}
        url = following
    raise FetchFailed(f"it redirects more than {MAX_REDIRECTS} times")


def _get_once(
    url: str, headers: Mapping[str, str], seconds_left: Callable[[], float]
) -> tuple[Reply, str]:
    """The reply, and where it redirects to. Raises ``FetchFailed``."""
    # Every process registers this module, and only the worker fetches.
    from tickets.delivery.http_client import FAILURES, TooLarge, bounded_client

    host = urlsplit(url).hostname or url
    client = bounded_client(
        seconds=REQUEST_SECONDS,
        max_bytes=MAX_BYTES,
        allowed=settings.SOURCE_NETWORKS,
        seconds_left=seconds_left,
    )
    try:
        with client:
            response = client.get(url, headers=dict(headers))
    except Refused:
        reason = "is in a private network, or has no https; SOURCE_NETWORKS allows networks"
        raise FetchFailed(f"{host} {reason}") from None
    except TooLarge:
        raise FetchFailed(f"the page has more than {MAX_BYTES:,} bytes") from None
    except FAILURES as failure:
        reason = str(failure) or type(failure).__name__
        raise FetchFailed(f"{host} cannot be read: {reason}") from None
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    reply = Reply(
        url=url,
        status=response.status_code,
        media_type=media_type,
        charset=response.charset_encoding,
        etag=response.headers.get("ETag", ""),
        body=response.content,
    )
    return reply, response.headers.get("Location", "") if response.is_redirect else ""


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
