"""Middleware of the pages that people open; what programs send goes past it.

A program says with each request who it is: there is no session to look up, nobody signed in to wait
for, and no message to carry over to the next page.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin

PAGES = ("/admin/", "/docs", "/schema")
"""How the paths begin whose views look at who is signed in."""


class _OfPages(MiddlewareMixin):
    def __call__(self, request: HttpRequest) -> Any:
        if request.path.startswith(PAGES):
            return super().__call__(request)
        return self.get_response(request)


class Sessions(_OfPages, SessionMiddleware):
    pass


class SignedIn(_OfPages, AuthenticationMiddleware):
    pass


class Messages(_OfPages, MessageMiddleware):
    pass
