"""Starts this machine's Chroma server again when it dies, and rebuilds a lost index."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable, Sequence
from threading import Event, Thread

from supportsite.serving.supervisor import next_delay

INTERVAL_SECONDS = 5.0

log = logging.getLogger("supportsite.serving.index_keeper")


class IndexKeeper:
    """Runs ``rebuild``, a command that starts the server too, whenever ``is_running`` is false.

    A process of its own, since gunicorn's must not import chromadb: workers are forked from it.
    """

    def __init__(self, is_running: Callable[[], bool], rebuild: Sequence[str]) -> None:
        self._is_running = is_running
        self._rebuild = list(rebuild)
        self._stopping = Event()
        self._thread = Thread(target=self._keep, name="keeps the index", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _keep(self) -> None:
        delay = 0.0
        while not self._stopping.wait(max(INTERVAL_SECONDS, delay)):
            if self._is_running():
                delay = 0.0
                continue
            log.error("Chroma is not running; it is started again, and the index is checked")
            ended = subprocess.run(self._rebuild, start_new_session=True, check=False)  # noqa: S603
            delay = next_delay(0.0, delay) if ended.returncode else 0.0
