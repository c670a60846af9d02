"""While Postgres hangs or the disk is full, requests get 503; afterwards all is as before."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from supportsite.tests.served import Site

pytestmark = pytest.mark.slow

QUESTION = {"user_id": "u1", "message": "How do I reset my password?"}
HEAD = b"POST /ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
REQUESTS = 20
"""More than there are threads."""

HALF_REQUESTS = 4
"""Of each kind: together more than there are threads."""

CAN_MOUNT = os.geteuid() == 0 and shutil.which("mount") is not None


@pytest.fixture(scope="module")
def disk() -> Iterator[Path]:
    """A small disk of its own, if this user may mount one."""
    # Not one of pytest's folders: under root those are closed to the user Postgres runs as.
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    folder.chmod(0o755)
    tmpfs = ["mount", "-t", "tmpfs", "-o", "size=500m,mode=755", "tmpfs", str(folder)]
    is_mounted = CAN_MOUNT and subprocess.run(tmpfs, check=False).returncode == 0
    yield folder
    if is_mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def site(disk) -> Iterator[Site]:
    served = Site(disk / "state", AUDIT_FILE=str(disk / "audit.jsonl"))
    try:
        yield served.copy_first_start().start()
    finally:
        served.end()


def ask(site: Site) -> tuple[int, dict]:
    return site.send("POST", "/ask", QUESTION, token=site.token)


def test_a_postgres_that_hangs_is_503_and_healthz_answers(site):
    site.ask(QUESTION["message"])
    postgres = [process for process in site.processes() if "postgres" in process.name()]
    for process in postgres:
        process.suspend()
    try:
        with ThreadPoolExecutor(REQUESTS) as pool:
            futures = [pool.submit(ask, site) for _ in range(REQUESTS)]
            assert site.send("GET", "/healthz")[0] == 200
            replies = [future.result() for future in futures]
        ready, _ = site.send("GET", "/readyz")
    finally:
        for process in postgres:
            process.resume()

    assert {status for status, _ in replies} == {503}
    assert {reply["title"] for _, reply in replies} == {"Service Unavailable"}
    assert ready == 503
    site.wait_until(lambda: ask(site)[0] == 200)


def test_half_a_request_is_given_up(site):
    # Each worker goes on refusing for some seconds after Postgres hung.
    for worker in site.workers():
        with site.only(worker):
            site.wait_until(lambda: ask(site)[0] == 200)
    starts = (b"", HEAD, HEAD + b"Content-Length: 100\r\n\r\n{")
    with ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection(("127.0.0.1", site.port), 30))
            for _ in starts * HALF_REQUESTS
        ]
        for client, start in zip(clients, starts * HALF_REQUESTS, strict=True):
            client.sendall(start)

        assert ask(site)[0] == 200
        assert site.send("GET", "/healthz")[0] == 200
        for client in clients:
            with suppress(ConnectionResetError):
                while client.recv(10_000):
                    pass


def test_a_full_disk_is_503_and_ends_no_process_and_tears_no_line(site, disk):
    if not disk.is_mount():
        pytest.skip("it takes root, to mount a small disk")
    workers = site.workers()
    filler = disk / "filler"
    fill(filler)
    try:
        statuses = {ask(site)[0] for _ in range(30)}
        assert site.send("GET", "/metrics")[0] == 200
    finally:
        filler.unlink()

    assert statuses <= {200, 503}
    assert 503 in statuses
    site.wait_until(lambda: ask(site)[0] == 200)
    assert site.workers() == workers
    assert all(json.loads(line) for line in (disk / "audit.jsonl").read_text().splitlines())
    site.wait_until(lambda: site.gauge("audit_unsealed_oldest_seconds") == 0)
    verified = site.manage("audit_verify", "--file", str(disk / "audit.jsonl"))
    assert verified.code == 0, verified.text


def fill(file: Path) -> None:
    """Until not one more byte fits."""
    with file.open("wb", buffering=0) as filler:
        for size in (1_000_000, 1):
            with suppress(OSError):
                while filler.write(bytes(size)):
                    pass
