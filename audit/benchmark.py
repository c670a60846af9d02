"""How fast records are written, sealed and verified here: measured, beside what is the least
possible.

Writers are processes of their own, as web workers are. Everything happens in the database that the
connection is on: one that is made for it.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import connection, connections

from audit import keys, ledger, models
from audit.people import SubjectKey
from audit.redaction import redact_tree
from audit.sealing import Sealer, oldest_unsealed, only_sealer
from audit.verifying import walk

ASKED: dict[str, Any] = {
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
"""What an ask records, about 1.6 kB once it is written."""

BARE = "CREATE TABLE benchmark_bare (stored bytea)"

Write = Callable[[models.Record], object]


@dataclass(frozen=True)
class Written:
    """Records per second by all writers together; CPU microseconds of a writer for each."""

    per_second: float
    cpu: float
    oldest_unsealed: float = 0.0
    """Seconds; the most that was seen meanwhile, while the sealer was at work."""


@dataclass(frozen=True)
class Verified:
    """Records per second, and CPU microseconds of the verifying process for each."""

    per_second: float
    cpu: float
    hashing_cpu: float
    """Of them, what hashing the same bytes once takes."""


def recorded(count: int, writers: int) -> Written:
    """By ``record``: redaction, encryption and the insert."""

    def work(share: int) -> Iterator[Callable[[], object]]:
        for _ in range(share):
            yield lambda: models.record("question.asked", actor="u1", kind="ask", data=ASKED)

    return _written(work, count, writers)


def inserted(count: int, writers: int) -> Written:
    """By the insert of ``record`` alone; the records were made before."""

    def work(share: int) -> Iterator[Callable[[], object]]:
        for made in list(_made(share)):
            yield lambda made=made: models.insert(made, [])  # type: ignore[misc]

    return _written(work, count, writers)


def bare(count: int, writers: int) -> Written:
    """The same bytes into a table of one column and no index: what is the least possible."""
    with connection.cursor() as cursor:
        cursor.execute(BARE)

    def write(stored: bytes) -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO benchmark_bare VALUES (%s) RETURNING 1", [stored])

    def work(share: int) -> Iterator[Callable[[], object]]:
        for made in list(_made(share)):
            yield lambda made=made: write(made.canonical)  # type: ignore[misc]

    return _written(work, count, writers)


def _made(count: int) -> Iterator[models.Record]:
    told = redact_tree(ASKED, region=settings.PHONE_REGION)
    person = SubjectKey.objects.of({"u1"})["u1"]
    for number in range(count):
        yield models.compose(
            "question.asked", told, actor=person, subject=person, about=f"ask:{number}"
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
        with only_sealer():
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
    told = [results.get() for _ in processes]
    may_end.set()
    for process in (*processes, sealing):
        process.join()
    seal_all()
    seconds = max(end for _, end, _ in told) - min(began for began, _, _ in told)
    done = share * writers
    return Written(done / seconds, sum(cpu for *_, cpu in told) / done * 1e6, oldest)


def seal_all() -> int:
    """How many records are in the log then."""
    sealer = Sealer(keys.signer(), settings.AUDIT_ANCHOR_DIR)
    while sealer.round():
        pass
    return sealer.tree.size


def verified() -> Verified:
    """As ``audit_verify`` does it, all of its questions to the database included."""
    key = keys.public_key()
    with ledger.one_moment():
        cpu, began = _cpu(), time.monotonic()
        base = ledger.base(key)
        expected = ledger.expected(keys.mac_key(), key, {})
        with ledger.rows() as rows:
            size, found = walk(rows, base, expected)
        late = ledger.waiting()
        seconds, cpu = time.monotonic() - began, _cpu() - cpu
        assert (found, late) == (None, []), (found, late)
        with ledger.rows() as rows:
            stored = [row.stored or b"" for row in rows]
    hashing = _cpu()
    for each in stored:
        sha256(each).digest()
    hashing = _cpu() - hashing
    return Verified(size / seconds, cpu / size * 1e6, hashing / size * 1e6)


def _cpu() -> float:
    """Seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
