"""gunicorn's threaded worker, which drains its accept queue and always answers /healthz."""

from __future__ import annotations

import selectors
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from socket import MSG_DONTWAIT, MSG_PEEK, socket
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from supportsite.serving.bounded_socket import BoundedSocket

REQUEST_SECONDS = 5.0
"""How long headers and body of a request may take to arrive, counted from the first byte."""

PROBE = b"GET /healthz "
"""The first bytes of a health check."""


class DrainingWorker(ThreadWorker):  # type: ignore[misc]
    """Accepts and answers the connections in the accept queue, then closes its listening sockets.

    gunicorn's own worker stops accepting, but keeps its listening sockets open until its last
    request is answered. Until then the kernel completes new connections, and resets them when the
    socket is closed: a client may have sent its request by then, and cannot know whether to repeat
    it.

    /healthz has a thread of its own, so that it is answered while all others are busy. A connection
    whose request does not arrive in time is closed, so that an incomplete request holds no thread.
    """

    def get_thread_pool(self) -> ThreadPoolExecutor:
        self._probes = ThreadPoolExecutor(1)
        pool: ThreadPoolExecutor = super().get_thread_pool()
        return pool

    def handle(self, conn: Any) -> Any:
        conn.sock.set_deadline(REQUEST_SECONDS)
        return super().handle(conn)

    def enqueue_req(self, conn: Any) -> None:
        if not isinstance(conn.sock, BoundedSocket):
            conn.sock = BoundedSocket.of(conn.sock)
        start = _first_bytes(conn.sock)
        if start is None and self.alive and not conn.initialized:
            self._wait_for_data(conn)
        elif start == PROBE:
            future = self._probes.submit(self.handle, conn)
            future.add_done_callback(
                lambda done: self.method_queue.defer(self.finish_request, conn, done)
            )
        else:
            super().enqueue_req(conn)

    def _wait_for_data(self, conn: Any) -> None:
        """Wait in the poller and not in a thread, as gunicorn does with idle connections."""
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        readable = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, readable)

    def init_signals(self) -> None:
        super().init_signals()
        # Ctrl-C in a terminal reaches workers too; gunicorn itself stops them.
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if self.alive:
            return
        for listener in self.sockets:
            self._drain(listener)
            listener.close()

    def _drain(self, listener: Any) -> None:
        previous_count = -1
        while self.nr_conns != previous_count:
            previous_count = self.nr_conns
            self.accept(listener)


def _first_bytes(sock: socket) -> bytes | None:
    """Peek at the first bytes of a request; None: not here yet; empty: closed."""
    try:
        return sock.recv(len(PROBE), MSG_PEEK | MSG_DONTWAIT)
    except BlockingIOError:
        return None
    except OSError:
        return b""
