"""Errors as RFC 9457 problem documents with a request id.

No stack trace and no message of a library reaches a client.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils.text import slugify
from rest_framework import exceptions
from rest_framework.views import exception_handler as rest_handler
from rest_framework.views import set_rollback

from audit.identity import request_id
from audit.privacy.gateway import Channel, redact_outbound
from supportsite.throttling import throttles

CONTENT_TYPE = "application/problem+json"

PHRASES = {
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    422: "Unprocessable Entity",
}
"""Python 3.13 names these statuses otherwise, and clients compare types."""

log = logging.getLogger("supportsite.web.problems")


def phrase_of(status: int) -> str:
    """The ``title`` of problem documents with this HTTP status, under every version of Python."""
    return PHRASES.get(status) or HTTPStatus(status).phrase


def problem_type(status: int) -> str:
    """The ``type`` of problem documents with this HTTP status: one for each status."""
    return f"urn:problem-type:supportsite:{slugify(phrase_of(status))}"


def document(status: int, detail: str, **more: Any) -> dict[str, Any]:
    """The members of RFC 9457 plus ``request_id`` and, for bad input, ``errors``."""
    return {
        "type": problem_type(status),
        "title": phrase_of(status),
        "status": status,
        # An error may quote the input, and clients log documents.
        "detail": redact_outbound(Channel.LOGS, detail),
        "request_id": request_id.current.get(),
        **redact_outbound(Channel.LOGS, more),
    }


def problem_response(status: int, detail: str, **more: Any) -> JsonResponse:
    return JsonResponse(document(status, detail, **more), status=status, content_type=CONTENT_TYPE)


class Conflict(exceptions.APIException):
    """The request conflicts with a change by somebody else."""

    status_code = 409


def exception_handler(exc: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """The problem document of an exception in an API view; None for unexpected exceptions.

    Not rendered by the view: a problem is JSON even if the view renders CSV, YAML or HTML.
    """
    translated = throttles.throttle_failed_tokens(_translate(exc), context["request"])
    response = rest_handler(translated, context)
    if response is None:
        return None
    details: dict[str, Any] = {}
    if isinstance(translated, exceptions.ValidationError):
        detail = "The input is not valid."
        details["errors"] = list(_errors(response.data, ""))
    elif isinstance(translated, exceptions.APIException):
        detail = str(translated.detail)
        details = getattr(exc, "problem", {})
    else:
        detail = phrase_of(response.status_code) + "."
    if response.status_code >= 500:
        # Clients do not see the cause; it is logged.
        log.error("answered %s", response.status_code, exc_info=exc)
    problem = problem_response(response.status_code, detail, **details)
    return _with_headers_of(response, problem)


def _with_headers_of(response: HttpResponseBase, problem: JsonResponse) -> JsonResponse:
    for name in ("Allow", "Retry-After", "WWW-Authenticate"):
        if name in response.headers:
            problem[name] = response[name]
    return problem


def to_problem(response: HttpResponseBase) -> HttpResponseBase:
    """An error response of Django or a library, as a problem document."""
    if response.status_code < 400 or response.headers.get("Content-Type") == CONTENT_TYPE:
        return response
    phrase = phrase_of(response.status_code)
    return _with_headers_of(response, problem_response(response.status_code, f"{phrase}."))


def _translate(exc: Exception) -> Exception:
    """Translate exceptions of Django and the database to exceptions of DRF, with a status."""
    if isinstance(exc, (OperationalError, InterfaceError)):
        set_rollback()
        return _api_exception(503, "The database is not available. Try again later.")
    if isinstance(exc, RequestDataTooBig):
        return _api_exception(413, "The request body is too large.")
    if isinstance(exc, (TooManyFieldsSent, TooManyFilesSent, MultiPartParserError)):
        return exceptions.ParseError("The form data is malformed.")
    if isinstance(exc, UnreadablePostError):
        return exceptions.ParseError("The request body is incomplete.")
    if isinstance(exc, SuspiciousOperation):
        return exceptions.ParseError("The request is malformed.")
    status = getattr(exc, "problem_status", None)
    if status is not None:
        return _api_exception(status, str(exc))
    return exc


def _api_exception(status: int, detail: str) -> exceptions.APIException:
    exception = exceptions.APIException(detail)
    exception.status_code = status
    return exception


def _errors(detail: Any, field: str) -> Any:
    """DRF's nested error detail as a flat list of field and reason."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _errors(inner, f"{field}.{name}" if field else str(name))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _errors(inner, field)
    else:
        yield {"field": field, "reason": str(detail)}


def is_admin(request: HttpRequest) -> bool:
    """Whether the request is for a page of the desk, not for the API."""
    return request.path.startswith("/admin/")
