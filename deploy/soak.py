"""Ask a running site very many questions, and tell whether anything in it grows.

    MAX_REQUESTS=0 make run                                   (or any start of gunicorn)
    TOKEN=$(.venv/bin/python manage.py token soak --role service)
    nice .venv/bin/python deploy/soak.py --pid GUNICORN --token $TOKEN --asks 100000

Prints, at the start and at each quarter, for every worker its memory (resident, and what it shares
with nobody) and open files, and how many series /metrics has. Needs Linux: it reads /proc.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import local
from urllib.parse import urlsplit

QUESTIONS = Path(__file__).resolve().parent.parent / "data" / "questions.csv"
PEOPLE = 5_000
"""How many different user ids ask; a leak by person would show."""

AGAIN = 0.5
"""Share of asks whose question was asked before, so that both sides of the cache are walked."""

_own = local()


def main() -> None:
    read = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    read.add_argument("address", nargs="?", default="http://127.0.0.1:8000")
    read.add_argument("--pid", type=int, required=True, help="gunicorn's own")
    read.add_argument("--token", required=True, help="of the role service")
    read.add_argument("--asks", type=int, default=100_000)
    read.add_argument("--threads", type=int, default=4)
    given = read.parse_args()
    host = urlsplit(given.address)
    with QUESTIONS.open(newline="") as opened:
        texts = [row["query"] for row in csv.DictReader(opened)]

    def ask(number: int) -> str:
        # A number at the end makes a question that nobody has asked.
        text = texts[number % len(texts)]
        if number % 100 >= AGAIN * 100:
            text = f"{text} {number}"
        return _post(host.hostname or "", host.port or 80, given.token, number % PEOPLE, text)

    seen: Counter[str] = Counter()
    started = time.monotonic()
    _tell(0, given, seen, started)
    with ThreadPoolExecutor(given.threads) as pool:
        for quarter in range(4):
            first = given.asks * quarter // 4
            seen.update(pool.map(ask, range(first, given.asks * (quarter + 1) // 4)))
            _tell(given.asks * (quarter + 1) // 4, given, seen, started)


def _post(host: str, port: int, token: str, person: int, text: str) -> str:
    """The outcome, or why there is none. One kept connection a thread, and no second try."""
    if not getattr(_own, "connection", None):
        _own.connection = HTTPConnection(host, port, timeout=60)
    body = json.dumps({"user_id": f"soak-{person}", "message": text})
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        _own.connection.request("POST", "/ask", body, headers)
        reply = _own.connection.getresponse()
        told = json.loads(reply.read())
        return str(told.get("outcome") or reply.status)
    except (HTTPException, OSError, ValueError) as failure:
        _own.connection.close()
        _own.connection = None
        return type(failure).__name__


def _tell(asked: int, given: argparse.Namespace, seen: Counter[str], started: float) -> None:
    series, labels = _series(given.address)
    outcomes = ", ".join(f"{name} {n}" for name, n in sorted(seen.items()))
    print(f"{asked} asks, {time.monotonic() - started:.0f} s: {series} series. {outcomes}")
    for pid in _workers(given.pid):
        rss, own = _memory(pid)
        files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        print(f"  {pid}: {rss:.0f} MB resident, {own:.0f} MB its own, {files} files")
    if asked == given.asks:
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
    found, first = [], _names(pid)
    for number in map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        if _names(number) == first:
            found.append(number)
    return found


def _names(pid: int) -> list[bytes]:
    return [Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "comm")]


def _memory(pid: int) -> tuple[float, float]:
    """Megabytes: resident, and private to the process."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kilobytes = {name: int(n) for name, n in re.findall(r"^(\w+):\s+(\d+) kB", lines, re.M)}
    own = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
    return kilobytes["Rss"] / 1024, own / 1024


if __name__ == "__main__":
    main()
