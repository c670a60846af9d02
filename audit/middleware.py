"""Make the current request available to audit records, and record refused requests."""

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
    """Order: after the middleware of the request id, before any that may refuse the request."""

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
        # The request is refused either way, so there is nothing to roll back.
        log.exception("a refused request (%s) could not be recorded", status)
