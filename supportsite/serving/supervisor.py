"""Keeps a process running beside the web workers, for as long as gunicorn runs."""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Sequence
from threading import Event, Thread

from prometheus_client.multiprocess import mark_process_dead

FIRST_DELAY, MAX_DELAY = 1.0, 60.0
"""Seconds until a process that ended is started again; doubled each time, up to the maximum."""

STEADY_SECONDS = 60.0
"""After a lifetime of at least this, the delay is ``FIRST_DELAY`` again."""

STOP_SECONDS = 20.0
"""How long a process may take to end after SIGTERM, before SIGKILL."""

log = logging.getLogger("supportsite.serving.supervisor")


class SupervisedProcess:
    """Runs ``command`` from ``start`` to ``stop``; starts it again when it ends.

    If this process is killed, the supervised one goes on: it has to notice that by itself.
    """

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self._name = name
        self._command = list(command)
        self._stopping = Event()
        self._thread = Thread(target=self._supervise, name=f"{name} supervisor", daemon=True)

    def start(self) -> None:
        self._launch()
        self._thread.start()

    def stop(self) -> None:
        """Send SIGTERM, and SIGKILL after ``STOP_SECONDS``. Returns when the process has ended."""
        self._stopping.set()
        self._process.terminate()
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            self._process.kill()
            self._thread.join()

    def _launch(self) -> None:
        self._started = time.monotonic()
        # A session of its own: Ctrl-C in the terminal reaches only gunicorn, which stops it last.
        self._process = subprocess.Popen(self._command, start_new_session=True)  # noqa: S603

    def _supervise(self) -> None:
        delay = 0.0
        while True:
            self._process.wait()
            mark_process_dead(self._process.pid)
            if self._stopping.is_set():
                return
            lifetime = time.monotonic() - self._started
            delay = next_delay(lifetime, delay)
            log.error(
                "The %s ended after %.0f s. Starting it again in %.0f s.",
                *(self._name, lifetime, delay),
            )
            if self._stopping.wait(delay):
                return
            self._launch()
            if self._stopping.is_set():
                # stop() may have signalled the process before this one.
                self._process.terminate()


def next_delay(lifetime: float, delay: float) -> float:
    """Seconds until the next start; ``delay``: the previous one, 0 at first."""
    if lifetime >= STEADY_SECONDS:
        return FIRST_DELAY
    return min(max(2 * delay, FIRST_DELAY), MAX_DELAY)
