"""Middleware that runs before Django's own."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

from audit.identity import request_id
from supportsite.edge import client_certificates
from supportsite.edge.internal_paths import INTERNAL_PATHS
from supportsite.edge.public_paths import is_help, is_public
from supportsite.throttling import throttles
from supportsite.web.error_views import method_not_allowed, too_many_requests
from supportsite.web.problems import is_admin, problem_response, to_problem

GetResponse = Callable[[HttpRequest], HttpResponseBase]

REQUEST_ID_HEADER = "X-Request-ID"

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""All that any view answers. Other methods are refused, since metrics are labelled by method."""

log = logging.getLogger("supportsite.requests")


class RefusalThrottleMiddleware:
    """Answer 429 instead of 403 after too many 403s: each of them is an audit record.

    Order: directly after the middleware that records them.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code != HTTPStatus.FORBIDDEN:
            return response
        seconds = throttles.seconds_after_refusal(request)
        return response if seconds is None else too_many_requests(request, seconds)


class RateLimitMiddleware:
    """Add ``RateLimit`` and ``RateLimit-Policy`` to replies: what is left of the caller's limit."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in getattr(request, "rate_limit", {}).items():
            response[name] = value
        return response


class RequestIdMiddleware:
    """Assign a request id, send it in the response, and log one line per request."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        identifier = request_id.accept(request.headers.get(REQUEST_ID_HEADER))
        token = request_id.current.set(identifier)
        try:
            response = self.get_response(request)
            response[REQUEST_ID_HEADER] = identifier
            self._log(request, response, time.perf_counter() - started)
            return response
        finally:
            request_id.current.reset(token)

    @staticmethod
    def _log(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
        if request.path in INTERNAL_PATHS:
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
    """Turn error responses of Django and libraries, such as 405, into problem documents or
    pages."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not (is_admin(request) or is_help(request.path)):
            return to_problem(response)
        if isinstance(response, HttpResponseNotAllowed):
            return method_not_allowed(request, response)
        return response


_YEAR = re.compile(r"[0-9]{1,4}")


class WellFormedMiddleware:
    """Refuse with 400 what would be a 500 further on, and unknown methods with 405.

    Postgres accepts no NUL, and a session's key and parts of a path are looked up there. The
    admin's lists take any lookup as a query, and Django fails on years that no date can have.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in METHODS:
            return HttpResponseNotAllowed(sorted(METHODS))
        length = request.headers.get("Content-Length") or "0"
        texts = [request.path, *request.COOKIES.values()]
        if not length.isdecimal() or any("\0" in text for text in texts):
            raise BadRequest
        if is_admin(request) and not all(map(_is_possible, request.GET.lists())):
            raise BadRequest
        return self.get_response(request)


def _is_possible(parameter: tuple[str, list[str]]) -> bool:
    """False for a NUL, and for a year that is not from 1 to 9999."""
    name, values = parameter
    if any("\0" in value for value in values):
        return False
    if not {"year", "iso_year"}.intersection(name.split("__")[1:]):
        return True
    return all(_YEAR.fullmatch(value) and int(value) > 0 for value in values)


class ClientCertificateMiddleware:
    """Read the client certificate that NGINX verified; with ENFORCE_MTLS, require one.

    The headers are trusted only if the request came through NGINX, see ``proxy.py``. NGINX must
    always set them, or a caller could send them through NGINX.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        certificate = client_certificates.verified(request)
        # The audit trail reads it from the request.
        request.certificate_subject = certificate.subject if certificate else ""  # type: ignore[attr-defined]
        if settings.ENFORCE_MTLS and certificate is None and not _is_open(request):
            return problem_response(403, "A verified client certificate is required.")
        return self.get_response(request)


def _is_open(request: HttpRequest) -> bool:
    return is_public(request.path) or _is_internal(request)


def _is_internal(request: HttpRequest) -> bool:
    """True for probes and Prometheus, which bypass NGINX: it would have set the header."""
    return (
        request.path in INTERNAL_PATHS and client_certificates.VERIFY_HEADER not in request.headers
    )
