"""gunicorn as an image runs it: renewed, recycled and stopped under load, it loses no request."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from supportsite.tests.asking import Asking
from supportsite.tests.served import REPOSITORY, START_SECONDS, STOP_SECONDS, WORKERS, Site

RECYCLED_AFTER = 150

MAKE_READY = """
from django.core.management import call_command
for command in (["migrate", "-v0"], ["ingest"], ["token", "u1"]):
    call_command(*command)
"""


class Deployed(Site):
    """A site served by gunicorn itself, without the parts of ``make run`` around it."""

    def start(self) -> Deployed:
        self.state_dir.mkdir(parents=True, exist_ok=True)
        assert self.run("-m", "supportsite.secrets").code == 0
        self.token = self.manage("shell", "--no-imports", "-c", MAKE_READY).text.split()[-1]
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

    def wait_until(self, happened, seconds: float = START_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not happened():
            assert self.process.poll() is None, f"it ended: {self.log}"
            assert time.monotonic() < deadline, f"it did not happen: {self.log}"
            time.sleep(0.05)

    def signal(self, number: signal.Signals) -> None:
        """To gunicorn alone, as a supervisor does."""
        if number in (signal.SIGTERM, signal.SIGHUP):
            self.process.send_signal(number)
        else:
            super().signal(number)

    def wait_for_other_workers(self, old: list[psutil.Process]) -> None:
        self.wait_until(
            lambda: len(self.workers()) == WORKERS and not set(old) & set(self.workers())
        )


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    # Not one of pytest's: under root those are closed to the user Postgres runs as.
    folder = Path(tempfile.mkdtemp(prefix="graceful-"))
    folder.chmod(0o755)
    made = Deployed(folder / "site", MAX_REQUESTS=str(RECYCLED_AFTER))
    try:
        yield made.start()
    finally:
        made.end()
        shutil.rmtree(folder)


def test_workers_that_make_room_lose_no_request_and_no_count(site):
    before, counted = site.workers(), site.asks_counted()

    with Asking(site) as asking:
        site.wait_for_other_workers(before)

    assert asking.lost == []
    assert asking.refused == 0
    assert site.asks_counted() - counted == len(asking.answered)
    assert len(asking.answered) >= RECYCLED_AFTER


def test_a_reload_loses_no_request(site):
    with Asking(site) as asking:
        for _ in range(2):
            before = site.workers()
            site.signal(signal.SIGHUP)
            site.wait_for_other_workers(before)

    assert asking.lost == []
    assert asking.refused == 0


def test_of_workers_that_ended_one_file_of_each_kind_is_left(site):
    files = (site.state_dir / "prometheus" / str(site.port)).glob("*.db")
    alive = {str(process.pid) for process in site.processes()}

    kept = {file.stem.split("_")[-1] for file in files} - alive

    assert kept == {"ended"}


def test_told_to_stop_it_answers_whoever_got_through(site):
    recorded = site.recorded_asks()
    with Asking(site) as asking:
        site.wait_until(lambda: len(asking.answered) > 50)
        site.signal(signal.SIGTERM)
        site.process.wait(STOP_SECONDS)

    assert asking.lost == []
    assert asking.refused > 0
    found = Counter(audited(site)) - Counter(recorded)
    assert found == Counter(asking.answered)


def audited(site: Site) -> list[str]:
    """The ask_id of every question on the audit trail, of a site that does not run."""
    query = (
        "from audit.models import Record;"
        "print(*Record.objects.filter(action='question.asked').values_list('about', flat=True))"
    )
    said = site.manage("shell", "--no-imports", "-c", query).text.splitlines()[-1]
    return [about.removeprefix("ask:") for about in said.split()]
