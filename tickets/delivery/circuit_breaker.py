"""A circuit breaker for a failing dependency. Pure: standard library only."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """A circuit breaker of one process, safe to share between threads.

    After ``failures`` consecutive failures it opens: ``allows_request`` is False for
    ``rest_seconds``. Then it is half-open: one request is allowed, and its outcome closes or
    opens it again. After each allowed request the caller must call ``succeeded``, ``failed`` or
    ``abandoned``.
    """

    def __init__(
        self, *, failures: int, rest_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._failures = failures
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._consecutive = 0
        self._opened: float | None = None
        self._trying = False
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        with self._lock:
            return self._opened is not None

    def allows_request(self) -> bool:
        with self._lock:
            if self._opened is None:
                return True
            if self._trying or self._clock() - self._opened < self._rest_seconds:
                return False
            self._trying = True
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._consecutive, self._opened, self._trying = 0, None, False

    def failed(self) -> None:
        with self._lock:
            self._consecutive += 1
            if self._trying or self._consecutive >= self._failures:
                self._opened = self._clock()
            self._trying = False

    def abandoned(self) -> None:
        """The request ended without a result: the next caller may try."""
        with self._lock:
            self._trying = False
