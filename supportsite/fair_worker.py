"""gunicorn's threaded worker, with a fair share of the connections."""

from __future__ import annotations

import mmap
import select
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

YIELDS = 0.003
"""Seconds for which a new connection is left to workers that hold fewer."""

PARTS_EVERY = 0.1
"""Seconds, at least, between two connections that a worker parts with."""

STAYS_MS = 5
"""For how long a thread stays with a connection that it has answered, if nobody else waits."""

WORKERS = 64
"""At a time. With more, two would be taken for one."""

_held = mmap.mmap(-1, WORKERS)
"""How many connections each worker holds, and 1; 0: there is no such worker. All of them write and
read it, being forks of the process that made it."""


class FairWorker(ThreadWorker):  # type: ignore[misc]
    """Clients keep their connections, so a worker with most of them would do most of the work.

    gunicorn's own takes whatever it wakes up for first: of eight connections one of two workers
    sometimes holds seven, and a worker that was started later than the others none. This one leaves
    a new one to the others for a moment if they hold fewer, and parts with one after an answer, as
    HTTP has it, if another holds fewer by two. And where the client asks again at once, the thread
    that answered answers that too: by way of the main thread it would cost a tenth more.
    """

    _parted = 0.0
    _most_kept = 0

    def notify(self) -> None:
        """Called once in each turn of gunicorn's loop."""
        super().notify()
        # One that ends takes no more.
        _held[self.age % WORKERS] = self._told() if self.alive else 0

    def accept(self, listener: Any) -> None:
        if self.alive and self._ahead() > 0:
            time.sleep(YIELDS)
        super().accept(listener)

    def handle(self, conn: Any) -> Any:
        goes_on = super().handle(conn)
        while goes_on is True and self._asks_again(conn):
            goes_on = super().handle(conn)
        return goes_on

    @property
    def max_keepalived(self) -> int:
        """With as many connections waiting, gunicorn says in its answer that this one will end."""
        now = time.monotonic()
        if self._ahead() < 2 or now < self._parted + PARTS_EVERY:
            return self._most_kept
        self._parted = now
        return 0

    @max_keepalived.setter
    def max_keepalived(self, most: int) -> None:
        self._most_kept = most

    def _ahead(self) -> int:
        """How many connections more than the worker with the fewest."""
        mine = self._told()
        return mine - min(filter(None, _held[:]), default=mine)

    def _told(self) -> int:
        # A byte holds no more; of workers with so many, one is as good as another.
        return min(int(self.nr_conns) + 1, 255)

    def _asks_again(self, conn: Any) -> bool:
        poll = select.poll()
        poll.register(conn.sock, select.POLLIN)
        for _ in range(STAYS_MS):
            if not self.alive or self._others_wait():
                return False
            if poll.poll(1):
                return True
        return False

    def _others_wait(self) -> bool:
        """Whether more connections are in the hands of threads than there are threads."""
        idle = len(self.keepalived_conns) + len(self.pending_conns)
        return bool(self.nr_conns - idle > self.cfg.threads)


def forget(worker: ThreadWorker) -> None:
    """It is gone, however it ended."""
    _held[worker.age % WORKERS] = 0
