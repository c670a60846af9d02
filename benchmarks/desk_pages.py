"""How long pages of the desk take with many tickets and asks.

    .venv/bin/python -m benchmarks desk_pages --tickets 10000 --asks 100000

Each page is asked for by Django's test client: views, queries and templates, without gunicorn and
network. Everything happens in a database that is created for it and dropped afterwards.
"""

from __future__ import annotations

import argparse
import logging
import os
import time
import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assistant.models import FaqAsk
from benchmarks.temporary_database import temporary_database
from benchmarks.timing import Timing
from faq.models import Faq
from tickets.models import Comment, Ticket

TEXTS = (
    "My parcel has not arrived, and the tracking page has said the same for a week.",
    "Can I change the address of an order that I paid an hour ago?",
    "The lamp arrived broken. What do you need from me to send another?",
    "You charged my card twice!",
)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks desk_pages", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--asks", type=int, default=0, help="asks near the FAQs of data/")
    parser.add_argument("--rounds", type=int, default=20, help="how often each page is opened")
    options = parser.parse_args(arguments)
    settings.ALLOWED_HOSTS = ["testserver"]
    logging.getLogger("supportsite.requests").setLevel(logging.WARNING)
    with temporary_database():
        create(options.tickets)
        if options.asks:
            create_asks(options.asks)
        client = Client()
        client.force_login(User.objects.get(username="sam"))
        load = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        print(f"{options.tickets} tickets, {options.asks} asks; {load}")
        for title, address in pages().items():
            timing, cpu = measured(client, address, options.rounds)
            times = f"median {timing.median:4.0f} ms, p95 {timing.p95:4.0f} ms"
            print(f"{title:<28} {times}, CPU {cpu:4.0f} ms")


def create(count: int) -> None:
    """``count`` tickets of all states, half of them with two comments, and a person of support."""
    User.objects.create_superuser("sam")
    now, states = timezone.now(), list(Ticket.Status)
    tickets = Ticket.objects.bulk_create(
        Ticket(
            requester=f"u{number % 3_000}",
            message=f"{TEXTS[number % len(TEXTS)]} Order {number}.",
            status=states[number % len(states)],
            assignee="" if number % len(states) == 0 else f"colleague-{number % 7}",
            due=now + timedelta(minutes=number % 5_000 - 2_500),
            clock_started=now,
        )
        for number in range(count)
    )
    Comment.objects.bulk_create(
        Comment(ticket=ticket, author=author, text="Any news of it?", from_desk=author == "sam")
        for ticket in tickets[::2]
        for author in (ticket.requester, "sam")
    )


def create_asks(count: int) -> None:
    """``count`` asks of 90 days near the FAQs of data/, one of ten rated."""
    call_command("ingest", verbosity=0)
    faq_ids, now = list(Faq.objects.values_list("slug", flat=True)), timezone.now()
    rows = [
        FaqAsk(
            ask_id=uuid.uuid4(),
            person=f"p-{number % 5_003}",
            at=now - timedelta(seconds=number * 90 * 86_400 // count),
            faq_id=faq_ids[number % len(faq_ids)],
            is_answer=number % 4 > 0,
            helpful=number % 3 > 0 if number % 10 == 0 else None,
        )
        for number in range(count)
    ]
    FaqAsk.objects.bulk_create(rows, batch_size=10_000)


def pages() -> dict[str, str]:
    inbox, tickets = reverse("tickets_inbox"), reverse("admin:tickets_ticket_changelist")
    return {
        "inbox": inbox,
        "inbox, all unresolved": f"{inbox}?queue=all",
        "inbox, search": f"{inbox}?q=lamp+broken",
        "inbox, update of the list": reverse("tickets_inbox_list"),
        "list": tickets,
        "list, search": f"{tickets}?q=broken",
        "first page": reverse("admin:index"),
        "FAQ health": reverse("faq-health"),
    }


def measured(client: Client, address: str, rounds: int) -> tuple[Timing, float]:
    """Of ``rounds`` requests, after one that is not counted; and the CPU milliseconds of each.

    CPU is that of this process, without Postgres: on a busy machine it says more than the times.
    """
    _open(client, address)
    started, cpu = time.perf_counter(), time.process_time()
    ms = [_open(client, address) for _ in range(rounds)]
    cpu = (time.process_time() - cpu) * 1_000 / rounds
    return Timing.of(ms, time.perf_counter() - started), cpu


def _open(client: Client, address: str) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    response = client.get(address, secure=True)
    assert response.status_code == 200, f"{address}: {response.status_code}"
    return (time.perf_counter() - started) * 1_000
