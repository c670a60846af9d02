"""gunicorn's threaded worker, which drains its accept queue when it stops."""

from __future__ import annotations

import signal
from typing import Any

from gunicorn.workers.gthread import ThreadWorker


class DrainingWorker(ThreadWorker):  # type: ignore[misc]
    """Accepts and answers the connections in the accept queue, then closes its listening sockets.

    gunicorn's own worker stops accepting, but keeps its listening sockets open until its last
    request is answered. Until then the kernel completes new connections, and resets them when the
    socket is closed: a client has sent its request by then, and may not repeat it.
    """

    def init_signals(self) -> None:
        super().init_signals()
        # Ctrl-C in a terminal reaches workers too; gunicorn itself tells them to stop.
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if self.alive:
            return
        for listener in self.sockets:
            self._drain(listener)
            listener.close()

    def _drain(self, listener: Any) -> None:
        before = -1
        while self.nr_conns != before:
            before = self.nr_conns
            self.accept(listener)
