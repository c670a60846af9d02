"""How long the proof of a suggestion takes with many labelled questions and recent asks.

    .venv/bin/python -m benchmarks suggestions FOLDER --asks 10000

FOLDER has faq.csv, faq_alternates.csv, queries.csv (asked) and queries_val.csv (labelled). All
happens in a database that is created for it and dropped afterwards.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from django.core.management import call_command

from assistant import wiring
from assistant.calibration.labelled_questions import LabelledQuestion
from assistant.models import Label
from assistant.suggestions.proof import Prover
from assistant.suggestions.recent_asks import read_recent
from audit.models import SubjectKey, compose, insert
from benchmarks.audit_log import QUESTION
from benchmarks.temporary_database import temporary_database

PEOPLE = 2_000

ENDINGS = ("", " please", ", thanks", " today")
"""So that the same file gives more distinct questions."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks suggestions", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--asks", type=int, default=10_000)
    parser.add_argument("--proofs", type=int, default=20)
    options = parser.parse_args(arguments)
    questions = _questions(options.folder / "queries.csv")
    labelled = _questions(options.folder / "queries_val.csv")
    with temporary_database():
        faqs, alternates = options.folder / "faq.csv", options.folder / "faq_alternates.csv"
        call_command("ingest", str(faqs), alternates=alternates, verbosity=0)
        Label.objects.replace_source(labelled, source="queries_val.csv", by="benchmark")
        _write_asks([question.question for question in questions], options.asks)
        load = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        print(f"{options.asks} asks, {len(labelled)} labelled questions; {load}")
        release = wiring.live().current()
        with _timed("embed and store the asks, once"):
            read_recent(release)
        with _timed("read asks and labels, once a run"):
            prover = Prover.of(release)
        seconds = []
        answerable = [question for question in questions if question.expected]
        for question in answerable[:: len(questions) // options.proofs]:
            started = time.perf_counter()
            proof = prover.prove(question.expected[0], f"{question.question} then")
            seconds.append(time.perf_counter() - started)
            print(f"  {seconds[-1]:.2f} s  {proof.questions} near, +{proof.answered} answered")
        print(f"a proof: median {median(seconds):.2f} s, longest {max(seconds):.2f} s")


def _questions(path: Path) -> list[LabelledQuestion]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        LabelledQuestion(row["query"], tuple(filter(None, row["expected_id"].split("|"))))
        for row in rows
    ]


def _write_asks(texts: Sequence[str], count: int) -> None:
    distinct = (f"{text}{ending}" for ending in cycle(ENDINGS) for text in texts)
    people = [SubjectKey.objects.get_or_create_key(f"u{number}") for number in range(PEOPLE)]
    for number, text in enumerate(islice(distinct, count)):
        person = people[number % PEOPLE]
        data = {**QUESTION, "user_id": person.name, "question": text}
        about = f"ask:{uuid.uuid4()}"
        insert(compose("question.asked", data, actor=person, subject=person, about=about), [])


@contextmanager
def _timed(title: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    print(f"{title}: {time.perf_counter() - started:.1f} s")
