"""Django's views for errors outside the API's views: unknown paths, bad requests, crashes.

A page at the desk and for visitors of the help page; a problem document elsewhere.
"""

from __future__ import annotations

import sys
from math import ceil

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views import defaults

from assistant.help.page import plain_page
from audit.identity import request_id
from supportsite.edge.public_paths import is_help
from supportsite.web.problems import is_admin, problem_response


def _error_response(request: HttpRequest, status: int, detail: str) -> HttpResponse:
    """A page for visitors of the help page, which needs no database; else a problem document."""
    if is_help(request.path):
        return plain_page(request, status)
    return problem_response(status, detail)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_admin(request):
        return defaults.bad_request(request, exception)
    if isinstance(exception, RequestDataTooBig):
        return _error_response(request, 413, "The request body is too large.")
    return _error_response(request, 400, "The request is malformed.")


def permission_denied(request: HttpRequest, exception: PermissionDenied) -> HttpResponse:
    if is_admin(request):
        return defaults.permission_denied(request, exception)
    return problem_response(403, "You do not have permission to do this.")


def not_found(request: HttpRequest, exception: Http404) -> HttpResponse:
    if is_admin(request):
        return defaults.page_not_found(request, exception)
    return _error_response(request, 404, "There is nothing at this address.")


def server_error(request: HttpRequest) -> HttpResponse:
    """For unhandled exceptions. Ours, such as ``AuditUnavailable``, have a status and a message."""
    failure = sys.exception()
    status = getattr(failure, "problem_status", 500)
    detail = (
        str(failure)
        if status != 500
        else "An internal error occurred and was logged. To report it, quote the request id "
        f"{request_id.current.get()}."
    )
    if is_admin(request):
        return render(request, "500.html", {"detail": detail}, status=status)
    return _error_response(request, status, detail)


def too_many_requests(request: HttpRequest, seconds: float) -> HttpResponse:
    """429 with ``Retry-After``: the seconds to wait, rounded up."""
    detail = f"Too many requests were refused. Wait {ceil(seconds)} seconds."
    if is_admin(request):
        response = render(request, "429.html", {"detail": detail}, status=429)
    else:
        response = _error_response(request, 429, detail)
    response["Retry-After"] = str(ceil(seconds))
    return response


def method_not_allowed(request: HttpRequest, refusal: HttpResponseBase) -> HttpResponseBase:
    """A page for the empty reply 405 of a view of the desk, or of the help page."""
    if is_admin(request):
        response = render(request, "405.html", status=405)
    else:
        response = plain_page(request, 405)
    response["Allow"] = refusal["Allow"]
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    detail = "The form has expired. Go back, reload the page and try again."
    if is_admin(request):
        return defaults.permission_denied(request, PermissionDenied(detail))
    return problem_response(403, detail)
