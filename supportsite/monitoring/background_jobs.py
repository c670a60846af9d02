"""Is what goes on beside the requests keeping up? For /readyz and for Prometheus.

Asked of the database, so that it is true of whoever seals and sends, wherever they run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import wraps

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from audit.sealing.sealer import oldest_unsealed
from tickets.delivery.outbox import Delivery, last_heartbeat, oldest_due

SEALED_WITHIN = 30.0
"""Seconds; usually it is one."""

HEARD_WITHIN = 60.0
"""Seconds; a worker says something every five."""

SENT_WITHIN = 300.0
"""Seconds after which a delivery that is due counts as late."""

log = logging.getLogger("supportsite.monitoring.background_jobs")


class Late(Exception):
    """It does not keep up; says by how much."""


def sealer() -> str:
    """Raises ``Late``."""
    seconds = oldest_unsealed()
    if seconds > SEALED_WITHIN:
        raise Late(f"a record has not been sealed for {seconds:.0f} s; is the sealer running?")
    return f"the oldest unsealed record is {seconds:.1f} s old"


def worker() -> str:
    """Raises ``Late``."""
    heard, due = last_heartbeat(), oldest_due()
    if heard > HEARD_WITHIN:
        last = "no worker is at work" if heard == float("inf") else f"none for {heard:.0f} s"
        raise Late(f"{last}; the oldest delivery is due since {due:.0f} s")
    if due > SENT_WITHIN:
        raise Late(f"the oldest delivery is due since {due:.0f} s")
    return f"last heard of {heard:.0f} s ago, the oldest delivery is due since {due:.0f} s"


CHECKS = {"sealer": sealer, "worker": worker}

GAUGES = {
    "audit_unsealed_oldest_seconds": (
        oldest_unsealed,
        "Age of the oldest audit record that the sealer has not come to.",
    ),
    "tickets_outbox_oldest_due_seconds": (
        oldest_due,
        "Since when the oldest delivery that is due has been.",
    ),
    "tickets_worker_heartbeat_seconds": (
        last_heartbeat,
        "Time since a worker last gave a sign of life.",
    ),
    "tickets_dead_letters": (
        Delivery.objects.dead().count,
        "Mails and webhooks that were given up.",
    ),
}


class _Gauges(Collector):
    """Measured when asked for: a process that died cannot leave an old number behind."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            for name, (measure, meaning) in GAUGES.items():
                yield GaugeMetricFamily(name, meaning, value=measure())
        except (DatabaseError, InterfaceError) as failure:
            log.warning("nothing can be measured: %s", " ".join(str(failure).split()))


def with_gauges(
    export: Callable[[HttpRequest], HttpResponse], *more: Collector
) -> Callable[..., HttpResponse]:
    """What ``export`` tells Prometheus, ``GAUGES``, and what ``more`` finds when asked."""
    registry = CollectorRegistry()
    for collector in (_Gauges(), *more):
        registry.register(collector)

    @wraps(export)
    def view(request: HttpRequest) -> HttpResponse:
        response = export(request)
        response.content += generate_latest(registry)
        return response

    return view
