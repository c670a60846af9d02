"""Connections that clients keep are shared out among the workers, whichever woke up first."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from supportsite import fair_worker
from supportsite.fair_worker import FairWorker
from supportsite.tests.served import free_port

APPLICATION = """
import json, os, time
from supportsite.serving.gunicorn_worker import DrainingWorker

queued = 0

class Counting(DrainingWorker):
    def enqueue_req(self, conn):
        global queued
        queued += 1
        super().enqueue_req(conn)

def application(environ, start_response):
    time.sleep(0.002)
    told = json.dumps([os.getpid(), queued]).encode()
    start_response("200 OK", [("Content-Length", str(len(told)))])
    return [told]
"""

CONFIG = """
worker_class = "hello.Counting"
preload_app = True
loglevel = "warning"
control_socket_disable = True

def child_exit(server, worker):
    from supportsite import fair_worker

    fair_worker.forget(worker)
"""


class Client:
    """One that keeps its connection, for as long as the server does."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=10)

    def ask(self) -> tuple[int, int]:
        """The process that answers, and how often its main thread handed on a connection."""
        self._connection.request("GET", "/")
        process, handed_on = json.loads(self._connection.getresponse().read())
        return process, handed_on

    def is_answered(self) -> bool:
        try:
            return bool(self.ask())
        except (OSError, HTTPException):
            return False

    def ask_for(self, seconds: float) -> tuple[int, int]:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            answered = self.ask()
        return answered


class Server:
    def __init__(self, folder: Path, *, workers: int, threads: int) -> None:
        (folder / "hello.py").write_text(APPLICATION)
        (folder / "conf.py").write_text(CONFIG)
        self.port = free_port()
        arguments = ["-c", "conf.py", "-b", f"127.0.0.1:{self.port}", "hello"]
        sizes = ["--workers", str(workers), "--threads", str(threads)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *sizes, *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        while len(self.seen()) < workers:
            time.sleep(0.05)

    def seen(self) -> set[int]:
        """The workers that answer."""
        try:
            return {Client(self.port).ask()[0] for _ in range(20)}
        except OSError:
            assert self._process.poll() is None
            return set()

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(20)


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    made = Server(tmp_path, **request.param)
    try:
        yield made
    finally:
        made.end()


def shares(clients: list[Client], *, seconds: float) -> list[int]:
    """How many of the clients each worker answers after all have asked for a while."""
    with ThreadPoolExecutor(len(clients)) as pool:
        answered = list(pool.map(lambda client: client.ask_for(seconds)[0], clients))
    return sorted(Counter(answered).values())


def wait_for_shares(clients: list[Client], expected: list[int]) -> None:
    until = time.monotonic() + 20
    while (found := shares(clients, seconds=0.5)) != expected:
        assert time.monotonic() < until, found


@pytest.mark.parametrize("server", [{"workers": 2, "threads": 4}], indirect=True)
def test_eight_clients_have_four_at_each_of_two_workers(server):
    clients = [Client(server.port) for _ in range(8)]

    wait_for_shares(clients, [4, 4])

    assert shares(clients, seconds=0.5) == [4, 4]


@pytest.mark.parametrize("server", [{"workers": 2, "threads": 4}], indirect=True)
def test_a_worker_that_came_later_is_given_its_share(server):
    clients = [Client(server.port) for _ in range(8)]
    wait_for_shares(clients, [4, 4])
    killed = clients[0].ask()[0]
    os.kill(killed, signal.SIGKILL)
    while len(server.seen() - {killed}) < 2:
        time.sleep(0.05)

    # Half of them connect again, when only one worker holds any.
    clients = [client if client.is_answered() else Client(server.port) for client in clients]

    wait_for_shares(clients, [4, 4])


@pytest.mark.parametrize("server", [{"workers": 1, "threads": 4}], indirect=True)
def test_whoever_asks_again_at_once_does_not_go_by_way_of_the_main_thread(server):
    client = Client(server.port)
    _, before = client.ask()

    for _ in range(40):
        _, after = client.ask()

    # It may have been busy for longer than a thread stays, on a machine that does other work.
    assert after - before < 20


@pytest.mark.parametrize("server", [{"workers": 1, "threads": 1}], indirect=True)
def test_nobody_waits_for_a_client_that_asks_again_and_again(server):
    busy, other = Client(server.port), Client(server.port)

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(busy.ask_for, 2.0)
        time.sleep(0.2)
        began = time.monotonic()
        for _ in range(10):
            other.ask()
        waited = time.monotonic() - began
        assert not asking.done()

    assert waited < 1.0


def test_workers_with_more_connections_than_can_be_told_are_alike(monkeypatch):
    worker = FairWorker.__new__(FairWorker)
    worker.nr_conns = 600
    monkeypatch.setattr(fair_worker, "_held", bytes([255, 255]))

    assert worker._ahead() == 0
