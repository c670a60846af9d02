"""The numbers of processes that ended, folded into one file."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from supportsite import metrics_files

COUNT = """
from prometheus_client import Counter, Gauge, Histogram
Counter("asks", "Asks.", ["outcome"]).labels("answered").inc(3)
Histogram("seconds", "Time.", buckets=(1, 2)).observe(1.5)
Gauge("here", "Live.", multiprocess_mode="livesum").set(1)
Gauge("each", "Of every process.").set(1)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    return tmp_path


def counted_by_a_process(folder) -> int:
    """Its number; it has ended."""
    environment = {"PATH": os.environ["PATH"], "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    process = subprocess.Popen([sys.executable, "-c", COUNT], env=environment)
    assert process.wait() == 0
    return process.pid


def told(folder) -> list[str]:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))
    return [line for line in generate_latest(registry).decode().splitlines() if line[0] != "#"]


def test_counters_survive_their_process_and_gauges_do_not(folder):
    processes = [counted_by_a_process(folder) for _ in range(2)]
    before = told(folder)

    for pid in processes:
        metrics_files.fold(pid)

    counts = [
        *('asks_total{outcome="answered"} 6.0', "seconds_sum 3.0"),
        *('seconds_bucket{le="1.0"} 0.0', 'seconds_bucket{le="2.0"} 2.0'),
        *('seconds_bucket{le="+Inf"} 2.0', "seconds_count 2.0"),
    ]
    gauges = [f'each{{pid="{pid}"}} 1.0' for pid in processes]
    assert sorted(before) == sorted([*counts, *gauges, "here 2.0"])
    assert sorted(told(folder)) == sorted(counts)


def test_there_are_no_more_files_after_many_processes_than_after_one(folder):
    for _ in range(2):
        metrics_files.fold(counted_by_a_process(folder))

    kept = sorted(file.name for file in folder.iterdir())
    assert kept == ["counter_ended.db", "histogram_ended.db", "lock"]


def test_a_process_that_counted_nothing_is_folded_too(folder):
    metrics_files.fold(1)

    assert told(folder) == []
