"""What a running site replies while something that it needs hangs, and how soon it is well again.

    .venv/bin/python -m benchmarks faults [NAME...]

It starts a site of its own (`manage.py serve`) in a temporary folder, and breaks one part after the
other. A full disk needs Linux and root, for a small file system.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

import psycopg

from supportsite.tests.served import Site
from tickets.tests.receiver import receiving

ASKING = 24
"""Connections that ask one question after the other."""

FAULT_SECONDS = 10.0
DISK_MB = 400
QUESTION = {"user_id": "u1", "message": "How do I reset my password?"}


@dataclass
class Replies:
    """Replies of one kind of request: how many by status, and the slowest, in seconds."""

    statuses: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    def add(self, status: str, seconds: float) -> None:
        self.statuses[status] += 1
        self.slowest = max(self.slowest, seconds)

    def __str__(self) -> str:
        counts = ", ".join(f"{count} x {status}" for status, count in sorted(self.statuses.items()))
        return f"{counts or 'none'}; slowest {self.slowest:.2f} s"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks faults", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(FAULTS)}")
    names = parser.parse_args(arguments).names or list(FAULTS)
    if unknown := set(names) - set(FAULTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {ASKING} connections ask")
    for name in names:
        print(f"\n{name}", flush=True)
        FAULTS[name]()


@contextmanager
def site(folder: Path | None = None, **settings: str) -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="faults-") as temporary:
        # Postgres runs as a user of its own.
        Path(temporary).chmod(0o755)
        started = Site(folder or Path(temporary) / "state", PHONE_REGION="ZZ", **settings)
        try:
            yield started.start()
        finally:
            started.end()


def watch(served: Site, fault: Callable[[], object], repair: Callable[[], object]) -> None:
    """Print the replies during a fault of ``FAULT_SECONDS``, and the seconds to the next 200."""
    replies, probes, stop = Replies(), Replies(), threading.Event()
    fault()
    threads = [threading.Thread(target=_ask, args=(served, replies, stop)) for _ in range(ASKING)]
    threads.append(threading.Thread(target=_probe, args=(served, probes, stop)))
    for thread in threads:
        thread.start()
    time.sleep(FAULT_SECONDS)
    stop.set()
    for thread in threads:
        thread.join()
    print(f"  /ask      {replies}")
    print(f"  /healthz  {probes}", flush=True)
    repair()
    print(f"  well again after {_seconds_to_answer(served):.1f} s", flush=True)


def _ask(served: Site, replies: Replies, stop: threading.Event) -> None:
    while not stop.is_set():
        _send(served, "POST", "/ask", replies)


def _probe(served: Site, replies: Replies, stop: threading.Event) -> None:
    while not stop.wait(0.1):
        _send(served, "GET", "/healthz", replies)


def _send(served: Site, method: str, path: str, replies: Replies) -> str:
    started = time.monotonic()
    try:
        body = QUESTION if method == "POST" else None
        status = str(served.send(method, path, body, token=served.token)[0])
    except (OSError, HTTPException) as failure:
        status = type(failure).__name__
    replies.add(status, time.monotonic() - started)
    return status


def _seconds_to_answer(served: Site) -> float:
    started = time.monotonic()
    while _send(served, "POST", "/ask", Replies()) != "200":
        time.sleep(0.1)
    return time.monotonic() - started


def postgres_hangs() -> None:
    with site() as served:
        postgres = [process for process in served.processes() if "postgres" in process.name()]
        watch(
            served,
            lambda: [process.suspend() for process in postgres],
            lambda: [process.resume() for process in postgres],
        )


def table_is_locked() -> None:
    with site() as served, psycopg.connect(_database(served)) as locking:
        watch(
            served,
            lambda: locking.execute("LOCK TABLE audit_record IN ACCESS EXCLUSIVE MODE"),
            locking.rollback,
        )


def webhook_hangs() -> None:
    with receiving() as receiver, site(WEBHOOK_NETWORKS="127.0.0.0/8") as served:
        receiver.hold.clear()
        insert = (
            "INSERT INTO tickets_webhook (name, url, is_active, secret, previous_secret, created)"
            " VALUES ('hanging', %s, true, 'x', '', now())"
        )
        with psycopg.connect(_database(served), autocommit=True) as database:
            database.execute(insert, [receiver.url])
            service = served.manage("token", "shop", "--role", "service").text.strip()
            started = time.monotonic()
            for number in range(100):
                ticket = {"user_id": f"u{number}", "message": "Where?", "email": "u@example.com"}
                assert served.send("POST", "/tickets", ticket, token=service)[0] == 201
            waiting = (
                "SELECT count(*) FROM tickets_delivery WHERE kind = 'mail' AND status = 'pending'"
            )
            left = 100
            while left and time.monotonic() - started < 60:
                ((left,),) = database.execute(waiting).fetchall()
                time.sleep(0.1)
        seconds = time.monotonic() - started
        print(f"  {100 - left} of 100 mails sent in {seconds:.1f} s, writing the tickets included")


def requests_are_half_sent() -> None:
    head = b"POST /ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    starts = {
        "no byte": b"",
        "half a header": head,
        "half a body": head + b"Content-Length: 100\r\n\r\n{",
    }
    with site() as served:
        for name, start in starts.items():
            print(f"  200 connections that send {name}:")
            connections: list[socket.socket] = []

            def hold(start: bytes = start, connections: list[socket.socket] = connections) -> None:
                for _ in range(200):
                    connection = socket.create_connection(("127.0.0.1", served.port))
                    connection.sendall(start)
                    connections.append(connection)

            def release(connections: list[socket.socket] = connections) -> None:
                for connection in connections:
                    connection.close()

            watch(served, hold, release)


def disk_is_full() -> None:
    if os.geteuid() != 0:
        print("  left out: it needs root, to mount a small file system")
        return
    with tempfile.TemporaryDirectory(prefix="faults-disk-") as folder:
        _run("mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "tmpfs", folder)
        audit_file = Path(folder) / "audit.jsonl"
        try:
            with site(Path(folder) / "state", AUDIT_FILE=str(audit_file)) as served:
                before = {worker.pid for worker in served.workers()}
                filler = Path(folder) / "filler"
                watch(served, lambda: _fill(filler), filler.unlink)
                after = {worker.pid for worker in served.workers()}
                print(f"  {len(before - after)} of {len(before)} web processes ended")
                report = served.manage("audit_verify", "--file", str(audit_file)).text.strip()
                print("  " + report.replace("\n", "\n  "))
        finally:
            _run("umount", "--lazy", folder)


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler:
        for size in (1_000_000, 1):
            while True:
                try:
                    filler.write(bytes(size))
                except OSError:
                    break


def _database(served: Site) -> str:
    """The address of the site's own Postgres."""
    shown = served.manage(
        "shell",
        "-c",
        "from django.db import connection as c; p = c.get_connection_params();"
        " print('host=%s port=%s user=%s dbname=%s'"
        " % (p['host'], p['port'], p['user'], p['dbname']))",
    )
    return shown.text.strip().splitlines()[-1]


def _run(*command: str) -> None:
    subprocess.run(command, check=True)  # noqa: S603


FAULTS: dict[str, Callable[[], None]] = {
    "postgres": postgres_hangs,
    "table": table_is_locked,
    "webhook": webhook_hangs,
    "half-sent": requests_are_half_sent,
    "disk": disk_is_full,
}
