"""The whole site as the database role of the web processes, which owns nothing.

What it may not do to the trail is in audit/tests/test_grants.py.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from audit.models import Record
from faq.models import Faq
from tickets import tasks
from tickets.delivery import sending
from tickets.models import Delivery, Ticket

QUESTION = "How do I reset my password?"


@pytest.fixture(autouse=True)
def as_web(db, capsys):
    """From here to the end of the test everything is asked as that role."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE web_of_this_test")
        call_command("audit_grants", "web_of_this_test")
        cursor.execute("SET LOCAL ROLE web_of_this_test")


def acting_role():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return cursor.fetchone()[0]


def actions():
    return set(Record.objects.values_list("action", flat=True))


def test_it_answers_and_opens_tickets_and_support_works_on_them(as_role):
    customer, sam = as_role("customer", email="jo@example.com"), as_role("support", subject="sam")

    reply = customer.post("/ask", {"message": "What is the capital of France?"}, format="json")
    expected = {"message": "The capital?", "ask_id": reply.json()["ask_id"]}
    opened = customer.post(
        "/tickets", expected, format="json", headers={"Idempotency-Key": "k1"}
    ).json()
    page = f"/tickets/{opened['id']}"
    sam.patch(page, {"priority": "high"}, format="json")
    sam.post(f"{page}/claim")
    sam.post(f"{page}/comments", {"text": "It is Paris."}, format="json")
    resolved = sam.post(f"{page}/resolve")

    assert reply.json()["outcome"] == "unanswered"
    assert resolved.json()["status"] == "resolved"
    assert {"question.asked", "ticket.opened", "ticket.resolved"} <= actions()
    assert as_role("auditor").get("/audit").json()["results"]
    assert acting_role() == "web_of_this_test"


def test_its_worker_sends_deliveries_and_notifies_of_overdue_tickets(as_role):
    ticket = Ticket.objects.escalate("Where?", requester="u1", by="u1", email="jo@example.com")
    Ticket.objects.update(due=ticket.created)

    sending.deliver(str(ticket.deliveries.get().pk))
    for task in (
        tasks.mark_overdue_tickets,
        tasks.requeue_orphaned_deliveries,
        tasks.delete_old_submissions,
    ):
        task.func(0)

    assert [message.to for message in mail.outbox] == [["jo@example.com"]]
    assert Delivery.objects.get(event="opened").status == "delivered"
    assert "ticket.breached" in actions()


def test_it_edits_publishes_and_ingests(as_role):
    curator, publisher = as_role("curator"), as_role("publisher")
    content = {"question": "Do you lend umbrellas?", "answer": "Yes.", "category": "visits"}

    put = curator.put("/faqs/umbrella", content, format="json", headers={"If-None-Match": "*"})
    published = publisher.post("/releases", {"note": "Umbrellas"}, format="json")
    answered = as_role("customer").post("/ask", {"message": content["question"]}, format="json")
    back = publisher.post("/releases/1/rollback", {}, format="json")
    ingested = publisher.post("/ingest")

    assert [reply.status_code for reply in (put, published, back, ingested)] == [
        *(201, 201, 201, 200)
    ]
    assert answered.json()["faq_id"] == "umbrella"


def test_people_sign_in_to_the_admin_and_change_things(client):
    User.objects.create_superuser("sam", password="a password of this test")
    faq = Faq.objects.get(slug="reset-password")

    form = {"username": "sam", "next": "/admin/"}
    refused, let_in = [
        client.post("/admin/login/", {**form, "password": password})
        for password in ("wrong", "a password of this test")
    ]
    assert (refused.status_code, let_in.status_code) == (200, 302)
    page = reverse("admin:auth_user_change", args=[User.objects.get().pk])
    form = {
        "username": "sam",
        "email": "sam@example.com",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
        "date_joined_0": "2026-11-23",
        "date_joined_1": "09:00:00",
    }
    changed = client.post(page, form)

    assert changed.status_code == 302, changed.context["errors"]
    assert {"user.changed"} <= actions()
    for name in ("audit_record", "faq_faq", "tickets_ticket"):
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200
    assert client.get(reverse("admin:faq_faq_change", args=[faq.pk])).status_code == 200


def test_probes_and_prometheus_see_how_it_is(client):
    probed, measured = client.get("/readyz"), client.get("/metrics").content.decode()

    assert probed.status_code == 200
    assert "unavailable" not in probed.json()["checks"].values()
    assert "\naudit_unsealed_oldest_seconds " in measured
    assert "\ntickets_outbox_oldest_due_seconds " in measured
