"""How fast a running site answers, beside the same done by hand.

    TOKEN=$(.venv/bin/python manage.py token benchmark --role service)
    .venv/bin/python -m benchmarks ask --token $TOKEN

Everything is measured once in each round, one thing at a time, on questions that nobody asked
before. The ratios compare a round's numbers with the same round's by hand, so that they hold on
another machine. It knows the site by its API alone.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any

from benchmarks.by_hand import ByHand, time_calls
from benchmarks.timing import Ratio, Timing

ROOT = Path(__file__).resolve().parent.parent
BY_HAND = "by hand"
WARM_UP = 1.0
"""Seconds of load before the first measurement."""

QUESTIONS_PER_SECOND = 2_000
"""More than a server answers: so many distinct questions are ready for each second."""

ASKED_BY = {"user_id": "benchmark", "purpose": "benchmark"}
"""So that the site counts no question, and no hit, of ours."""

Round = dict[str, Timing]
"""The timings of one round, by name."""


class SiteFailed(Exception):
    """The site did not answer every question; the text says what came instead."""


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    levels = [int(number) for number in options.connections.split(",")]
    questions = _questions(options.questions)
    numbers = count()

    def distinct() -> Iterator[str]:
        """Questions nobody asked before: the site remembers the vectors of others."""
        for text in cycle(questions):
            yield f"{text.rstrip('?')} (case {next(numbers)})?"

    def answers(texts: Iterator[str], connections: int, seconds: float) -> Timing:
        asked = list(islice(texts, max(1, int(QUESTIONS_PER_SECOND * seconds))))
        return _load(options.url, options.token, asked, connections, seconds)

    def measure(by_hand: ByHand) -> Round:
        ms = time_calls(by_hand.answer, distinct(), options.seconds)
        timings = {BY_HAND: Timing.of(ms, sum(ms) / 1000)}
        for level in levels:
            timings[f"new, {level} at once"] = answers(distinct(), level, options.seconds)
        for level in levels:
            texts = cycle(questions[:1])
            timings[f"repeated, {level} at once"] = answers(texts, level, options.seconds)
        return timings

    try:
        answers(distinct(), 1, WARM_UP)
        by_hand = ByHand(_phrasings(options.faqs))
        time_calls(by_hand.answer, distinct(), WARM_UP)
        print("\n".join(_table([measure(by_hand) for _ in range(options.rounds)])))
    except SiteFailed as failure:
        raise SystemExit(str(failure)) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.ask", description=__doc__.partition("\n")[0])
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--token", required=True, help="of the role service")
    parser.add_argument(
        "--faqs", type=Path, default=ROOT / "data/faq.csv", help="what the site was filled with"
    )
    parser.add_argument(
        "--questions", type=Path, default=ROOT / "data/questions.csv", help="with a column query"
    )
    parser.add_argument("--connections", default="1,8,32", metavar="N,N")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    return parser


def _questions(file: Path) -> list[str]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return [row["query"] for row in csv.DictReader(lines)]


def _phrasings(file: Path) -> Iterator[tuple[str, str]]:
    """``faq_id`` and text of each question and alternate question."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            for text in (row["question"], *(row.get("alternates") or "").splitlines()):
                if text.strip():
                    yield row["id"], text.strip()


def _load(url: str, token: str, texts: list[str], connections: int, seconds: float) -> Timing:
    """Raises ``SiteFailed``."""
    plan = {
        "url": f"{url.rstrip('/')}/ask",
        "headers": {"Authorization": f"Bearer {token}"},
        "bodies": [json.dumps({**ASKED_BY, "message": text}) for text in texts],
        "connections": connections,
        "seconds": seconds,
    }
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    if run.returncode:
        lines = run.stderr.strip().splitlines() or ["no reason"]
        raise SiteFailed(f"The load could not be made: {lines[-1]}")
    measured: dict[str, Any] = json.loads(run.stdout)
    if measured["others"]:
        raise SiteFailed(f"{url} did not answer every question: {measured['others']}")
    return Timing.of(measured["ms"], measured["seconds"])


def _table(rounds: Sequence[Round]) -> Iterator[str]:
    yield f"{'':22}{'median':>9}{'p95':>9}{'p99':>9} ms{'answers/s':>11}   times by hand"
    for name in rounds[0]:
        middle = Timing.middle([timings[name] for timings in rounds])
        times = Ratio.of(
            [timings[name].per_second for timings in rounds],
            [timings[BY_HAND].per_second for timings in rounds],
        )
        yield (
            f"{name:22}{middle.median:9.1f}{middle.p95:9.1f}{middle.p99:9.1f}   "
            f"{middle.per_second:11.0f}   {times}"
        )
