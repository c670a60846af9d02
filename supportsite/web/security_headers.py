"""What a browser may do with our replies: headers that hold whatever a page turns out to contain.

Each policy begins with nothing and names what its pages need; ``tests/test_page_policy.py`` walks
them in a browser. Source: https://www.w3.org/TR/CSP3/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.http import HttpRequest
from django.http.response import HttpResponseBase

NOTHING: Mapping[str, str] = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
"""For programs: a reply that a browser shows after all is a text and no more."""

DOCS: Mapping[str, str] = {
    **NOTHING,
    "script-src": "'self'",
    "style-src": "'self'",
    # Swagger UI's stylesheet has its pictures in it.
    "img-src": "'self' data:",
    # The description of the API, and what is tried out.
    "connect-src": "'self'",
}

ADMIN: Mapping[str, str] = {
    **NOTHING,
    # Unfold's Alpine makes functions of the expressions in its templates, which is eval. A script
    # in the page's text stays forbidden, and so does one from elsewhere.
    "script-src": "'self' 'unsafe-eval'",
    # Unfold writes its colours, widths and pictures into the page. No script can come of a style.
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
}


def written(directives: Mapping[str, str]) -> str:
    """A policy as its header says it."""
    return "; ".join(f"{directive} {sources}" for directive, sources in directives.items())


OF_PAGES = (("/admin/", written(ADMIN)), ("/docs", written(DOCS)))
"""The first that a path begins with; all else gets ``OTHERWISE``."""

OTHERWISE = written(NOTHING)

UNUSED = (
    *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer"),
    *("microphone", "midi", "payment", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
"""Features of browsers that no page of ours has a use for."""

OTHER_HEADERS = {
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not no-referrer: over HTTPS Django's forms are checked by it.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def policy(path: str) -> str:
    """The Content-Security-Policy of the page at a path."""
    return next((page for start, page in OF_PAGES if path.startswith(start)), OTHERWISE)


class PagePolicyMiddleware:
    """Outside of whatever may answer, so that no reply goes without."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response["Content-Security-Policy"] = policy(request.path)
        for name, value in OTHER_HEADERS.items():
            response.headers.setdefault(name, value)
        return response
