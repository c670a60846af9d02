"""Processes that run beside the web workers, for as long as gunicorn does: one that ends alone is
started again, later each time.

A thread of gunicorn's first process waits for each of them. They end by themselves when that
process is gone (``--until-orphaned``), however it ended. The first of each was forked early, if
anything was, see ``parked``.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from threading import Event, Lock, Thread

from django.conf import settings

from supportsite import metrics_files, parked
from supportsite.parked import MANAGE, Parked

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds until it is started again: doubled each time."""

STEADY_SECONDS = 60.0
"""Who has lived that long begins anew with the first wait."""

GRACE_SECONDS = 5.0
"""To end in, when told to."""

# A web worker forked while a process is being started would keep the pipe that tells of it open.
_starting = Lock()
os.register_at_fork(
    before=_starting.acquire,
    after_in_parent=_starting.release,
    after_in_child=_starting.release,
)

log = logging.getLogger("supportsite.companions")


def wait_before(lived: float, waited: float) -> float:
    """Seconds to wait before the next start; ``waited`` is what it was last time, 0 at first."""
    if lived >= STEADY_SECONDS:
        return FIRST_WAIT
    return min(max(2 * waited, FIRST_WAIT), LONGEST_WAIT)


class Companion:
    """One process, kept alive from ``start`` to ``stop``."""

    def __init__(self, name: str, command: Sequence[str], first: Parked | None = None) -> None:
        """``first`` is already what the command would start."""
        self.name = name
        self._command = list(command)
        self._first = first
        self._process: subprocess.Popen[bytes] | Parked | None = None
        self._told_to_end = Event()
        self._thread = Thread(target=self._keep, name=f"keeps the {name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def tell_to_end(self) -> None:
        with _starting:
            self._told_to_end.set()
            if self._process:
                self._process.terminate()

    def wait_until_ended(self) -> None:
        """Within ``GRACE_SECONDS``, or by force."""
        self._thread.join(GRACE_SECONDS)
        if self._thread.is_alive() and self._process:
            self._process.kill()
            self._thread.join(GRACE_SECONDS)

    def _keep(self) -> None:
        waited = 0.0
        while self._begin():
            assert self._process
            began = time.monotonic()
            # Gunicorn's own look for dead workers may be faster; then only the code is not known.
            self._process.wait()
            metrics_files.fold(self._process.pid)
            if self._told_to_end.is_set():
                return
            lived = time.monotonic() - began
            waited = wait_before(lived, waited)
            log.error(
                "the %s ended after %.0f s; it is started again in %.0f s",
                *(self.name, lived, waited),
            )
            self._told_to_end.wait(waited)

    def _begin(self) -> bool:
        with _starting:
            if self._told_to_end.is_set():
                return False
            if self._first:
                self._process, self._first = self._first, None
                return True
            # A session of its own: told to end by us and not by the terminal, so that it is there
            # until the last request has been answered.
            self._process = subprocess.Popen(self._command, start_new_session=True)  # noqa: S603
            return True


_kept: list[Companion] = []
"""Here and not in gunicorn's configuration, which is read anew on a reload."""


def prepare(*, worker: bool) -> None:
    """Have those ready that ``begin`` will want; see ``parked.park`` for when."""
    parked.park(len(_wanted(worker)))


def begin(*, worker: bool) -> None:
    """Keep the sealer, and the worker if it is asked for."""
    for name, arguments in _wanted(worker):
        keep(name, *arguments)


def _wanted(worker: bool) -> list[tuple[str, list[str]]]:
    """The audit log's sealer, unless another place has the signing key. And what sends mails and
    webhooks, with `make run` only: an image has a service for it."""
    sealer = [("sealer", ["audit_seal", "--loop"])] if settings.AUDIT_SIGNING_KEY else []
    return sealer + ([("worker", ["worker"])] if worker else [])


def keep(name: str, *arguments: str) -> None:
    """Run ``manage.py`` with these arguments beside us until ``stop``."""
    arguments = (*arguments, f"--until-orphaned={os.getpid()}")
    first = parked.take()
    companion = Companion(
        name, [sys.executable, str(MANAGE), *arguments], first and first.become(arguments)
    )
    _kept.append(companion)
    companion.start()


def stop() -> None:
    for companion in _kept:
        companion.tell_to_end()
    for companion in _kept:
        companion.wait_until_ended()
    _kept.clear()
