"""Processes forked early, that wait to be told which command of ``manage.py`` to be.

A command begins with most of a second of imports, on processors that the site's first callers are
waiting for. A fork has them already. It is made while this process is still small and has one
thread, no connection and no model: whatever a fork cannot share.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from django.core.management import execute_from_command_line

from supportsite import stopping

MANAGE = Path(__file__).resolve().parent.parent / "manage.py"


class Parked:
    """One of them; as much of a ``subprocess.Popen`` as those who keep it need.

    It ends when nobody can tell it any more what to be: with this process, or when this process
    becomes another program.
    """

    def __init__(self) -> None:
        hears, self._tells = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._tells)
            _forget_all()
            _wait_to_be_told(hears)
        os.close(hears)

    def become(self, arguments: Sequence[str]) -> Parked:
        """``manage.py`` with these arguments."""
        # One that died meanwhile is found so by whoever waits for it.
        with suppress(BrokenPipeError):
            os.write(self._tells, json.dumps(list(arguments)).encode())
        os.close(self._tells)
        return self

    def dismiss(self) -> None:
        """Let one end that is not needed."""
        os.close(self._tells)
        self.wait()

    def wait(self) -> None:
        # Gunicorn waits for all children there are, and may be faster.
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        # Not to a process that has got the number of one that is gone.
        with suppress(ChildProcessError):
            if os.waitpid(self.pid, os.WNOHANG) == (0, 0):
                os.kill(self.pid, number)


_parked: list[Parked] = []


def park(count: int) -> None:
    """Fork so many. Before there are other threads, and before anything was connected."""
    atexit.register(dismiss)
    for _ in range(count):
        _parked.append(Parked())


def take() -> Parked | None:
    return _parked.pop() if _parked else None


def dismiss() -> None:
    """End those that nobody took."""
    while _parked:
        _parked.pop().dismiss()


def _forget_all() -> None:
    """In a fork: were it to keep the others' pipes open, they would wait as long as it lives."""
    while _parked:
        os.close(_parked.pop()._tells)


def _wait_to_be_told(hears: int) -> None:
    # Told to end by whoever keeps it, and not by the terminal.
    os.setsid()
    _call_it("parked")
    for number in stopping.SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    stopping.release()
    with open(hears, "rb") as pipe:
        told = pipe.read()
    if not told:
        os._exit(0)
    arguments = json.loads(told)
    _call_it(arguments[0])
    sys.argv = [str(MANAGE), *arguments]
    execute_from_command_line(sys.argv)
    sys.exit()


def _call_it(name: str) -> None:
    """As ``ps`` and ``top`` show it. Its command line stays that of the process it was."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name)
