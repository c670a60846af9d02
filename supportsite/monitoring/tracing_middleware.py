"""A span for every request, named after its route."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from assistant import telemetry
from supportsite.edge.internal_paths import INTERNAL_PATHS
from supportsite.web.middleware import METHODS


class TracingMiddleware:
    """Disabled unless OTEL_EXPORTER_OTLP_ENDPOINT is set."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.OTEL_EXPORTER_OTLP_ENDPOINT:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path in INTERNAL_PATHS:
            return self.get_response(request)
        with telemetry.request(request.headers.get("traceparent", "")) as span:
            response = self.get_response(request)
            if span is not None:
                _describe(span, request, response)
            return response


def _describe(span: Any, request: HttpRequest, response: HttpResponseBase) -> None:
    """As OpenTelemetry's semantic conventions for HTTP name it."""
    # The route, not the path, and no method somebody made up: a path may hold what was typed.
    match = request.resolver_match
    route = match.route if match else ""
    method = str(request.method) if request.method in METHODS else "_OTHER"
    span.update_name(f"{method} {route}".strip())
    attributes = {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": response.status_code,
    }
    span.set_attributes(attributes)
    if response.status_code >= 500:
        from opentelemetry.trace import StatusCode

        span.set_status(StatusCode.ERROR)
