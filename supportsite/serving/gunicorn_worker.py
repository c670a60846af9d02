"""A threaded worker that turns nobody away who got through when it is told to stop."""

from __future__ import annotations

from typing import Any

from supportsite.fair_worker import FairWorker


class DrainingWorker(FairWorker):
    """Answers whoever waits in the listening socket's queue before it closes its end of it.

    gunicorn's own stops accepting at once, yet keeps the socket open while it ends: the kernel goes
    on letting clients in, who have sent their request when the last worker slams the door. Here a
    connection is answered or refused, and one that is refused may be tried again, whatever it asks.
    """

    told_to_stop = False

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.told_to_stop = True
        super().handle_exit(sig, frame)

    def set_accept_enabled(self, enabled: bool) -> None:
        closing = self._accepting and not enabled and not self.alive
        super().set_accept_enabled(enabled)
        if closing:
            for listener in self.sockets:
                # A worker that ends by itself, after max_requests, leaves the queue to the others;
                # kept open, its end would be the last if these are told to stop meanwhile.
                if self.told_to_stop:
                    self._take_all(listener)
                listener.close()

    def _take_all(self, listener: Any) -> None:
        taken = -1
        while taken != self.nr_conns:
            taken = self.nr_conns
            self.accept(listener)
