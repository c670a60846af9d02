"""Commands that the worker runs in separate processes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings

AT_LOW_PRIORITY = """
import os, threading
ends = threading.Event()
threading.Thread(target=ends.wait).start()
from faq.job_process import lower_priority
lower_priority()
threads = list(map(int, os.listdir("/proc/self/task")))
print(len(threads), *{os.sched_getscheduler(thread) for thread in threads}, os.nice(0))
ends.set()
"""


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="Linux only")
def test_all_threads_of_a_command_at_low_priority_compute_only_on_idle_processors():
    ended = subprocess.run(
        [sys.executable, "-c", AT_LOW_PRIORITY],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )

    threads, policy, nice = map(int, ended.stdout.split())
    assert threads > 1
    assert policy == os.SCHED_IDLE
    assert nice == 19
