"""A client socket with a deadline for the whole request, also when it arrives byte by byte."""

from __future__ import annotations

import errno
import math
import socket
import time

MIN_BYTES_PER_SECOND = 2_000
"""Every byte extends the deadline as if the request arrived at this speed."""

MAX_SECONDS = 3_600.0
"""Stands for no deadline: ``settimeout`` does not accept infinity."""


class BoundedSocket(socket.socket):
    """A socket whose ``recv`` waits until a deadline at most.

    Every byte that arrives extends the deadline, so a long body may take longer. There is none
    until ``set_deadline``. All other methods are those of a plain socket.
    """

    _deadline = math.inf

    @classmethod
    def of(cls, client: socket.socket) -> BoundedSocket:
        """Take over the connection of ``client``, which is detached and must not be used again."""
        bounded = cls(client.family, client.type, client.proto, fileno=client.detach())
        bounded.setblocking(True)
        return bounded

    def set_deadline(self, seconds: float) -> None:
        """Set the deadline of the next request: ``seconds`` from now, and more for a long body."""
        self._deadline = time.monotonic() + seconds

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Raises ``ConnectionResetError`` after the deadline, which gunicorn does not log."""
        previous_timeout = self.gettimeout()
        if flags or previous_timeout == 0.0:
            return super().recv(size, flags)
        remaining = max(self._deadline - time.monotonic(), 0.0)
        # After the deadline the timeout is 0: bytes that have arrived already are still read.
        self.settimeout(
            min(remaining, math.inf if previous_timeout is None else previous_timeout, MAX_SECONDS)
        )
        try:
            received = super().recv(size)
        except (TimeoutError, BlockingIOError):
            reason = "the request did not arrive in time"
            raise ConnectionResetError(errno.ECONNRESET, reason) from None
        finally:
            self.settimeout(previous_timeout)
        self._deadline += len(received) / MIN_BYTES_PER_SECOND
        return received
