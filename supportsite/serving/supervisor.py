"""Keeps a process running beside the web workers, for as long as gunicorn runs."""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Sequence
from threading import Event, Thread

from prometheus_client.multiprocess import mark_process_dead

FIRST_DELAY, MAX_DELAY = 1.0, 60.0
"""Seconds until a dead process is started again; doubled each time."""

STEADY_SECONDS = 60.0
"""A process that lived as long begins again with the first delay."""

STOP_SECONDS = 20.0
"""For a process to end after SIGTERM; then it is killed."""

log = logging.getLogger("supportsite.serving.supervisor")


class SupervisedProcess:
    """Runs ``command`` from ``start`` to ``stop``; starts it again when it ends.

    A process must notice by itself when this one was killed.
    """

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self._name = name
        self._command = list(command)
        self._stopping = Event()
        self._thread = Thread(target=self._supervise, name=f"supervises {name}", daemon=True)

    def start(self) -> None:
        self._launch()
        self._thread.start()

    def stop(self) -> None:
        """Return when the process has ended: after SIGTERM, or after SIGKILL."""
        self._stopping.set()
        self._process.terminate()
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            self._process.kill()
            self._thread.join()

    def _launch(self) -> None:
        self._began = time.monotonic()
        # A session of its own: Ctrl-C in the terminal is for gunicorn, which stops it last.
        self._process = subprocess.Popen(self._command, start_new_session=True)  # noqa: S603

    def _supervise(self) -> None:
        delay = 0.0
        while True:
            self._process.wait()
            mark_process_dead(self._process.pid)
            if self._stopping.is_set():
                return
            lived = time.monotonic() - self._began
            delay = next_delay(lived, delay)
            log.error(
                "the %s ended after %.0f s; it is started again in %.0f s",
                *(self._name, lived, delay),
            )
            if self._stopping.wait(delay):
                return
            self._launch()
            if self._stopping.is_set():
                # stop() may have signalled the process before this one.
                self._process.terminate()


def next_delay(lived: float, delay: float) -> float:
    """Seconds to wait before the next start; ``delay`` is the last one, 0 at first."""
    if lived >= STEADY_SECONDS:
        return FIRST_DELAY
    return min(max(2 * delay, FIRST_DELAY), MAX_DELAY)
