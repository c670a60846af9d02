"""Security headers of every response, such as the Content-Security-Policy.

Every policy starts with that of the API, which allows nothing, and adds what its pages need;
``tests/test_page_policy.py`` opens them in a browser. Source: https://www.w3.org/TR/CSP3/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.http import HttpRequest
from django.http.response import HttpResponseBase

API: Mapping[str, str] = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
"""For the API: a browser that opens a reply loads and runs nothing."""

DOCS: Mapping[str, str] = {
    **API,
    "script-src": "'self'",
    "style-src": "'self'",
    # Swagger UI's stylesheet embeds its pictures.
    "img-src": "'self' data:",
    # The schema, and requests that people try out.
    "connect-src": "'self'",
}

ADMIN: Mapping[str, str] = {
    **API,
    # Without eval: see static/supportsite/expressions.js.
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
}


def header_value(directives: Mapping[str, str]) -> str:
    """The header's value for a policy."""
    return "; ".join(f"{directive} {sources}" for directive, sources in directives.items())


HELP: Mapping[str, str] = {**API, "style-src": "'self'"}
"""For errors. Other pages of the help page have a policy that depends on the site around them."""

PAGE_POLICIES = (
    ("/help/", header_value(HELP)),
    ("/admin/", header_value(ADMIN)),
    ("/docs", header_value(DOCS)),
)
"""Policies by path prefix; other paths get ``DEFAULT_POLICY``."""

DEFAULT_POLICY = header_value(API)

UNUSED_FEATURES = (
    *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer"),
    *("microphone", "midi", "payment", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
"""Browser features that no page uses."""

OTHER_HEADERS = {
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED_FEATURES),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not no-referrer: over HTTPS Django's CSRF check needs it.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def policy(path: str) -> str:
    """The Content-Security-Policy of the page at a path."""
    return next((page for start, page in PAGE_POLICIES if path.startswith(start)), DEFAULT_POLICY)


class PagePolicyMiddleware:
    """Adds the headers to every response; list it before middleware that may respond."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        # A download has a stricter one.
        response.headers.setdefault("Content-Security-Policy", policy(request.path))
        for name, value in OTHER_HEADERS.items():
            response.headers.setdefault(name, value)
        return response
