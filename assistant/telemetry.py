"""Traces of requests for OpenTelemetry; off unless an endpoint is set.

When off, OpenTelemetry is not imported and a step costs one function call. Spans have no user text
and no user id: names and attributes have fixed sets of values.

A background thread sends the spans, so that no request waits for the collector. While it is down, a
process buffers up to 2,048 spans and drops the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

SERVICE = "supportsite"

EXPORT_SECONDS = 5
"""Timeout of an export, also at the end of a process."""

_provider: Any = None
_tracer: Any = None


def start(endpoint: str) -> None:
    """Send spans to an OTLP/HTTP collector, such as http://collector:4318, from this process.

    Call it after a fork: threads do not survive one. Everything else, such as headers and
    sampling, is configured by OpenTelemetry's environment variables.
    """
    global _provider, _tracer
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
    resource = Resource.create()
    # OpenTelemetry's default name.
    if str(resource.attributes["service.name"]).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": SERVICE}))
    _provider = TracerProvider(resource=resource)
    _provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer = _provider.get_tracer(SERVICE)


def stop() -> None:
    """Flush the buffered spans and stop tracing."""
    global _provider, _tracer
    provider, _provider, _tracer = _provider, None, None
    if provider:
        provider.shutdown()


def step(name: str) -> AbstractContextManager[Any]:
    """A span for a part of the request."""
    return _current(name) if _tracer else nullcontext()


def note(**attributes: str) -> None:
    """Add attributes to the current span; their values are from fixed sets."""
    if not _tracer:
        return
    from opentelemetry import trace

    for name, value in attributes.items():
        trace.get_current_span().set_attribute(f"{SERVICE}.{name}", value)


@contextmanager
def request(traceparent: str) -> Iterator[Any]:
    """The span of a request, in its caller's trace if it has one; None when off.

    Reads only W3C's ``traceparent``: ``tracestate`` and ``baggage`` are not propagated.
    """
    if not _tracer:
        yield None
        return
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    parent = TraceContextTextMapPropagator().extract({"traceparent": traceparent})
    with _current("request", context=parent, kind=SpanKind.SERVER) as span:
        yield span


@contextmanager
def _current(name: str, **options: Any) -> Iterator[Any]:
    with _tracer.start_as_current_span(name, **_SILENT, **options) as span, _failing(span):
        yield span


# An exception's text and traceback may contain user text.
_SILENT = {"record_exception": False, "set_status_on_exception": False}


@contextmanager
def _failing(span: Any) -> Iterator[None]:
    try:
        yield
    except Exception as failure:
        from opentelemetry.trace import StatusCode

        span.set_status(StatusCode.ERROR)
        span.set_attribute("error.type", type(failure).__name__)
        raise
