"""Behind NGINX as shipped, no request is lost while workers are renewed or the site is stopped."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from supportsite.tests.asking import Asking
from supportsite.tests.deployed import Deployed, replaced_after
from supportsite.tests.edge import SECRET, Authority, Nginx, tls
from supportsite.tests.served import STOP_SECONDS

RENEWED_AFTER = 150

LOST = ("prematurely closed", "reset by peer", "Broken pipe")
"""What NGINX logs of a request that it sent and that was not answered."""


@pytest.fixture(scope="module")
def site() -> Iterator[Deployed]:
    # Not one of pytest's folders: under root those are closed to the user Postgres runs as.
    folder = Path(tempfile.mkdtemp(prefix="no-loss-"))
    folder.chmod(0o755)
    created = Deployed(folder / "site", PROXY_SECRET=SECRET, **replaced_after(RENEWED_AFTER))
    try:
        yield created.copy_first_start().start()
    finally:
        created.end()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def nginx(
    site: Deployed, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nginx]:
    folder = tmp_path_factory.mktemp("nginx")
    # All clients here have one address.
    changes = {"limits.conf": ("rate=50r/s", "rate=10000r/s")}
    upstream = f"127.0.0.1:{site.port}"
    with Nginx(folder, authority, upstream, certificates="optional", changes=changes) as started:
        yield started


@pytest.fixture
def through_nginx(site: Deployed, nginx: Nginx, authority: Authority) -> Asking:
    context = tls(authority)

    def connect() -> HTTPSConnection:
        return HTTPSConnection("localhost", nginx.port, timeout=60, context=context)

    return Asking(site, connect=connect)


def lost_by(nginx: Nginx) -> list[str]:
    return [line for line in nginx.errors.splitlines() if any(text in line for text in LOST)]


def test_workers_that_reach_max_requests_lose_nothing(site, nginx, through_nginx):
    before = site.workers()

    with through_nginx as asking:
        site.wait_for_other_workers(before)

    assert (asking.lost, asking.refused, lost_by(nginx)) == ([], 0, [])
    assert len(asking.answered) >= RENEWED_AFTER


def test_a_reload_loses_nothing(site, nginx, through_nginx):
    with through_nginx as asking:
        for _ in range(3):
            before = site.workers()
            site.signal(signal.SIGHUP)
            site.wait_for_other_workers(before)

    assert (asking.lost, asking.refused, lost_by(nginx)) == ([], 0, [])


def test_a_stop_answers_every_request_that_was_accepted(site, nginx, through_nginx):
    recorded = site.asks_in_database()

    with through_nginx as asking:
        site.wait_until(lambda: len(asking.answered) > 50)
        site.signal(signal.SIGTERM)
        site.process.wait(STOP_SECONDS)

    assert (asking.lost, lost_by(nginx)) == ([], [])
    assert asking.refused > 0
    assert Counter(site.asks_in_database()) - Counter(recorded) == Counter(asking.answered)
