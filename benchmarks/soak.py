"""Does anything in a running site grow with the number of questions?

    TOKEN=$(.venv/bin/python manage.py token benchmark --role service)
    nice .venv/bin/python -m benchmarks soak --pid GUNICORN --token $TOKEN --asks 100000

Prints, at the start and at each quarter, for every worker its memory (resident, and private) and
open files, and the number of series of /metrics. Needs Linux: it reads /proc.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import local
from urllib.parse import urlsplit

QUESTIONS = Path(__file__).resolve().parent.parent / "data" / "questions.csv"
PEOPLE = 5_000
"""How many different user ids ask; a leak by person would show."""

REPEATED = 0.5
"""Proportion of repeated questions, so that the cache is both hit and missed."""

_thread = local()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks soak", description=__doc__.partition("\n")[0])
    parser.add_argument("address", nargs="?", default="http://127.0.0.1:8000")
    parser.add_argument("--pid", type=int, required=True, help="of gunicorn's first process")
    parser.add_argument("--token", required=True, help="of the role service")
    parser.add_argument("--asks", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=4)
    options = parser.parse_args(arguments)
    host = urlsplit(options.address)
    with QUESTIONS.open(newline="") as opened:
        texts = [row["query"] for row in csv.DictReader(opened)]

    def ask(number: int) -> str:
        # A number at the end makes the question new.
        text = texts[number % len(texts)]
        if number % 100 >= REPEATED * 100:
            text = f"{text} {number}"
        return _post(host.hostname or "", host.port or 80, options.token, number % PEOPLE, text)

    outcomes: Counter[str] = Counter()
    started = time.monotonic()
    _report(0, options, outcomes, started)
    with ThreadPoolExecutor(options.threads) as pool:
        for quarter in range(4):
            first = options.asks * quarter // 4
            outcomes.update(pool.map(ask, range(first, options.asks * (quarter + 1) // 4)))
            _report(options.asks * (quarter + 1) // 4, options, outcomes, started)


def _post(host: str, port: int, token: str, person: int, text: str) -> str:
    """The outcome, or why there is none. One connection for each thread, and no second try."""
    if not getattr(_thread, "connection", None):
        _thread.connection = HTTPConnection(host, port, timeout=60)
    question = {"user_id": f"benchmark-{person}", "message": text, "purpose": "benchmark"}
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        _thread.connection.request("POST", "/ask", json.dumps(question), headers)
        reply = _thread.connection.getresponse()
        answer = json.loads(reply.read())
        return str(answer.get("outcome") or reply.status)
    except (HTTPException, OSError, ValueError) as failure:
        _thread.connection.close()
        _thread.connection = None
        return type(failure).__name__


def _report(asks: int, options: argparse.Namespace, outcomes: Counter[str], started: float) -> None:
    series, labels = _series(options.address)
    counts = ", ".join(f"{name} {n}" for name, n in sorted(outcomes.items()))
    print(f"{asks} asks, {time.monotonic() - started:.0f} s: {series} series. {counts}")
    for pid in _workers(options.pid):
        resident, private = _memory(pid)
        files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        print(f"  {pid}: {resident:.0f} MB resident, {private:.0f} MB private, {files} files")
    if asks == options.asks:
        for name, values in sorted(labels.items()):
            print(f"  label {name}: {len(values)} values")
    sys.stdout.flush()


def _series(address: str) -> tuple[int, dict[str, set[str]]]:
    host = urlsplit(address)
    connection = HTTPConnection(host.hostname or "", host.port or 80, timeout=60)
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    labels: dict[str, set[str]] = {}
    series = [line for line in lines if line and not line.startswith("#")]
    for line in series:
        for name, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', line):
            labels.setdefault(name, set()).add(value)
    return len(series), labels


def _workers(pid: int) -> list[int]:
    """Forks of gunicorn's first process, of the same name."""
    workers, first = [], _names(pid)
    for number in map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        if _names(number) == first:
            workers.append(number)
    return workers


def _names(pid: int) -> list[bytes]:
    return [Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "comm")]


def _memory(pid: int) -> tuple[float, float]:
    """Megabytes: resident, and private to the process."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kilobytes = {name: int(n) for name, n in re.findall(r"^(\w+):\s+(\d+) kB", lines, re.M)}
    private = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
    return kilobytes["Rss"] / 1024, private / 1024
