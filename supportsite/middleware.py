"""What every request passes through before Django's own middleware."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from audit import request_id
from supportsite import certificates
from supportsite.inside import INSIDE
from supportsite.problems import in_our_words, is_admin, problem_response

GetResponse = Callable[[HttpRequest], HttpResponseBase]

REQUEST_ID_HEADER = "X-Request-ID"

log = logging.getLogger("supportsite.requests")


class RequestIdMiddleware:
    """Give the request an id, say it in the reply, and log one line when it is done."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        given = request_id.accept(request.headers.get(REQUEST_ID_HEADER))
        token = request_id.current.set(given)
        try:
            response = self.get_response(request)
            response[REQUEST_ID_HEADER] = given
            self._log(request, response, time.perf_counter() - started)
            return response
        finally:
            request_id.current.reset(token)

    @staticmethod
    def _log(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
        if request.path in INSIDE:
            return
        # The route, not the path: a path may hold what a person typed.
        match = request.resolver_match
        log.info(
            "request",
            extra={
                "method": request.method if match else "",
                "route": match.route if match else "",
                "status": response.status_code,
                "ms": round(seconds * 1000, 1),
            },
        )


class ProblemMiddleware:
    """Put the errors that Django and its libraries answer themselves, such as 405, in our words."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        return response if is_admin(request) else in_our_words(response)


class WellFormedMiddleware:
    """Refuse with 400 what would crash those behind: a NUL in a cookie, a length that is none."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.headers.get("Content-Length") or "0"
        # A session's key is looked up in Postgres, which takes no NUL.
        if not length.isdecimal() or any("\0" in value for value in request.COOKIES.values()):
            raise BadRequest
        return self.get_response(request)


class ClientCertificateMiddleware:
    """Know the client certificate that NGINX verified; with ENFORCE_MTLS, require one.

    What a request says of it counts only if it came through NGINX, see ``proxy.py``; and NGINX must
    always say it itself, or else a caller could, through NGINX.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        certificate = certificates.verified(request)
        # Where the audit trail looks for it.
        request.certificate_subject = certificate.subject if certificate else ""  # type: ignore[attr-defined]
        if settings.ENFORCE_MTLS and certificate is None and not _is_from_inside(request):
            return problem_response(403, "A verified client certificate is required.")
        return self.get_response(request)


def _is_from_inside(request: HttpRequest) -> bool:
    """Whether a probe or Prometheus asks, past NGINX: what comes through it has that header."""
    return request.path in INSIDE and certificates.VERIFY_HEADER not in request.headers
