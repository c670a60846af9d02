"""Whether the proxy in front sent a request: only then may its word about the caller be believed.

Anybody can write any header. What nobody outside can do is know the proxy's secret, or connect to a
unix socket that lies in a folder only the proxy may enter.
"""

from __future__ import annotations

import hmac

from django.conf import settings
from django.http import HttpRequest

SECRET_HEADER = "X-Proxy-Secret"  # noqa: S105 (a header's name)


def came_through(request: HttpRequest) -> bool:
    """Whether it has one of ``PROXY_SECRET``; or, where none is set, came over a unix socket."""
    if settings.PROXY_SECRETS:
        offered = request.headers.get(SECRET_HEADER, "").encode()
        return any(hmac.compare_digest(offered, one.encode()) for one in settings.PROXY_SECRETS)
    return came_over_unix_socket(request)


def came_over_unix_socket(request: HttpRequest) -> bool:
    """Whether gunicorn got it over a unix socket: a peer on TCP always has an address.

    No header can say so: what a caller sends has names that begin with ``HTTP_``.
    """
    return request.META.get("REMOTE_ADDR") == ""
