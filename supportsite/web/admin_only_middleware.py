"""Middleware of the pages that people open; what programs send goes past it.

A program says with each request who it is: there is no session to look up, nobody signed in to wait
for, and no message to carry over to the next page.
"""

from __future__ import annotations

from typing import Any

from axes.middleware import AxesMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest

PAGES = ("/admin/", "/docs", "/schema")
"""How the paths begin whose views look at who is signed in."""


class _OfPages:
    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if request.path.startswith(PAGES):
            return super().__call__(request)  # type: ignore[misc]
        return self.get_response(request)


class Sessions(_OfPages, SessionMiddleware):
    pass


class SignedIn(_OfPages, AuthenticationMiddleware):
    pass


class LockOut(_OfPages, AxesMiddleware):  # type: ignore[misc]
    pass


class Messages(_OfPages, MessageMiddleware):
    pass
