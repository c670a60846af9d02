"""Whether a request came through the reverse proxy: only then are its headers trusted.

Anybody can send any header. But only the proxy has its secret, or can connect to a unix socket in a
folder that only the proxy may enter.
"""

from __future__ import annotations

import hmac

from django.conf import settings
from django.http import HttpRequest

SECRET_HEADER = "X-Proxy-Secret"  # noqa: S105 (a header's name)


def is_from_proxy(request: HttpRequest) -> bool:
    """Whether it has one of ``PROXY_SECRETS``; if none is set, whether by a unix socket."""
    if settings.PROXY_SECRETS:
        secret = request.headers.get(SECRET_HEADER, "").encode()
        return any(hmac.compare_digest(secret, valid.encode()) for valid in settings.PROXY_SECRETS)
    return is_from_unix_socket(request)


def is_from_unix_socket(request: HttpRequest) -> bool:
    """Whether gunicorn received it over a unix socket: a TCP peer always has an address.

    A caller cannot forge this: headers get names that begin with ``HTTP_``.
    """
    return request.META.get("REMOTE_ADDR") == ""
