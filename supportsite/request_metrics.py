"""How many requests were answered how, and how fast: three of django-prometheus' metrics.

It keeps a dozen more, which cost as much time as a question's record and say nothing that these do
not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_prometheus.middleware import Metrics

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

KEPT = frozenset(
    {
        "django_http_responses_total_by_status",
        "django_http_responses_total_by_status_view_method",
        "django_http_requests_latency_seconds_by_view_method",
    }
)


class _FewMetrics(Metrics):  # type: ignore[misc]
    def register_metric(self, kind: Any, name: str, *about: Any, **how: Any) -> Any:
        return super().register_metric(kind, name, *about, **how) if name in KEPT else None


_METRICS = _FewMetrics.get_instance()
BY_STATUS = _METRICS.responses_by_status
BY_VIEW = _METRICS.responses_by_status_view_method
SECONDS = _METRICS.requests_latency_by_view_method


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
