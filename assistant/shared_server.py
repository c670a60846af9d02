"""A server shared by several processes: the first user starts it, the last one stops it.

Each user holds its own file lock. The kernel releases the lock when the process ends, so a killed
process no longer counts. It leaves the server running, for the next user to use and to stop.
"""

from __future__ import annotations

import atexit
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from filelock import FileLock, Timeout

logger = logging.getLogger(__name__)


class LocalServer(Protocol):
    """A server to start and stop. Calls are serialized between all processes."""

    def start(self) -> None:
        """Return when the server answers; start it if it is not running."""

    def stop(self) -> None:
        """Return when the server is gone; do nothing if it is not running."""


class SharedServer:
    """Counts the users of ``server`` in ``folder``, which is created if it is missing.

    This process is a user from ``ensure_running`` until ``stop_if_last`` or its end. A fork is no
    user unless it calls ``ensure_running`` itself. ``timeout``, in seconds: how long to wait while
    another process starts or stops the server.

    All methods raise ``filelock.Timeout``, OSError, and what ``server`` raises.
    """

    def __init__(self, server: LocalServer, folder: Path, *, timeout: float) -> None:
        self._server = server
        self._folder = folder
        self._timeout = timeout
        self._own: FileLock | None = None

    def ensure_running(self) -> None:
        """Count this process as a user, and start the server if it is not running."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self.exclusive():
            was_user = self._is_user()
            self._join()
            try:
                self._server.start()
            except BaseException:
                if not was_user:
                    self._leave()
                raise

    def stop_if_last(self) -> bool:
        """Stop using the server. If no other process uses it, stop it and return True.

        False, and nothing happens, if this process is not a user.
        """
        if not self._is_user():
            return False
        with self.exclusive():
            self._leave()
            if self._has_users():
                return False
            self._server.stop()
            return True

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Prevent other processes and threads from starting or stopping the server."""
        # A new object each time, because FileLock is reentrant.
        with FileLock(self._folder / "turn.lock", timeout=self._timeout):
            yield

    def _is_user(self) -> bool:
        # filelock resets a fork's copy, so that a fork does not release the lock of its parent.
        return self._own is not None and self._own.is_locked

    def _join(self) -> None:
        if self._is_user():
            return
        # Any thread may release it. The name is not the process id: containers share ids.
        self._own = FileLock(self._folder / f"{uuid4().hex}.user", thread_local=False)
        self._own.acquire(blocking=False)
        atexit.register(self._at_exit)

    def _leave(self) -> None:
        if self._own is not None:
            self._own.release()
            Path(self._own.lock_file).unlink(missing_ok=True)
            self._own = None
            atexit.unregister(self._at_exit)

    def _has_users(self) -> bool:
        return any(_is_locked(file) for file in self._folder.glob("*.user"))

    def _at_exit(self) -> None:
        try:
            self.stop_if_last()
        except Exception as error:
            logger.warning("The server in %s could not be stopped: %s", self._folder, error)


def _is_locked(file: Path) -> bool:
    """True if a live process holds the lock; removes the file of a killed one."""
    try:
        with FileLock(file, timeout=0):
            file.unlink(missing_ok=True)
    except Timeout:
        return True
    return False


__all__ = ["LocalServer", "SharedServer", "Timeout"]
