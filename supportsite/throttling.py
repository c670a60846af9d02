"""How often one caller, and one address, may ask: 429 with Retry-After to who asks more.

Counted for all processes of this machine, or with CACHE_URL for all machines. Where that cannot be
counted the request passes: a throttle protects the site, it is no gate. It is counted then on this
machine alone, and said so in the log and in a metric.
"""

from __future__ import annotations

import logging
import math
from functools import cache, lru_cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest
from prometheus_client import Counter
from rest_framework.exceptions import APIException, AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from audit.principal import Principal, Role
from supportsite.client_address import client_network
from supportsite.counters import SharedCounters
from supportsite.rates import Rate
from supportsite.redis_counters import Down, RedisCounters, StillDown

REFUSED = Counter("throttle_refused_total", "Requests answered with 429", ["by"])
UNCOUNTED = Counter("throttle_store_failures_total", "Counts a store could not take", ["store"])

log = logging.getLogger("supportsite.throttling")


class TooMany(APIException):
    status_code = 429
    default_detail = "Too many requests; Retry-After says in how many seconds to try again."

    def __init__(self, wait: float, by: str) -> None:
        super().__init__()
        REFUSED.labels(by).inc()
        self.wait = max(math.ceil(wait), 1)


class CallerThrottle(BaseThrottle):
    """Behind the gate: whoever gets here has a verified token and a role that may."""

    def allow_request(self, request: Request, view: object) -> bool:
        principal = request.user
        if not isinstance(principal, Principal):
            return True
        rate = _rate_of(principal.roles, settings.THROTTLE_ROLES)
        if rate is None:
            return True
        _count("subject", principal.subject, rate)
        if settings.THROTTLE_ADDRESS:
            _count("address", client_network(request._request), settings.THROTTLE_ADDRESS)
        return True


@lru_cache(maxsize=256)
def _rate_of(roles: frozenset[Role], by_role: tuple[tuple[str, Rate | None], ...]) -> Rate | None:
    """The most generous of a caller's roles counts; one without a limit has none."""
    limits = dict(by_role)
    rates = [limits.get(role) for role in roles]
    if not rates or None in rates:
        return None
    return max((rate for rate in rates if rate), key=lambda rate: rate.times / rate.seconds)


def refused(failure: Exception, request: HttpRequest) -> Exception:
    """The same failure; or ``TooMany``, if tokens fail from this address again and again.

    Only a failure is counted and only a failure is refused: a good token passes whoever else
    uses its address. Each 401 is a record of the audit trail; these are not.
    """
    rate = settings.THROTTLE_FAILURES
    if not rate or not isinstance(failure, (AuthenticationFailed, NotAuthenticated)):
        return failure
    network = client_network(request)
    wait = _wait_here("failure:" + network, rate) if network else 0.0
    return TooMany(wait, "failure") if wait else failure


def _count(kind: str, name: str, rate: Rate) -> None:
    if not name:
        return
    wait = _wait(f"{kind}:{name}", rate)
    if wait:
        raise TooMany(wait, kind)


def _wait(name: str, rate: Rate) -> float:
    if settings.CACHE_URL:
        try:
            return _redis(settings.CACHE_URL, settings.SECRET_KEY).wait(name, rate)
        except Down as failure:
            _tell("redis", failure)
    return _wait_here(name, rate)


def _wait_here(name: str, rate: Rate) -> float:
    try:
        return _shared(settings.STATE_DIR, settings.SECRET_KEY).wait(name, rate)
    except OSError as failure:
        _tell("file", failure)
        return 0.0


@cache
def _shared(state_dir: Path, key: str) -> SharedCounters:
    return SharedCounters(state_dir / "throttle", key.encode())


@cache
def _redis(url: str, key: str) -> RedisCounters:
    return RedisCounters(url, key.encode())


def _tell(store: str, failure: Exception) -> None:
    """Each is counted in the metric; the log is told when it begins."""
    UNCOUNTED.labels(store).inc()
    if not isinstance(failure, StillDown):
        log.warning("a request was not counted in %s: %s", store, failure)
