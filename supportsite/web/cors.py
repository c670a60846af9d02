"""Which pages of other origins may call the API: the settings of django-cors-headers. Pure.

Source: https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from __future__ import annotations

import re

API_PATHS = r"^/(?!admin/|docs|help/|metrics|readyz|static/|widget/)"
"""Pages of the desk and of visitors, and what only the network inside reads, are left out."""

REQUEST_HEADERS = (
    *("accept", "accept-language", "authorization", "content-type"),
    *("idempotency-key", "if-match", "prefer", "traceparent", "x-request-id"),
)
"""What a page may send."""

REPLY_HEADERS = (
    *("ETag", "Location", "Content-Disposition"),
    *("RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID"),
)
"""What a page may read, besides what every page may."""

_ORIGIN = re.compile(r"https?://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")
_LOOPBACK = re.compile(r"http://(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?")


def origins(text: str) -> list[str]:
    """``https://www.shop.example, http://localhost:3000``. Raises ``ValueError``.

    As a browser sends them: lower case, no path, no default port. Plain http only for this machine,
    since anybody on the way could change the page.
    """
    listed = [part.strip() for part in text.split(",") if part.strip()]
    for origin in listed:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(
                f"origins such as https://www.shop.example, separated by commas, not {origin!r}"
            )
        if origin.startswith("http:") and not _LOOPBACK.fullmatch(origin):
            raise ValueError(f"origins with https, not {origin!r}")
    return listed
