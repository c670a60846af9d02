"""How many requests were answered how, and how fast.

Names and buckets are those of django-prometheus, which dashboards know; it keeps a dozen more.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import Counter, Histogram

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

BY_STATUS = Counter(
    "django_http_responses_total_by_status", "Count of responses by status.", ["status"]
)
BY_VIEW = Counter(
    "django_http_responses_total_by_status_view_method",
    "Count of responses by status, view, method.",
    ["status", "view", "method"],
)
SECONDS = Histogram(
    "django_http_requests_latency_seconds_by_view_method",
    "Time to answer a request, all middleware included; of a stream, until it begins.",
    ["view", "method"],
    buckets=(
        *(0.001, 0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075),
        *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
    ),
)


class RequestMetricsMiddleware:
    """Outside of all others, so that whatever answers is counted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - started

        # The view and no path, and no method somebody made up: labels are closed sets of words.
        match = request.resolver_match
        view = (match.view_name if match else None) or "<unnamed view>"
        method = request.method if request.method in METHODS else "<invalid method>"
        BY_STATUS.labels(response.status_code).inc()
        BY_VIEW.labels(response.status_code, view, method).inc()
        SECONDS.labels(view, method).observe(seconds)
        return response
