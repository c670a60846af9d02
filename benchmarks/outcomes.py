"""How long outcomes take with many asks: folding the log, and opening the page.

    .venv/bin/python -m benchmarks outcomes --asks 100000

Everything happens in a database that is created for it and dropped afterwards.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import tempfile
import time
import uuid
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assistant.outcomes import fold
from assistant.outcomes.rows import Need
from audit import keys
from audit.models import SubjectKey, compose, insert
from audit.sealing.sealer import Sealer
from benchmarks.audit_log import QUESTION
from benchmarks.desk_pages import measured
from benchmarks.temporary_database import temporary_database

DAYS = 27
ASKS_OF_A_PERSON = 4


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks outcomes", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--asks", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=10, help="how often each page is opened")
    options = parser.parse_args(arguments)
    settings.ALLOWED_HOSTS = ["testserver"]
    for name in ("supportsite.requests", "audit.sealer"):
        logging.getLogger(name).setLevel(logging.WARNING)
    with temporary_database(), tempfile.TemporaryDirectory() as anchors:
        settings.AUDIT_ANCHOR_DIR = Path(anchors)
        write_asks(options.asks)
        sealer = Sealer(keys.signer(), settings.AUDIT_ANCHOR_DIR)
        while sealer.round():
            pass
        print(f"{options.asks} asks; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        for title, run in {"fold": fold.fold_new, "rebuild": fold.rebuild}.items():
            started, cpu = time.perf_counter(), time.process_time()
            run()
            seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
            print(f"{title:<10} {seconds:5.1f} s, CPU {cpu:5.1f} s; {Need.objects.count()} needs")
        # As autovacuum does after so many new rows.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        client = Client()
        client.force_login(User.objects.create_superuser("sam"))
        for title, address in pages().items():
            timing, cpu = measured(client, address, options.rounds)
            times = f"median {timing.median:4.0f} ms, p95 {timing.p95:4.0f} ms"
            print(f"{title:<22} {times}, CPU {cpu:4.0f} ms")


@transaction.atomic
def write_asks(count: int) -> None:
    """By ``count / 4`` people in the last four weeks, two thirds of them answered."""
    generator = random.Random(1)  # noqa: S311 (not a secret)
    now, real_now = timezone.now(), timezone.now
    times = sorted(now - timedelta(days=DAYS) * generator.random() for _ in range(count))
    people = {
        name: SubjectKey.objects.get_or_create_key(name)
        for name in (f"u{number}" for number in range(max(count // ASKS_OF_A_PERSON, 1)))
    }
    names = list(people)
    try:
        for at in times:
            name = generator.choice(names)
            outcome = generator.choice(("answered", "answered", "unanswered"))
            timezone.now = lambda at=at: at  # type: ignore[misc]
            data = {**QUESTION, "user_id": name, "outcome": outcome}
            data["faq_id"] = f"faq-{generator.randrange(500)}"
            person = people[name]
            about = f"ask:{uuid.UUID(int=generator.getrandbits(128))}"
            insert(compose("question.asked", data, actor=person, subject=person, about=about), [])
    finally:
        timezone.now = real_now


def pages() -> dict[str, str]:
    page = reverse("outcomes")
    return {
        "page, 28 days": page,
        "page, a category": f"{page}?category=orders",
        "rows of needs": reverse("outcome-rows", args=["needs"]),
        "first page": reverse("admin:index"),
    }
