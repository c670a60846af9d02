"""Status of sealer and worker, for /readyz and Prometheus.

Read from the database, so it covers these processes wherever they run.
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

from audit.sealing.heartbeat import last_canary
from audit.sealing.sealer import oldest_unsealed
from tickets.delivery.outbox import Delivery, heartbeat_age, oldest_due_seconds
from tickets.inbound.inbound_mail import InboundMail
from tickets.inbound.mailbox_state import failing_seconds

MAX_UNSEALED_SECONDS = 30.0
"""Age of the oldest unsealed record; usually one second."""

MAX_CANARY_SECONDS = 180.0
"""Time since the sealer's last canary came back sealed; it writes one a minute."""

MAX_HEARTBEAT_SECONDS = 60.0
"""Time since the last heartbeat; a worker sends one every five seconds."""

MAX_DUE_SECONDS = 300.0
"""Seconds after which a delivery that is due counts as late."""

log = logging.getLogger("supportsite.monitoring.background_jobs")


class Late(Exception):
    """A background job is late; the text says by how much."""


def sealer() -> str:
    """One line for operators. Raises ``Late``."""
    seconds = oldest_unsealed()
    if seconds > MAX_UNSEALED_SECONDS:
        raise Late(f"a record is unsealed for {seconds:.0f} s: start manage.py audit_seal --loop")
    canary = last_canary()
    if canary == float("inf"):
        raise Late("no sealer is running: start manage.py audit_seal --loop")
    if canary > MAX_CANARY_SECONDS:
        raise Late(f"no canary of the sealer came back for {canary:.0f} s: see its log")
    return f"the oldest unsealed record is {seconds:.1f} s old"


def worker() -> str:
    """One line for operators. Raises ``Late``."""
    heartbeat, due = heartbeat_age(), oldest_due_seconds()
    if heartbeat > MAX_HEARTBEAT_SECONDS:
        last = (
            "no worker is running, start manage.py worker"
            if heartbeat == float("inf")
            else f"no heartbeat of a worker for {heartbeat:.0f} s, see its log"
        )
        raise Late(f"{last}; the oldest due delivery waits {due:.0f} s")
    if due > MAX_DUE_SECONDS:
        raise Late(f"the oldest due delivery waits {due:.0f} s")
    return f"last heartbeat {heartbeat:.0f} s ago, the oldest due delivery waits {due:.0f} s"


CHECKS = {"sealer": sealer, "worker": worker}

GAUGES = {
    "audit_unsealed_oldest_seconds": (
        oldest_unsealed,
        "Age of the oldest unsealed audit record.",
    ),
    "audit_canary_seconds": (
        last_canary,
        "Time since the sealer's last canary came back sealed.",
    ),
    "tickets_outbox_oldest_due_seconds": (
        oldest_due_seconds,
        "How long the oldest due delivery has been due.",
    ),
    "tickets_worker_heartbeat_seconds": (
        heartbeat_age,
        "Time since the last heartbeat of a worker.",
    ),
    "tickets_dead_letters": (
        Delivery.objects.dead().count,
        "Mails and webhooks that failed for good.",
    ),
    "tickets_parked_mails": (
        InboundMail.objects.parked().count,
        "Mails from customers that a person has to look at.",
    ),
    "tickets_mailbox_failing_seconds": (
        failing_seconds,
        "How long the mailbox could not be read; 0 if it can or there is none.",
    ),
}


class _Gauges(Collector):
    """Measured at every scrape, so that no value of a dead process remains."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            for name, (measure, meaning) in GAUGES.items():
                yield GaugeMetricFamily(name, meaning, value=measure())
        except (DatabaseError, InterfaceError) as failure:
            log.warning(
                "metrics could not be read from the database: %s", " ".join(str(failure).split())
            )


def with_gauges(
    export: Callable[[HttpRequest], HttpResponse], *more: Collector
) -> Callable[..., HttpResponse]:
    """A view with the output of ``export``, the ``GAUGES`` and the collectors ``more``."""
    registry = CollectorRegistry()
    for collector in (_Gauges(), *more):
        registry.register(collector)

    @wraps(export)
    def view(request: HttpRequest) -> HttpResponse:
        response = export(request)
        response.content += generate_latest(registry)
        return response

    return view
