"""Sessions, sign-in and messages, only for pages that people open in a browser.

API requests carry a token: they need no session, no user look-up and no messages.
"""

from __future__ import annotations

from typing import Any

from axes.middleware import AxesMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest

PAGES = ("/admin/", "/docs", "/schema")
"""Prefixes of paths whose views need the signed-in user."""


class _PagesOnly:
    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if request.path.startswith(PAGES):
            return super().__call__(request)  # type: ignore[misc]
        return self.get_response(request)


class Sessions(_PagesOnly, SessionMiddleware):
    pass


class SignedIn(_PagesOnly, AuthenticationMiddleware):
    pass


class LockOut(_PagesOnly, AxesMiddleware):  # type: ignore[misc]
    pass


class Messages(_PagesOnly, MessageMiddleware):
    pass
