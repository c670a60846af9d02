"""Restarts this machine's Chroma server when it has died, and rebuilds a lost index."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable, Sequence
from threading import Event, Thread

from supportsite.serving.supervisor import next_delay

INTERVAL_SECONDS = 5.0
"""Between two checks whether the server runs; longer after a restart that failed."""

log = logging.getLogger("supportsite.serving.index_watchdog")


class IndexWatchdog:
    """A thread that runs ``restart`` whenever ``is_running`` is false.

    ``restart``: a command that starts the server and rebuilds the index. It is a process of its
    own, because gunicorn's must not import chromadb: its workers are forks of it.
    """

    def __init__(self, is_running: Callable[[], bool], restart: Sequence[str]) -> None:
        self._is_running = is_running
        self._restart = list(restart)
        self._stopping = Event()
        self._thread = Thread(target=self._watch, name="index watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        delay = 0.0
        while not self._stopping.wait(max(INTERVAL_SECONDS, delay)):
            if self._is_running():
                delay = 0.0
                continue
            log.error("Chroma is not running. Starting it again, and checking the index.")
            result = subprocess.run(self._restart, start_new_session=True, check=False)  # noqa: S603
            if result.returncode:
                delay = next_delay(0.0, delay)
                log.error("Restarting Chroma failed with exit code %s.", result.returncode)
            else:
                delay = 0.0
