"""Liveness and readiness: /healthz and /readyz."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from assistant.interfaces import Degraded
from assistant.readiness import readiness_checks
from supportsite.auth import signing_keys
from supportsite.monitoring import audit_trail, background_jobs
from supportsite.web.problems import problem_response

log = logging.getLogger("supportsite.monitoring.health")


@csrf_exempt
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 if the process answers. Uses no dependency."""
    return JsonResponse({"status": "ok"})


@csrf_exempt
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 if every dependency is available, else 503; with one line per dependency.

    A late sealer or worker, or Chroma that is down, makes it ``degraded``, still with 200: requests
    do not need them, and taking replicas out of service for it would cause an outage.
    """
    lines = _dependencies()
    is_ready = all(line.startswith(("ok", "degraded")) for line in lines.values())
    jobs = {name: _line(name, check) for name, check in background_jobs.CHECKS.items()}
    lines |= jobs
    if not is_ready:
        return problem_response(503, "A dependency is unavailable; see `checks`.", checks=lines)
    is_healthy = all(line.startswith("ok") for line in lines.values())
    return JsonResponse({"status": "ok" if is_healthy else "degraded", "checks": lines})


class ReadinessCollector(Collector):
    """Readiness for Prometheus, checked at every scrape."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        ready = GaugeMetricFamily(
            "supportsite_ready", "1 if the dependency is available, as in /readyz.", labels=["of"]
        )
        for name, line in _dependencies().items():
            ready.add_metric([name], float(line.startswith("ok")))
        yield ready
        yield GaugeMetricFamily(
            "supportsite_provider_keys_age_seconds",
            "Age of the identity provider's keys; 0 without a provider.",
            signing_keys.jwks_client().age if settings.JWT_JWKS_URL else 0.0,
        )

    def describe(self) -> list[GaugeMetricFamily]:
        """Empty, so that registering the collector does not run the checks."""
        return []


def _dependencies() -> dict[str, str]:
    checks: dict[str, Callable[[], str]] = {
        "database": _database,
        "audit trail": audit_trail.audit_trail,
        **readiness_checks(),
    }
    if settings.JWT_JWKS_URL:
        checks["identity provider"] = signing_keys.jwks_client().status
    return {name: _line(name, check) for name, check in checks.items()}


def _line(name: str, check: Callable[[], str]) -> str:
    try:
        return f"ok: {check()}"
    except (background_jobs.Late, Degraded) as reason:
        return f"degraded: {reason}"
    except audit_trail.Tampered as finding:
        log.critical("the audit trail was tampered with: %s", finding)
        return f"tampered: {finding}"
    # Any failure of a dependency means "not ready"; the reason is logged.
    except Exception as failure:
        log.warning("%s is not ready (%s): %s", name, type(failure).__name__, failure)
        return "unavailable"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "Postgres answers"
