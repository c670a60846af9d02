"""Where the time of a request goes, told to OpenTelemetry; off unless somebody says where to send.

Off, nothing of OpenTelemetry is imported, and a step costs a function call. A span never says what
a person typed or who it is: names and attributes are from closed sets of words.

Spans wait in memory and are sent by a thread of their own: nobody waits for the collector. While it
is down the newest 2,048 of a process are kept and the rest dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

SERVICE = "supportsite"

EXPORT_SECONDS = 5
"""For one try to send; also the most that a process waits for the collector when it ends."""

_provider: Any = None
_tracer: Any = None


def start(endpoint: str) -> None:
    """Send spans to an OTLP/HTTP collector, such as http://collector:4318, from this process.

    After a fork, since the thread that sends would not be in the child. Everything else, such as
    headers and the share of traces kept, is as the variables of OpenTelemetry's specification say.
    """
    global _provider, _tracer
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
    resource = Resource.create()
    # What OpenTelemetry calls a service that nobody has named.
    if str(resource.attributes["service.name"]).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": SERVICE}))
    _provider = TracerProvider(resource=resource)
    _provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer = _provider.get_tracer(SERVICE)


def stop() -> None:
    """Send what waits, and trace no more."""
    global _provider, _tracer
    provider, _provider, _tracer = _provider, None, None
    if provider:
        provider.shutdown()


def step(name: str) -> AbstractContextManager[Any]:
    """A part of the request; what begins inside it is its child."""
    return _current(name) if _tracer else nullcontext()


def note(**facts: str) -> None:
    """Words from closed sets, added to the span that is open."""
    if not _tracer:
        return
    from opentelemetry import trace

    for name, value in facts.items():
        trace.get_current_span().set_attribute(f"{SERVICE}.{name}", value)


@contextmanager
def request(traceparent: str) -> Iterator[Any]:
    """The whole of a request, as a part of its caller's trace if it has one; None when off.

    Only W3C's ``traceparent``: what vendors and callers put into ``tracestate`` and ``baggage`` is
    not ours to pass on.
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
def _current(name: str, **more: Any) -> Iterator[Any]:
    with _tracer.start_as_current_span(name, **_SILENT, **more) as span, _failing(span):
        yield span


# An exception's words and traceback may hold what a person typed.
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
