"""Rate limits by caller, address and failed tokens: DRF's throttles on Django's cache.

Without CACHE_URL every process counts separately, so two workers allow up to twice as many
requests. With it all processes and machines count in one Redis. While Redis is down every process
counts separately; a log line and a metric report it, and no request fails.
"""

from __future__ import annotations

import logging
from math import ceil
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from prometheus_client import Counter
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, Throttled
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

from audit.identity import caller
from audit.identity.principal import Principal
from supportsite.edge.client_address import client_network
from tickets.delivery.circuit_breaker import Breaker

REFUSED = Counter("throttle_refused_total", "Requests answered with 429", ["by"])
UNCOUNTED = Counter("throttle_store_failures_total", "Requests not counted in the store", ["store"])

PAUSE_SECONDS = 5.0
"""Seconds without Redis after a failure, so that requests do not wait for its timeout."""

log = logging.getLogger("supportsite.throttling")

_redis = Breaker(failures=1, rest_seconds=PAUSE_SECONDS)


class _Throttle(SimpleRateThrottle):
    """A throttle with rate and ident from the request."""

    scope: str

    def __init__(self, rate: str | None, ident: str) -> None:
        self.rate, self.ident = rate, ident
        self.num_requests, self.duration = self.parse_rate(rate)

    def get_cache_key(self, request: Any, view: Any) -> str:
        # A keyed hash, so that Redis stores no names.
        return f"throttle:{salted_hmac(self.scope, self.ident).hexdigest()}"

    def allow_request(self, request: Any, view: Any) -> bool:
        if self.rate is None or not self.ident:
            return True
        if _redis.allows_request():
            self.cache = caches["default"]
            try:
                allowed = super().allow_request(request, view)
            # Backends raise many kinds of exceptions; none may fail the request.
            except Exception as failure:
                _redis.failed()
                log.warning(
                    "a request was not counted in Redis (%s); check CACHE_URL and the server",
                    type(failure).__name__,
                )
            else:
                _redis.succeeded()
                return allowed
        UNCOUNTED.labels("redis").inc()
        self.cache = caches["local"]
        return super().allow_request(request, view)

    def headers(self) -> dict[str, str]:
        """``RateLimit`` and ``RateLimit-Policy`` after ``allow_request``.

        As in the IETF's draft-ietf-httpapi-ratelimit-headers: requests left, seconds until the
        oldest counted request no longer counts, requests allowed, seconds of the period.
        """
        allowed, period = self.num_requests or 0, self.duration or 0
        left = max(0, allowed - len(self.history))
        seconds = ceil(period - (self.now - self.history[-1])) if self.history else period
        return {
            "RateLimit": f'"{self.scope}";r={left};t={seconds}',
            "RateLimit-Policy": f'"{self.scope}";q={allowed};w={period}',
        }

    @property
    def requests_per_second(self) -> float:
        return (self.num_requests or 0) / (self.duration or 1)

    def throttle_failure(self) -> bool:
        REFUSED.labels(self.scope).inc()
        return False


class _SubjectThrottle(_Throttle):
    scope = "subject"


class _AddressThrottle(_Throttle):
    scope = "address"


class _FailureThrottle(_Throttle):
    scope = "failure"


class _RefusalThrottle(_Throttle):
    scope = "refusal"


class CallerThrottle(BaseThrottle):
    """Limits authenticated callers by subject, then by address.

    In this order, so that one throttled caller does not use up the limit of its address.
    """

    _wait: float | None = None

    def allow_request(self, request: Request, view: object) -> bool:
        principal = request.user
        by_subject = _throttle_of(principal) if isinstance(principal, Principal) else None
        if by_subject is None:
            return True
        address = client_network(request._request)
        for throttle in (by_subject, _AddressThrottle(settings.THROTTLE_ADDRESS, address)):
            allowed = throttle.allow_request(request, view)
            if throttle is by_subject:
                # Read by RateLimitMiddleware.
                request._request.rate_limit = throttle.headers()  # type: ignore[attr-defined]
            if not allowed:
                self._wait = throttle.wait()
                return False
        return True

    def wait(self) -> float | None:
        return self._wait


class _VisitorThrottle(_Throttle):
    scope = "visitor"


class _TypingThrottle(_Throttle):
    scope = "typing"


class VisitorThrottle(BaseThrottle):
    """Limits what visitors of the help page send; reading is free where the view says so.

    A new visitor counts for the address too: without the cookie, every request is a new visitor.
    Who types is counted separately, so that questions can still be sent.
    """

    _wait: float | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        if request.method in SAFE_METHODS and not view.counts_reading:
            return True
        address = client_network(request._request)
        if view.is_typing:
            return _TypingThrottle(settings.THROTTLE_ADDRESS, address).allow_request(request, view)
        subject = caller.name(request._request)
        is_returning = bool(subject) and not getattr(request.auth, "is_new", False)
        throttles = [_VisitorThrottle(settings.HELP_THROTTLE, subject)]
        if not is_returning:
            throttles.append(_VisitorThrottle(settings.HELP_THROTTLE, f"address {address}"))
        for throttle in (*throttles, _AddressThrottle(settings.THROTTLE_ADDRESS, address)):
            if not throttle.allow_request(request, view):
                self._wait = throttle.wait()
                return False
        return True

    def wait(self) -> float | None:
        return self._wait


class ChannelThrottle(_Throttle):
    """Limits what one person sends by a channel; the view knows who it is (``sender``).

    Not by address: everything of a channel comes from the same few.
    """

    scope = "channel"

    def __init__(self) -> None:
        super().__init__(settings.CHANNEL_THROTTLE, "")

    def allow_request(self, request: Request, view: Any) -> bool:
        self.ident = view.sender
        return super().allow_request(request, view)


def _throttle_of(principal: Principal) -> _SubjectThrottle | None:
    """A throttle with the highest rate of the caller's roles; None if a role has no limit."""
    rates = [settings.THROTTLE_ROLES.get(role) for role in principal.roles]
    if not rates or None in rates:
        return None
    throttles = (_SubjectThrottle(rate, principal.subject) for rate in rates)
    return max(throttles, key=lambda throttle: throttle.requests_per_second)


def throttle_failed_tokens(failure: Exception, request: HttpRequest) -> Exception:
    """``failure``, or ``Throttled`` after too many failed tokens from this address.

    Only failures count: a valid token is accepted from any address. A 401 writes an audit record,
    a 429 does not.
    """
    if not isinstance(failure, (AuthenticationFailed, NotAuthenticated)):
        return failure
    throttle = _FailureThrottle(settings.THROTTLE_FAILURES, client_network(request))
    return failure if throttle.allow_request(request, None) else Throttled(throttle.wait())


def seconds_after_refusal(request: HttpRequest) -> float | None:
    """Count a 403 of this caller, or of this address if nobody is signed in.

    None up to ``THROTTLE_FAILURES``; then the seconds to wait. Other responses are not counted.
    """
    ident = caller.name(request) or client_network(request)
    throttle = _RefusalThrottle(settings.THROTTLE_FAILURES, ident)
    return None if throttle.allow_request(request, None) else throttle.wait() or 1.0
