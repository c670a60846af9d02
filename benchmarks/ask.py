"""Measure how fast a running site answers, compared with a naive baseline.

    TOKEN=$(.venv/bin/python manage.py token benchmark --role service)
    .venv/bin/python -m benchmarks ask --token $TOKEN

Each round measures everything once, one after the other, on questions that are not cached. The
ratios compare a round with the baseline of the same round, so that they are valid on other
machines. It uses only the site's API.
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

from benchmarks.naive_baseline import NaiveBaseline, time_calls
from benchmarks.timing import Ratio, Timing

ROOT = Path(__file__).resolve().parent.parent
BASELINE = "baseline"
WARM_UP = 1.0
"""Seconds of load before the first measurement."""

QUESTIONS_PER_SECOND = 2_000
"""Distinct questions generated per second of load; more than a server answers."""

CALLER = {"user_id": "benchmark", "purpose": "benchmark"}
"""So that the site counts no question, and no hit, of ours."""

Round = dict[str, Timing]
"""The timings of one round, by name."""


class SiteFailed(Exception):
    """The site did not answer every question; the text names the other replies."""


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    levels = [int(number) for number in options.connections.split(",")]
    questions = read_queries(options.questions)
    numbers = count()

    def distinct() -> Iterator[str]:
        """Questions that are not in the site's vector cache."""
        for text in cycle(questions):
            yield f"{text.rstrip('?')} (case {next(numbers)})?"

    def answers(texts: Iterator[str], connections: int, seconds: float) -> Timing:
        batch = list(islice(texts, max(1, int(QUESTIONS_PER_SECOND * seconds))))
        return load_site(options.url, options.token, batch, connections, seconds)

    def measure(naive_baseline: NaiveBaseline) -> Round:
        ms = time_calls(naive_baseline.answer, distinct(), options.seconds)
        timings = {BASELINE: Timing.of(ms, sum(ms) / 1000)}
        for level in levels:
            timings[f"new, {level} at once"] = answers(distinct(), level, options.seconds)
        for level in levels:
            texts = cycle(questions[:1])
            timings[f"repeated, {level} at once"] = answers(texts, level, options.seconds)
        return timings

    try:
        answers(distinct(), 1, WARM_UP)
        naive_baseline = NaiveBaseline(_phrasings(options.faqs))
        time_calls(naive_baseline.answer, distinct(), WARM_UP)
        print("\n".join(_table([measure(naive_baseline) for _ in range(options.rounds)])))
    except SiteFailed as failure:
        raise SystemExit(str(failure)) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.ask", description=__doc__.partition("\n")[0])
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--token", required=True, help="a token with the role service")
    parser.add_argument(
        "--faqs", type=Path, default=ROOT / "data/faq.csv", help="the FAQs of the site"
    )
    parser.add_argument(
        "--questions",
        type=Path,
        default=ROOT / "data/questions.csv",
        help="a CSV file with the column query",
    )
    parser.add_argument("--connections", default="1,8,32", metavar="N,N")
    parser.add_argument("--seconds", type=float, default=3.0, help="duration of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    return parser


def read_queries(file: Path) -> list[str]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return [row["query"] for row in csv.DictReader(lines)]


def _phrasings(file: Path) -> Iterator[tuple[str, str]]:
    """``faq_id`` and text of each question and alternate question."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            for text in (row["question"], *(row.get("alternates") or "").splitlines()):
                if text.strip():
                    yield row["id"], text.strip()


def load_site(url: str, token: str, texts: list[str], connections: int, seconds: float) -> Timing:
    """Raises ``SiteFailed``."""
    plan = {
        "url": f"{url.rstrip('/')}/ask",
        "headers": {"Authorization": f"Bearer {token}"},
        "bodies": [json.dumps({**CALLER, "message": text}) for text in texts],
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
        raise SiteFailed(f"The load process failed: {lines[-1]}")
    measured: dict[str, Any] = json.loads(run.stdout)
    if measured["others"]:
        raise SiteFailed(f"{url} did not answer every question: {measured['others']}")
    return Timing.of(measured["ms"], measured["seconds"])


def _table(rounds: Sequence[Round]) -> Iterator[str]:
    yield f"{'':22}{'median':>9}{'p95':>9}{'p99':>9} ms{'answers/s':>11}   times baseline"
    for name in rounds[0]:
        middle = Timing.middle([timings[name] for timings in rounds])
        times = Ratio.of(
            [timings[name].per_second for timings in rounds],
            [timings[BASELINE].per_second for timings in rounds],
        )
        yield (
            f"{name:22}{middle.median:9.1f}{middle.p95:9.1f}{middle.p99:9.1f}   "
            f"{middle.per_second:11.0f}   {times}"
        )
