"""How long many questions take to be grouped into gaps, and what /ask's times are meanwhile.

    .venv/bin/python -m benchmarks regroup --asks 10000 --questions queries.csv

It starts a site of its own (`manage.py serve`) in a temporary folder, writes questions that were
not answered, and runs `manage.py regroup --low-priority` beside questions over HTTP. Before and
meanwhile the worker has read the same log: reading 10,000 records takes time of its own.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.ask import ROOT, load_site, read_queries
from benchmarks.faults import site
from benchmarks.timing import Timing
from supportsite.tests.served import Site

PEOPLE = 3_000
CHUNK_SECONDS = 5.0
"""Of one measurement of /ask; there are as many as the regrouping takes."""

CHUNKS = 4
"""Measurements before the regrouping."""

QUESTIONS_PER_SECOND = 500
UNREAD = 10**12
"""A position in the log that the worker never reaches: it shall not group the questions too."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks regroup", description=__doc__.splitlines()[0])
    parser.add_argument("--asks", type=int, default=10_000)
    parser.add_argument(
        "--questions",
        type=Path,
        default=ROOT / "data/questions.csv",
        help="a CSV file with the column query: the questions that were not answered",
    )
    parser.add_argument("--connections", type=int, default=2)
    options = parser.parse_args(arguments)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with site() as served:
        token = served.manage("token", "benchmark", "--role", "service").text.strip()
        questions = _distinct(read_queries(ROOT / "data/questions.csv"))

        def ask() -> Timing:
            texts = list(itertools.islice(questions, int(QUESTIONS_PER_SECOND * CHUNK_SECONDS)))
            return load_site(served.address, token, texts, options.connections, CHUNK_SECONDS)

        create_all = f"create({str(options.questions)!r}, {options.asks})"
        assert _shell(served, f"from benchmarks.regroup import create; {create_all}") == 0
        ask()
        before = [ask() for _ in range(CHUNKS)]
        # The worker groups new questions too, each minute: so just before.
        assert _shell(served, "from benchmarks.regroup import count_all; count_all()") == 0
        regrouping = _Regrouping(served)
        regrouping.start()
        meanwhile = []
        while regrouping.is_alive():
            meanwhile.append(ask())
        after = [ask() for _ in range(CHUNKS)]
        print(regrouping.result(options.asks))
        print(
            "\n".join(_table(Timing.middle(before), Timing.middle(meanwhile), Timing.middle(after)))
        )
        print(f"processes that serve with scikit-learn: {_with_scikit_learn(served)}")


def _table(before: Timing, meanwhile: Timing, after: Timing) -> Iterator[str]:
    for name, timing in (("before", before), ("meanwhile", meanwhile), ("after", after)):
        yield (
            f"/ask {name:10} median {timing.median:6.1f} ms, p95 {timing.p95:6.1f} ms, "
            f"{timing.per_second:.0f} a second"
        )
    yield f"p95 moved by {meanwhile.p95 / before.p95 - 1:+.0%}"


def _command(served: Site, *arguments: str) -> psutil.Popen:
    """A command of the site, without the time limit of ``Site.manage``."""
    command = [sys.executable, "manage.py", *arguments]
    return psutil.Popen(
        command, cwd=ROOT, env=served.environment, stdout=subprocess.PIPE, text=True
    )


def _shell(served: Site, code: str) -> int:
    """The exit code."""
    status: int = _command(served, "shell", "-c", code).wait()
    return status


class _Regrouping(threading.Thread):
    def __init__(self, served: Site) -> None:
        super().__init__()
        self._served = served
        self._seconds = self._cpu_seconds = 0.0
        self._text, self._status = "", 0

    def run(self) -> None:
        started = time.monotonic()
        process = _command(self._served, "regroup", "--low-priority")
        while process.poll() is None:
            with suppress(psutil.Error):
                self._cpu_seconds = sum(process.cpu_times()[:2])
            time.sleep(0.2)
        self._seconds = time.monotonic() - started
        self._text, self._status = process.stdout.read(), process.returncode

    def result(self, asks: int) -> str:
        """Raises ``SystemExit`` if nothing was grouped: the figures would say nothing."""
        if self._status:
            raise SystemExit("regroup failed; run this benchmark again")
        return (
            f"{self._text.strip()}\n{asks} questions regrouped in {self._seconds:.0f} s, "
            f"{self._cpu_seconds:.0f} s of CPU"
        )


def _distinct(texts: Sequence[str]) -> Iterator[str]:
    """Questions that are not in the site's vector cache."""
    for number, text in enumerate(itertools.cycle(texts)):
        yield f"{text.rstrip('?')} (case {number})?"


def _with_scikit_learn(served: Site) -> int:
    return sum(
        any("sklearn" in part.path for part in process.memory_maps())
        for process in served.processes()
        if process.status() != psutil.STATUS_ZOMBIE
    )


def create(file: str, count: int) -> None:
    """Write ``count`` questions, as records that everything has read and as rows of gaps that do
    not count yet.

    Runs in a process of the site.
    """
    from django.db import transaction
    from django.utils import timezone

    from assistant.models import GapAsk
    from audit.models import record
    from faq.models import Release

    live = Release.objects.live()
    texts = _distinct(read_queries(Path(file)))
    rows = []
    with transaction.atomic():
        _skip_log(UNREAD)
        for number in range(count):
            ask_id, user_id = uuid.uuid4(), f"u{number % PEOPLE}"
            data = {
                "user_id": user_id,
                "question": next(texts),
                "outcome": "unanswered",
                "release": live.number if live else None,
            }
            ask = record("question.asked", actor=user_id, kind="ask", key=ask_id, data=data)
            rows.append(
                GapAsk(
                    ask_id=ask_id,
                    record_id=ask.pk,
                    person=ask.subject_key_id or "",
                    at=timezone.now(),
                    kind=GapAsk.Kind.PENDING,
                    reason="below_threshold",
                )
            )
        GapAsk.objects.bulk_create(rows, batch_size=1_000)
    _wait_until_sealed(rows[-1].record_id)


def _skip_log(sequence: int) -> None:
    """Let the readers of the log go on there. Gaps stay unread: their rows are written here."""
    from assistant.health import log_reading as health_log
    from assistant.learning import log_reading as gap_log
    from assistant.outcomes import fold
    from assistant.suggestions import log_reading as suggestion_log
    from audit.models import LogPosition
    from faq import hit_counts

    for reader in (health_log, fold, suggestion_log, hit_counts, gap_log):
        position = UNREAD if reader is gap_log else sequence
        LogPosition.objects.update_or_create(pk=reader.CONSUMER, defaults={"sequence": position})


def _wait_until_sealed(record_id: int) -> None:
    from audit.models import Seal

    while (seal := Seal.objects.filter(record_id=record_id).first()) is None:
        time.sleep(0.5)
    _skip_log(seal.sequence + 1)


def count_all() -> None:
    """Let the questions of ``create`` count, so that they are grouped."""
    from assistant.models import GapAsk

    GapAsk.objects.filter(kind=GapAsk.Kind.PENDING).update(kind=GapAsk.Kind.UNANSWERED)
