"""A process forked early becomes the command it is told to be, and waits for no longer than there
is anybody to tell it."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil
import pytest
from django.conf import settings

SECONDS = 20

BEGIN = """
import os, signal, sys, time
import django; django.setup()
from supportsite import parked
parked.park(2)
print(*(each.pid for each in parked._parked), flush=True)
"""
SAYS_WHAT_IT_IS = """
one = parked.take().become(["shell", "--no-imports", "-c", '''
import os
print(open("/proc/self/comm").read().strip(), os.getsid(0) == os.getpid(), os.getppid())
'''])
one.wait()
"""


def run(then: str) -> tuple[list[int], list[str]]:
    """The numbers of the two that were parked, and what was printed after them."""
    ended = subprocess.run(
        [sys.executable, "-c", BEGIN + then],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert ended.stderr == ""
    first, *more = ended.stdout.splitlines()
    return [int(number) for number in first.split()], more


def are_gone(numbers: list[int]) -> bool:
    deadline = time.monotonic() + SECONDS
    while any(map(psutil.pid_exists, numbers)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(psutil.pid_exists, numbers))


def test_it_becomes_the_command_with_a_name_and_a_session_of_its_own():
    numbers, printed = run(SAYS_WHAT_IT_IS + "print(os.getpid())")

    name, has_own_session, parent = printed[0].split()
    assert (name, has_own_session, parent) == ("shell", "True", printed[1])
    assert are_gone(numbers)


@pytest.mark.parametrize(
    "end",
    [
        pytest.param("", id="in order"),
        pytest.param("os.kill(os.getpid(), signal.SIGKILL)", id="killed"),
        pytest.param("os.execv(sys.executable, [sys.executable, '-c', ''])", id="another program"),
    ],
)
def test_it_does_not_outlive_whoever_could_tell_it(end):
    numbers, printed = run(end)

    assert printed == []
    assert are_gone(numbers)


def test_it_is_ended_as_any_process_is_also_if_nobody_waited_for_it_yet():
    told = 'print("ended", flush=True)'
    numbers, printed = run(f"one = parked.take(); one.terminate(); one.wait(); {told}; one.kill()")

    assert printed == ["ended"]
    assert are_gone(numbers)


def test_one_that_died_before_it_was_told_is_nobodys_end():
    _, printed = run("one = parked.take(); one.kill(); one.become(['check']).wait(); print('on')")

    assert printed == ["on"]
