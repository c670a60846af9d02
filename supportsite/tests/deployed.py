"""A site served by gunicorn itself, as in an image, without the parts of ``make run`` around it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable

import psutil

from supportsite.tests.served import REPOSITORY, START_SECONDS, WORKERS, Site

RECORDED = """
from audit.models import Record
print(*Record.objects.filter(action="question.asked").values_list("about", flat=True))
"""


def replaced_after(requests: int) -> dict[str, str]:
    """The environment of a gunicorn that replaces a worker after so many requests."""
    arguments = f"--max-requests {requests} --max-requests-jitter {requests // 5}"
    return {"GUNICORN_CMD_ARGS": arguments}


class Deployed(Site):
    def start(self) -> Deployed:
        self.token = self.make_ready()
        command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                [*command, "supportsite.wsgi"],
                cwd=REPOSITORY,
                env=self.environment,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        self.wait_until(lambda: len(self.workers()) == WORKERS)
        return self

    def wait_until(self, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not happened():
            assert self.process.poll() is None, f"it ended: {self.log}"
            assert time.monotonic() < deadline, f"it did not happen: {self.log}"
            time.sleep(0.05)

    def wait_for_other_workers(self, old: list[psutil.Process]) -> None:
        def are_there() -> bool:
            now = self.workers()
            return len(now) == WORKERS and not set(old) & set(now)

        self.wait_until(are_there)

    def signal(self, number: signal.Signals) -> None:
        """To gunicorn alone, as a supervisor does."""
        if number in (signal.SIGTERM, signal.SIGHUP):
            self.process.send_signal(number)
        else:
            super().signal(number)

    def asks_in_database(self) -> list[str]:
        """The ask_id of every question on the audit trail, whether the site runs or not."""
        lines = self.manage("shell", "--no-imports", "-c", RECORDED).text.splitlines()
        return [about.removeprefix("ask:") for about in lines[-1].split()]
