"""Slots and a circuit breaker for each receiver, so that one that hangs does not delay the others.

Each worker process has its own slots.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from tickets.delivery.circuit_breaker import Breaker

SLOTS = 2
"""Deliveries to one receiver at the same time."""

BUSY_SECONDS = 5
"""The time until the next try, if no slot is free."""

FAILURES = 3
"""The number of consecutive deliveries without a reply after which the receiver rests."""

REST_SECONDS = 60


class NotNow(Exception):
    """Nothing was sent: all slots are in use, or the receiver rests. It does not count as a try.

    The queue starts the delivery again after ``seconds``, with a lower priority.
    """

    priority = -1

    def __init__(self, seconds: int) -> None:
        super().__init__(f"not sent now, next in {seconds} s")
        self.seconds = seconds


class Receiver:
    """A mail server or a webhook."""

    def __init__(self, slots: int = SLOTS) -> None:
        self.breaker = Breaker(failures=FAILURES, rest_seconds=REST_SECONDS)
        self._slots = BoundedSemaphore(slots)

    @contextmanager
    def slot(self) -> Iterator[Breaker]:
        """Send inside the block, and report the result to the breaker. Raises ``NotNow``."""
        if not self._slots.acquire(blocking=False):
            raise NotNow(BUSY_SECONDS)
        try:
            if not self.breaker.allows_request():
                raise NotNow(REST_SECONDS)
            yield self.breaker
        finally:
            self._slots.release()


_receivers: dict[str, Receiver] = {}
_lock = Lock()


def receiver(name: str, *, slots: int = SLOTS) -> Receiver:
    """The receiver of that name, such as ``webhook 3``."""
    with _lock:
        return _receivers.setdefault(name, Receiver(slots))


def forget() -> None:
    """Reset all receivers."""
    with _lock:
        _receivers.clear()
