"""How fast audit records are written, sealed and verified, beside the least that is possible.

    .venv/bin/python -m benchmarks audit_log --records 100000 --writers 8

Writers are processes, as web workers are. Everything happens in a database that is created for it
and dropped afterwards; the site's own log is not touched.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, connections

from audit import keys, models
from audit.advisory_lock import try_lock
from audit.log_format.verification import verify
from audit.people.pseudonyms import SubjectKey
from audit.privacy.redaction import redact_tree
from audit.sealing import log_reader
from audit.sealing.sealer import LOCK, Sealer, oldest_unsealed
from benchmarks.temporary_database import temporary_database

QUESTION: dict[str, Any] = {
    "user_id": "u1",
    "roles": ["customer"],
    "question": "How do I reset my password?",
    "category": "",
    "outcome": "answered",
    "source": "faq",
    "answer": "Press Forgot password on the sign-in page. The link in the e-mail works for one "
    "hour. No e-mail? Look in spam and check that you use the address you signed up with.",
    "faq_id": "reset-password",
    "similarity": 0.937,
    "citations": ["reset-password"],
    "release": 1,
    "decision": {
        "reason": "confident",
        "threshold": 0.7,
        "margin": 0.1,
        "lead": 0.43,
        "path": [
            {"step": "embed", "ms": 3.1, "cached": False},
            {
                "step": "match",
                "ms": 0.2,
                "matches": [
                    {"faq_id": f"faq-{rank}", "phrasing": f"A phrasing, {rank}?", "similarity": 0.5}
                    for rank in range(5)
                ],
            },
        ],
    },
}
"""The fields of an ask's record, about 1.6 kB in the table."""

MIN_RECORDS = 1_000

BARE = "CREATE TABLE benchmark_bare (stored bytea)"

Write = Callable[[models.Record], object]


@dataclass(frozen=True)
class Written:
    """Records per second by all writers together; CPU microseconds of a writer for each."""

    per_second: float
    cpu: float
    oldest_unsealed: float = 0.0
    """Seconds; the greatest age of an unsealed record while the sealer was at work."""


@dataclass(frozen=True)
class Verified:
    """Records per second, and CPU microseconds of the verifying process for each."""

    per_second: float
    cpu: float
    hashing_cpu: float
    """The part of them that hashing the same bytes once takes."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks audit_log", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--records", type=int, default=100_000, help="in the log to verify")
    parser.add_argument("--writers", type=int, default=8, help="processes that write at once")
    options = parser.parse_args(arguments)
    writers, count = options.writers, max(options.records, MIN_RECORDS)
    with temporary_database("audit"), tempfile.TemporaryDirectory() as anchors:
        settings.AUDIT_ANCHOR_DIR = Path(anchors)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {writers} writers")
        least = bare(count // 10, writers)
        print(
            f"least possible (one column, no index): {least.per_second:,.0f}/s, "
            f"{least.cpu:.0f} µs of a writer's CPU each"
        )
        inserts = inserted(count, writers)
        print(
            f"inserts: {inserts.per_second:,.0f}/s, {inserts.cpu:.0f} µs each; "
            f"{inserts.per_second / least.per_second:.2f} of the least possible"
        )
        records = recorded(count // 10, writers)
        print(
            f"record(), redaction and encryption included: {records.per_second:,.0f}/s, "
            f"{records.cpu:.0f} µs each; oldest unsealed record {records.oldest_unsealed:.1f} s"
        )
        for _ in range(3):
            verification = verified()
            print(
                f"verified: {verification.per_second:,.0f}/s, {verification.cpu:.1f} µs of CPU "
                f"each, {verification.cpu / verification.hashing_cpu:.1f} times hashing alone"
            )


def recorded(count: int, writers: int) -> Written:
    """By ``record``: redaction, encryption and the insert."""

    def work(share: int) -> Iterator[Callable[[], object]]:
        for _ in range(share):
            yield lambda: models.record("question.asked", actor="u1", kind="ask", data=QUESTION)

    return _written(work, count, writers)


def inserted(count: int, writers: int) -> Written:
    """By the insert of ``record`` alone, of records that were composed before."""

    def work(share: int) -> Iterator[Callable[[], object]]:
        for composed in list(_composed(share)):
            yield lambda composed=composed: models.insert(composed, [])  # type: ignore[misc]

    return _written(work, count, writers)


def bare(count: int, writers: int) -> Written:
    """The same bytes into a table of one column and no index: the least that is possible."""
    with connection.cursor() as cursor:
        cursor.execute(BARE)

    def write(stored: bytes) -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO benchmark_bare VALUES (%s) RETURNING 1", [stored])

    def work(share: int) -> Iterator[Callable[[], object]]:
        for composed in list(_composed(share)):
            yield lambda composed=composed: write(composed.canonical)  # type: ignore[misc]

    return _written(work, count, writers)


def _composed(count: int) -> Iterator[models.Record]:
    data = redact_tree(QUESTION, region=settings.PHONE_REGION)
    person = SubjectKey.objects.get_many({"u1"})["u1"]
    for number in range(count):
        yield models.compose(
            "question.asked", data, actor=person, subject=person, about=f"ask:{number}"
        )


def _written(
    work: Callable[[int], Iterable[Callable[[], object]]], count: int, writers: int
) -> Written:
    models.record("benchmark.begun", actor="u1")  # from here on everybody finds the person's key
    seal_all()
    connections.close_all()
    here = multiprocessing.get_context("fork")
    together, results = here.Barrier(writers + 1), here.Queue()
    may_end = here.Event()
    share = count // writers

    def write() -> None:
        steps = iter(list(work(share)))
        connection.ensure_connection()
        together.wait()
        cpu, began = _cpu(), time.monotonic()
        for step in steps:
            step()
        results.put((began, time.monotonic(), _cpu() - cpu))
        connection.close()

    def seal() -> None:
        with try_lock(LOCK):
            sealer = Sealer(keys.signer(), settings.AUDIT_ANCHOR_DIR)
            while not may_end.wait(1.0):
                sealer.round()

    processes = [here.Process(target=write) for _ in range(writers)]
    sealing = here.Process(target=seal)
    for process in (*processes, sealing):
        process.start()
    together.wait()
    oldest = 0.0
    while any(process.is_alive() for process in processes):
        oldest = max(oldest, oldest_unsealed())
        processes[0].join(0.25)
        if results.qsize() == writers:
            break
    measured = [results.get() for _ in processes]
    may_end.set()
    for process in (*processes, sealing):
        process.join()
    seal_all()
    seconds = max(end for _, end, _ in measured) - min(began for began, _, _ in measured)
    done = share * writers
    return Written(done / seconds, sum(cpu for *_, cpu in measured) / done * 1e6, oldest)


def seal_all() -> int:
    """Returns the number of records in the log."""
    sealer = Sealer(keys.signer(), settings.AUDIT_ANCHOR_DIR)
    while sealer.round():
        pass
    return sealer.tree.size


def verified() -> Verified:
    """As ``audit_verify`` does it, with all its queries."""
    key = keys.public_key()
    with log_reader.snapshot():
        cpu, began = _cpu(), time.monotonic()
        base = log_reader.log_start(key)
        expected = log_reader.expected(keys.mac_key(), key, {})
        with log_reader.rows() as rows:
            size, broken, _ = verify(rows, base, expected)
        late = log_reader.unsealed()
        seconds, cpu = time.monotonic() - began, _cpu() - cpu
        assert (broken, late) == (None, []), (broken, late)
        with log_reader.rows() as rows:
            stored = [row.stored or b"" for row in rows]
    hashing = _cpu()
    for line in stored:
        sha256(line).digest()
    hashing = _cpu() - hashing
    return Verified(size / seconds, cpu / size * 1e6, hashing / size * 1e6)


def _cpu() -> float:
    """Seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
