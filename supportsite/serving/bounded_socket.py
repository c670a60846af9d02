"""A client's connection that has to send its request in time, also one byte after the other."""

from __future__ import annotations

import errno
import math
import socket
import time

MIN_BYTES_PER_SECOND = 2_000
"""A request that arrives more slowly than this is given up."""

MAX_SECONDS = 3_600.0
"""``settimeout`` takes no infinity."""


class BoundedSocket(socket.socket):
    """``recv`` waits until the deadline, which each byte puts off; everything else is as ever."""

    _deadline = math.inf

    @classmethod
    def of(cls, client: socket.socket) -> BoundedSocket:
        """Takes the connection over; ``client`` is of no more use."""
        bounded = cls(client.family, client.type, client.proto, fileno=client.detach())
        bounded.setblocking(True)
        return bounded

    def allow(self, seconds: float) -> None:
        """A request begins: so long its bytes may take, if there are few of them."""
        self._deadline = time.monotonic() + seconds

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Raises ``ConnectionResetError`` after the deadline, which gunicorn does not log."""
        before = self.gettimeout()
        if flags or before == 0.0:
            return super().recv(size, flags)
        left = max(self._deadline - time.monotonic(), 0.0)
        # What has arrived is read in any case.
        self.settimeout(min(left, math.inf if before is None else before, MAX_SECONDS))
        try:
            received = super().recv(size)
        except (TimeoutError, BlockingIOError):
            reason = "the request did not arrive in time"
            raise ConnectionResetError(errno.ECONNRESET, reason) from None
        finally:
            self.settimeout(before)
        self._deadline += len(received) / MIN_BYTES_PER_SECOND
        return received
