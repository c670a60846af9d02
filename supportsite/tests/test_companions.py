"""A process beside the web workers is kept alive, and only as long as it should be."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from supportsite import companions
from supportsite.companions import Companion, wait_before

SECONDS = 20
NOTES_ITS_NUMBER = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n')"

DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"


@pytest.fixture
def starts(tmp_path, monkeypatch):
    """The numbers of the processes that were started, one after the other."""
    monkeypatch.setattr(companions, "FIRST_WAIT", 0.05)
    noted = tmp_path / "started"

    def read(until=0):
        deadline = time.monotonic() + SECONDS
        while True:
            found = noted.read_text().split() if noted.exists() else []
            if len(found) >= until:
                return [int(number) for number in found]
            assert time.monotonic() < deadline, found
            time.sleep(0.01)

    read.file = str(noted)
    return read


def kept(starts, then, first=""):
    program = f"{first}{NOTES_ITS_NUMBER}; {then}"
    return Companion("clerk", [sys.executable, "-c", program, starts.file])


def ended(companion):
    began = time.monotonic()
    companion.tell_to_end()
    companion.wait_until_ended()
    return time.monotonic() - began


def is_alive(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_one_that_is_killed_is_started_again_and_that_is_logged(starts, caplog):
    companion = kept(starts, "time.sleep(60)")
    companion.start()

    os.kill(starts(until=1)[0], signal.SIGKILL)
    first, second = starts(until=2)

    assert first != second
    assert "the clerk ended after 0 s; it is started again" in caplog.text
    assert ended(companion) < companions.GRACE_SECONDS
    assert not is_alive(second)
    assert len(starts()) == 2


def test_one_that_cannot_live_is_started_less_and_less_often(starts):
    companion = kept(starts, "sys.exit(1)")

    companion.start()
    time.sleep(1.0)

    ended(companion)
    assert 2 <= len(starts()) <= 6
    assert [wait_before(0, waited) for waited in (0.4, 20, 60)] == [0.8, 40, 60]
    assert wait_before(companions.STEADY_SECONDS, 60) == companions.FIRST_WAIT


def test_one_that_does_not_listen_is_ended_by_force(starts, monkeypatch):
    monkeypatch.setattr(companions, "GRACE_SECONDS", 0.3)
    deaf = kept(starts, "time.sleep(60)", first=f"{DEAF}; ")
    deaf.start()
    (number,) = starts(until=1)

    ended(deaf)

    assert not is_alive(number)


def test_one_that_was_told_to_end_first_is_never_started(starts):
    companion = kept(starts, "time.sleep(60)")
    companion.tell_to_end()

    companion.start()

    companion.wait_until_ended()
    assert starts() == []
