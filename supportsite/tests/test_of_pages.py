"""Sessions, sign-ins and messages are for pages; what programs send goes past them."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import URLPattern, get_resolver
from rest_framework.authentication import SessionAuthentication

from supportsite.auth.authentication import SessionOrBearer
from supportsite.web import admin_only_middleware

KINDS = [
    admin_only_middleware.Sessions,
    admin_only_middleware.SignedIn,
    admin_only_middleware.Messages,
    admin_only_middleware.LockOut,
]


def passed_through(path: str) -> dict[str, object]:
    """What a request for that path has been given by the time it is answered."""
    request = RequestFactory().get(path)

    def answer(request):
        return HttpResponse()

    for kind in reversed(KINDS):
        answer = kind(answer)
    answer(request)
    return vars(request)


@pytest.mark.parametrize("path", ["/admin/", "/admin/faq/faq/", "/docs", "/schema"])
def test_a_page_knows_who_is_signed_in(path):
    assert passed_through(path).keys() >= {"session", "user", "_messages"}


@pytest.mark.parametrize("path", ["/ask", "/tickets", "/healthz", "/metrics", "/nothing"])
def test_a_program_is_looked_up_in_no_session(path):
    assert passed_through(path).keys().isdisjoint({"session", "user", "_messages"})


def test_every_view_of_the_api_that_takes_a_session_is_a_page():
    taking = [f"/{route}" for route, view in views(get_resolver()) if takes_a_session(view)]

    assert taking == ["/schema", "/docs"]
    assert all(path.startswith(admin_only_middleware.PAGES) for path in taking)


def views(resolver, before=""):
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, pattern.callback
        else:
            yield from views(pattern, route)


def takes_a_session(view) -> bool:
    kinds = getattr(getattr(view, "cls", None), "authentication_classes", ())
    return any(issubclass(kind, (SessionAuthentication, SessionOrBearer)) for kind in kinds)
