"""The supervisor restarts the background process, and stops it with gunicorn."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from supportsite.serving import supervisor
from supportsite.serving.supervisor import SupervisedProcess, next_delay

SECONDS = 20
NOTE_PID = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n')"
IGNORE_SIGTERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"


@pytest.fixture
def pids(tmp_path, monkeypatch):
    """The ids of the processes that were started, oldest first."""
    monkeypatch.setattr(supervisor, "FIRST_DELAY", 0.05)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    file = tmp_path / "pids"

    def read(at_least=0):
        deadline = time.monotonic() + SECONDS
        while True:
            lines = file.read_text().split() if file.exists() else []
            if len(lines) >= at_least:
                return [int(line) for line in lines]
            assert time.monotonic() < deadline, lines
            time.sleep(0.01)

    read.file = str(file)
    return read


def supervised(pids, then, *, first=""):
    program = f"{first}{NOTE_PID}; {then}"
    return SupervisedProcess("worker", [sys.executable, "-c", program, pids.file])


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_process_is_started_again_and_that_is_logged(pids, caplog):
    worker = supervised(pids, "time.sleep(60)")
    worker.start()

    os.kill(pids(at_least=1)[0], signal.SIGKILL)
    first, second = pids(at_least=2)
    worker.stop()

    assert first != second
    assert "The worker ended after 0 s. Starting it again" in caplog.text
    assert not is_alive(second)
    assert len(pids()) == 2


def test_a_process_that_fails_at_once_is_started_less_and_less_often(pids):
    worker = supervised(pids, "sys.exit(1)")

    worker.start()
    pids(at_least=3)
    worker.stop()

    assert [next_delay(0, delay) for delay in (0.4, 20, 60)] == [0.8, 40, 60]
    assert next_delay(supervisor.STEADY_SECONDS, 60) == supervisor.FIRST_DELAY


def test_a_process_that_ignores_sigterm_is_killed(pids, monkeypatch):
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.3)
    stubborn = supervised(pids, "time.sleep(60)", first=f"{IGNORE_SIGTERM}; ")
    stubborn.start()
    (pid,) = pids(at_least=1)

    stubborn.stop()

    assert not is_alive(pid)


def test_nothing_is_started_after_a_stop(pids):
    worker = supervised(pids, "sys.exit(1)")
    worker.start()
    pids(at_least=1)

    worker.stop()
    started = len(pids())
    time.sleep(0.3)

    assert len(pids()) == started
