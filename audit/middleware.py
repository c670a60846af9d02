"""Know who calls while a request is served, and record whom the site refused."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from audit.identity import caller
from audit.models import AuditUnavailable, record

REFUSALS = (401, 403)

log = logging.getLogger("audit")


class AuditMiddleware:
    """Outside of whatever may refuse, inside of what gives the request its id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = caller.current.set(request)
        try:
            response = self.get_response(request)
            if response.status_code in REFUSALS:
                _record(request, response.status_code)
            return response
        finally:
            caller.current.reset(token)


def _record(request: HttpRequest, status: int) -> None:
    # The route, not the path: a path may hold what a person typed.
    match = request.resolver_match
    data = {"method": request.method if match else "", "route": match.route if match else ""}
    try:
        record("request.refused", actor=caller.name(request), data={**data, "outcome": str(status)})
    except AuditUnavailable:
        # It is refused either way: nothing was done that would have to be undone.
        log.exception("a refusal (%s) could not be recorded", status)
