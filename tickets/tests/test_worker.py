"""The real worker process against a real receiver."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from tickets.delivery import receivers
from tickets.models import Delivery, Ticket, Webhook
from tickets.tests.receiver import receiving

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.slow]

SECONDS = 30


@pytest.fixture(autouse=True)
def _empty_queue(committed):
    """The queue's tables are not Django's to empty."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


@contextmanager
def worker(**variables: str):
    """The process, with these environment variables besides those of the tests."""
    params = connection.get_connection_params()
    place = f"{params['user']}@{quote(str(params['host']), safe='')}:{params['port']}"
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgres://{place}/{params['dbname']}",
        "WEBHOOK_NETWORKS": "127.0.0.0/8",
        # It retries at once.
        "DJANGO_SETTINGS_MODULE": "tickets.tests.settings_of_worker",
        **variables,
    }
    command = [
        str(settings.BASE_DIR / "manage.py"),
        "worker",
        "--skip-checks",
        "--stalled-after",
        "1",
    ]
    process = subprocess.Popen([sys.executable, *command], env=environment)
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(SECONDS) in (0, -signal.SIGKILL)


def webhook_to(receiver):
    return Webhook.objects.create(name="shop", url=receiver.url)


def opened():
    return Ticket.objects.escalate("Where is it?", requester="u1", by="u1")


def settled(*deliveries):
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        for delivery in deliveries:
            delivery.refresh_from_db()
        if all(delivery.status != Delivery.Status.PENDING for delivery in deliveries):
            return
        time.sleep(0.05)
    raise AssertionError([delivery.status for delivery in deliveries])


def test_an_endpoint_that_answers_500_twice_and_then_200_gets_one_valid_delivery_per_event():
    with receiving(500, 500, 200, 200) as receiver, worker():
        webhook = webhook_to(receiver)
        ticket = opened()
        first = ticket.deliveries.get()
        settled(first)
        ticket.claim(by="sam")
        second = ticket.deliveries.get(event="claimed")
        settled(second)

    assert [attempt.result for attempt in first.attempts.all()] == ["500", "500", "200"]
    assert [attempt.result for attempt in second.attempts.all()] == ["200"]
    assert {first.status, second.status} == {Delivery.Status.DELIVERED}
    assert all(receiver.is_genuine(request, webhook.secret) for request in receiver.got)
    ids = [request["told"]["delivery_id"] for request in receiver.got]
    assert ids == [str(first.pk)] * 3 + [str(second.pk)]
    assert [request["headers"]["Webhook-Id"] for request in receiver.got] == ids


def test_with_the_worker_killed_between_nothing_is_lost_and_duplicates_are_known_by_their_id():
    with receiving() as receiver:
        webhook_to(receiver)
        receiver.hold.clear()
        with worker() as killed:
            deliveries = [opened().deliveries.get() for _ in range(receivers.SLOTS)]
            receiver.wait_for(receivers.SLOTS)
            killed.kill()
            killed.wait()
        receiver.hold.set()
        later = opened().deliveries.get()
        assert {d.status for d in Delivery.objects.all()} == {Delivery.Status.PENDING}
        # So long a worker may be silent before its jobs are another's.
        time.sleep(1)
        with worker():
            settled(*deliveries, later)

    ids = [request["told"]["delivery_id"] for request in receiver.got]
    assert set(ids) == {str(delivery.pk) for delivery in (*deliveries, later)}
    assert sorted(map(ids.count, set(ids))) == [1, 2, 2]


def test_a_breach_while_the_worker_is_down_is_notified_when_it_is_back():
    with receiving() as receiver:
        webhook_to(receiver)
        ticket = opened()
        Ticket.objects.filter(pk=ticket.pk).update(due="2026-01-02T12:00Z")
        with worker():
            receiver.wait_for(2)
            settled(*ticket.deliveries.all())

    reply = [request["told"]["event"] for request in receiver.got]
    assert sorted(reply) == ["ticket.breached", "ticket.opened"]


def test_a_receiver_that_hangs_holds_up_neither_mails_nor_other_receivers():
    with receiving() as hanging, receiving() as shop, worker():
        hanging.hold.clear()
        Webhook.objects.create(name="hanging", url=hanging.url)
        webhook = webhook_to(shop)
        for number in range(12):
            Ticket.objects.escalate(
                "Where is it?", requester=f"u{number}", by="u1", email=f"u{number}@example.com"
            )

        settled(*Delivery.objects.filter(kind="mail"), *webhook.delivery_set.all())

        assert idle_in_transaction() == 0
        assert len(hanging.got) <= receivers.SLOTS
        assert Delivery.objects.filter(status="delivered").count() == 24
        # The worker waits for running deliveries when it is stopped.
        hanging.hold.set()


def idle_in_transaction():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state = 'idle in transaction'"
        )
        return cursor.fetchone()[0]
