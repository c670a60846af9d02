"""Is the process alive, and is everything it needs there?"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from assistant.wiring import readiness_checks

log = logging.getLogger("supportsite.health")


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers. Touches nothing."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every dependency is there, else 503; one line each either way."""
    checks: dict[str, Callable[[], str]] = {"database": _database, **readiness_checks()}
    lines = {name: _line(name, check) for name, check in checks.items()}
    ready = all(line.startswith("ok") for line in lines.values())
    return JsonResponse(
        {"status": "ok" if ready else "unavailable", "checks": lines}, status=200 if ready else 503
    )


def _line(name: str, check: Callable[[], str]) -> str:
    try:
        return f"ok: {check()}"
    # Any failure of a dependency means "not ready"; what it was is for the log.
    except Exception:
        log.warning("%s is not ready", name, exc_info=True)
        return "unavailable"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "Postgres answers"
