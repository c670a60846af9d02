"""While Postgres hangs, requests are refused and probes answered; afterwards all is as before."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from supportsite.tests.served import Site

pytestmark = pytest.mark.slow

QUESTION = {"user_id": "u1", "message": "How do I reset my password?"}
REQUESTS = 20
"""More than there are threads."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    # Not one of pytest's folders: under root those are closed to the user Postgres runs as.
    folder = Path(tempfile.mkdtemp(prefix="hanging-"))
    folder.chmod(0o755)
    served = Site(folder / "state")
    try:
        yield served.start()
    finally:
        served.end()
        shutil.rmtree(folder)


def test_a_postgres_that_hangs_is_503_and_healthz_answers(site):
    site.ask(QUESTION["message"])
    postgres = [process for process in site.processes() if "postgres" in process.name()]
    for process in postgres:
        process.suspend()
    try:
        with ThreadPoolExecutor(REQUESTS) as pool:
            asked = [
                pool.submit(site.send, "POST", "/ask", QUESTION, token=site.token)
                for _ in range(REQUESTS)
            ]
            assert site.send("GET", "/healthz")[0] == 200
            replies = [reply.result() for reply in asked]
        ready, _ = site.send("GET", "/readyz")
    finally:
        for process in postgres:
            process.resume()

    assert {status for status, _ in replies} == {503}
    assert {reply["title"] for _, reply in replies} == {"Service Unavailable"}
    assert ready == 503
    site.wait_until(lambda: site.send("POST", "/ask", QUESTION, token=site.token)[0] == 200)
