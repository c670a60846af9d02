"""What goes on beside the requests is seen from outside, and does not take the site away."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from audit.sealing import heartbeat
from supportsite.monitoring import background_jobs
from tickets.models import Delivery, Ticket

pytestmark = pytest.mark.django_db


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture(autouse=True)
def on_time(db):
    """All is sealed, and a worker has just been heard of."""
    heartbeat.check(heartbeat.SEALER)
    call_command("audit_seal", verbosity=0)
    execute("INSERT INTO procrastinate_workers DEFAULT VALUES")


def old_record():
    execute(
        "INSERT INTO audit_record (at, action, outcome, about, request_id, canonical, mac)"
        " VALUES (now() - interval '90 seconds', 'x', '', '', '', '', '')"
    )


def no_canary():
    with transaction.atomic():
        execute("ALTER TABLE audit_record DISABLE TRIGGER audit_record_rows")
        execute("UPDATE audit_record SET at = at - interval '4 minutes'")
        execute("ALTER TABLE audit_record ENABLE ALWAYS TRIGGER audit_record_rows")


def no_worker():
    execute("DELETE FROM procrastinate_workers")


def worker_not_heard_of():
    execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '2 minutes'")


def delivery_due(**since):
    Ticket.objects.escalate("Where?", requester="u1", by="u1", email="jo@example.com")
    Delivery.objects.update(next_try=timezone.now() - timedelta(**since))


def test_all_is_on_time(client):
    body = client.get("/readyz").json()

    assert (body["status"], body["checks"]["sealer"][:3]) == ("ok", "ok:")


@pytest.mark.parametrize(
    ("happened", "check", "message"),
    [
        pytest.param(old_record, "sealer", "is unsealed for 90 s", id="no sealer"),
        pytest.param(
            no_canary, "sealer", "no canary of the sealer came back", id="a sealer that hangs"
        ),
        pytest.param(no_worker, "worker", "no worker is running", id="no worker"),
        pytest.param(
            worker_not_heard_of,
            "worker",
            "no heartbeat of a worker for 120 s",
            id="a worker that hangs",
        ),
        pytest.param(
            lambda: delivery_due(minutes=7), "worker", "waits 420 s", id="mails that wait"
        ),
    ],
)
def test_a_late_job_is_named_and_the_site_is_still_ready(client, happened, check, message):
    happened()

    reply = client.get("/readyz")

    assert (reply.status_code, reply.json()["status"]) == (200, "degraded")
    assert reply.json()["checks"][check].startswith("degraded: ")
    assert message in reply.json()["checks"][check]


def test_a_delivery_that_waits_for_its_next_try_is_not_late(client):
    delivery_due(minutes=-7)

    assert client.get("/readyz").json()["status"] == "ok"


def test_prometheus_reads_the_same(client):
    old_record()
    delivery_due(minutes=7)
    execute("DELETE FROM procrastinate_workers")

    page = client.get("/metrics").content.decode()

    values = {name: re.search(rf"^{name} (\S+)$", page, re.M)[1] for name in background_jobs.GAUGES}
    assert float(values["audit_unsealed_oldest_seconds"]) >= 90
    assert float(values["tickets_outbox_oldest_due_seconds"]) >= 420
    assert float(values["audit_canary_seconds"]) < 60
    assert values["tickets_worker_heartbeat_seconds"] == "+Inf"
    assert "django_http_responses_total_by_status_total" in page


def test_once_it_is_sealed_an_old_record_is_not_waited_for():
    old_record()
    assert background_jobs.oldest_unsealed() >= 90

    call_command("audit_seal", verbosity=0)

    assert background_jobs.oldest_unsealed() == 0
