"""Kernel file locks: they end with the process that holds them, however it ends."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import EmbeddedPostgresError

try:
    import fcntl
except ImportError as missing:
    raise ImportError(
        "The embedded Postgres needs Linux or macOS: set DATABASE_URL to a server of your own."
    ) from missing


class SharedHold:
    """A shared lock on ``path``, held until :meth:`release` or the end of this process.

    A fork would share the lock with its parent, and neither could tell whether the other still
    lives. So the parent calls :meth:`prepare_fork` before, and each side its own method after.

    Raises OSError if the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = _shared(path)
        self._for_child: int | None = None

    def prepare_fork(self) -> None:
        """Take the child's lock before there is a child: it is never without one."""
        self._for_child = _shared(self._path)

    def forked_in_parent(self) -> None:
        if self._for_child is not None:
            os.close(self._for_child)
            self._for_child = None

    def forked_in_child(self) -> None:
        if self._for_child is not None:
            os.close(self._descriptor)
            self._descriptor, self._for_child = self._for_child, None

    def is_the_only_one(self) -> bool:
        """Whether nobody else holds the lock. Asking may lose the hold, so release it next."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        # Closed, never unlocked: unlocking would take it from a process forked a moment ago too.
        os.close(self._descriptor)


@contextmanager
def turn(path: Path, *, patience: float) -> Iterator[None]:
    """Hold the exclusive lock on ``path``.

    Raises EmbeddedPostgresError when others hold it for ``patience`` seconds, OSError if the file
    cannot be opened.
    """
    descriptor = _open(path)
    try:
        _wait_for(descriptor, path, deadline=time.monotonic() + patience)
        yield
    finally:
        # Unlocked, not only closed: a child forked meanwhile has a copy of the descriptor.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _wait_for(descriptor: int, path: Path, *, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"Another process has been starting or stopping Postgres for too long: "
                    f"end the one that holds {path} (lsof names it)."
                ) from None
            time.sleep(0.01)
        else:
            return


def _shared(path: Path) -> int:
    descriptor = _open(path)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
