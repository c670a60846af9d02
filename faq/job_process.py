"""Run a command of this site in a separate process, with a time limit and a low priority."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

from django.conf import settings

STOP_SECONDS = 5.0
"""The time for the process to end after SIGTERM."""


LOWEST_NICE = 19

THREADS = Path("/proc/self/task")


def lower_priority() -> None:
    """Let everything else go first: this process computes only while a processor is idle.

    On Linux by SCHED_IDLE, since even the lowest nice value takes time from a busy web worker.
    """
    os.nice(LOWEST_NICE)
    if not hasattr(os, "SCHED_IDLE"):
        return
    # Linux schedules threads, and numpy has started its own already.
    for thread in THREADS.iterdir():
        with suppress(OSError):
            os.sched_setscheduler(int(thread.name), os.SCHED_IDLE, os.sched_param(0))


async def run_command(*arguments: str, seconds: float) -> bool:
    """Run ``manage.py`` with these arguments; False if it was stopped after ``seconds``."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments),
        # What a command prints is for the person who typed it. Its log goes to stderr.
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        await asyncio.wait_for(process.wait(), seconds)
    except TimeoutError:
        return False
    finally:
        if process.returncode is None:
            await _stop(process)
    return True


async def _stop(process: asyncio.subprocess.Process) -> None:
    process.terminate()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
        return
    process.kill()
    await process.wait()
