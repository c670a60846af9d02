"""The numbers of processes that ended: kept, in one file for all of them.

prometheus_client gives each process files of its own and adds them up when it is asked. A counter
must survive its process, so the files would stay for ever, two for each of the workers that
max_requests ends, and every scrape would read them all. So whoever sees a process end folds its
files into one; a scrape meanwhile waits, or it would count them twice or not at all.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import multiprocess
from prometheus_client.mmap_dict import MmapedDict

ADDED_UP = ("counter", "histogram", "summary")
"""Kinds of metrics that go on counting; a gauge says what is, and goes with its process."""

OF_THE_ENDED = "ended"
"""What stands in a file's name instead of a process's number."""


def folder() -> Path | None:
    """None where one process alone serves."""
    named = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(named) if named else None


def fold(pid: int) -> None:
    """Add the numbers of a process that has ended to those of all that have; its gauges go."""
    where = folder()
    if where is None:
        return
    with _lock(where, fcntl.LOCK_EX):
        multiprocess.mark_process_dead(pid)
        for gauges in where.glob(f"gauge_*_{pid}.db"):
            gauges.unlink()
        for kind in ADDED_UP:
            own = where / f"{kind}_{pid}.db"
            if own.exists():
                _add(own, where / f"{kind}_{OF_THE_ENDED}.db")
                own.unlink()


def metrics(request: HttpRequest) -> HttpResponse:
    """What Prometheus reads, of all processes."""
    where = folder()
    if where is None:
        return _export(request)
    with _lock(where, fcntl.LOCK_SH):
        return _export(request)


def _export(request: HttpRequest) -> HttpResponse:
    exported: HttpResponse = ExportToDjangoView(request)
    return exported


def _add(own: Path, total: Path) -> None:
    values = MmapedDict(str(total))
    try:
        for key, value, _, _ in MmapedDict.read_all_values_from_file(str(own)):
            before, _ = values.read_value(key)
            values.write_value(key, before + value, 0.0)
    finally:
        values.close()


@contextmanager
def _lock(where: Path, kind: int) -> Iterator[None]:
    descriptor = os.open(where / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        # Unlocked, not only closed: a worker forked meanwhile has the descriptor too.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)
