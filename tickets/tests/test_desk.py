"""One ticket at the desk: reply, note, sort; the outbox; how fast the queue is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import Record
from tickets.models import Comment, Delivery, Ticket, Webhook
from tickets.tests.test_admin import page_of, shown_messages, staff

pytestmark = pytest.mark.django_db

ADD = reverse("admin:tickets_ticket_add")


@pytest.fixture
def sam():
    return staff("view_ticket", "change_ticket")


@pytest.fixture
def ticket():
    return Ticket.objects.escalate(
        "Does the lamp dim?", requester="u1", by="u1", email="jo@example.com"
    )


# --- Talking --------------------------------------------------------------------------------------


def test_a_reply_goes_out_and_a_note_does_not(sam, ticket):
    replied = sam.post(page_of(ticket), {"reply": "It does.", "_save": ""})
    noted = sam.post(page_of(ticket), {"reply": "He asks often.", "_note": ""})

    assert shown_messages(replied) == ["Your reply is on its way."]
    assert shown_messages(noted)[-1] == "The note was added."
    output = [(comment.text, comment.is_internal) for comment in ticket.comments.all()]
    assert output == [("It does.", False), ("He asks often.", True)]
    assert ticket.deliveries.filter(event="commented").count() == 1


def test_reply_and_resolve_are_one_step(sam, ticket):
    sam.post(page_of(ticket), {"reply": "It does.", "_resolve": ""})

    ticket.refresh_from_db()
    assert (ticket.status, Comment.objects.get().text) == ("resolved", "It does.")


def test_what_is_typed_into_a_ticket_that_was_closed_meanwhile_is_not_said(sam, ticket):
    ticket.resolve(by="ann")
    ticket.close(by="ann")

    reply = sam.post(page_of(ticket), {"reply": "It does.", "_save": ""})

    assert not Comment.objects.exists()
    assert shown_messages(reply) == [
        f"Nothing was sent: ticket #{ticket.pk} is closed. Reopen it, then send your text."
    ]


def test_canned_replies_are_the_nearest_faqs(sam):
    ticket = Ticket.objects.escalate("I want a refund", requester="u1", by="u1")

    page = sam.get(page_of(ticket)).content.decode()
    body = sam.get(reverse("admin:tickets_ticket_canned"), {"q": "forgot my password"}).json()

    assert 'data-answer="We check returns within three working days' in page
    assert body["results"][0]["faq_id"] == "reset-password"
    assert "Forgot password" in body["results"][0]["answer"]


# --- Sorting --------------------------------------------------------------------------------------


def test_only_what_was_typed_here_is_changed(sam, ticket):
    """The page was opened before a colleague made it urgent."""
    as_it_was = {
        **{"initial-priority": "normal", "priority": "normal"},
        **{"initial-tags": "", "tags": "vip, lamps"},
    }
    ticket.amend(by="ann", priority="urgent")

    sam.post(page_of(ticket), {**as_it_was, "_save": ""})

    ticket.refresh_from_db()
    assert (ticket.priority, ticket.tags) == ("urgent", ["lamps", "vip"])


def test_a_ticket_for_a_caller_is_made_after_looking_at_the_faqs(sam):
    typed = {"requester": "u7", "message": "How can I reset my password?", "priority": "high"}

    shown = sam.post(ADD, typed)
    assert shown.status_code == 200
    assert "These FAQs may answer it" in shown.content.decode()
    assert not Ticket.objects.exists()

    reply = sam.post(ADD, {**typed, "escalate": "on"})
    assert reply.status_code == 302
    ticket = Ticket.objects.get()
    assert (ticket.requester, ticket.priority, ticket.status) == ("u7", "high", "open")
    assert Record.objects.get(action="ticket.opened").actor == "sam"


# --- The outbox -----------------------------------------------------------------------------------


def test_dead_letters_are_listed_with_their_log_and_sent_again(ticket):
    client = staff("view_delivery", "change_delivery")
    delivery = ticket.deliveries.get()
    delivery.attempts.create(succeeded=False, result="500", ms=7)
    Delivery.objects.update(status="dead", tries=8)
    listed = reverse("admin:tickets_delivery_changelist")

    assert "Dead letters (1)" in client.get(listed).content.decode()
    page = client.get(reverse("admin:tickets_delivery_change", args=[delivery.pk]))
    assert "500 (7 ms)" in page.content.decode()
    client.post(listed, {"action": "resend_selected", "_selected_action": [str(delivery.pk)]})

    delivery.refresh_from_db()
    assert (delivery.status, delivery.tries) == ("pending", 0)


def test_who_may_only_look_sends_nothing_again(ticket):
    client = staff("view_delivery")
    Delivery.objects.update(status="dead")
    listed = reverse("admin:tickets_delivery_changelist")

    client.post(
        listed, {"action": "resend_selected", "_selected_action": [str(ticket.deliveries.get().pk)]}
    )

    assert ticket.deliveries.get().status == "dead"


def test_a_webhook_is_added_and_its_secret_is_in_no_record(client):
    admin = staff("view_webhook", "add_webhook", "change_webhook")

    admin.post(
        reverse("admin:tickets_webhook_add"),
        {"name": "shop", "url": "https://shop.example/hook", "is_active": "on"},
    )

    webhook = Webhook.objects.get()
    facts = Record.objects.all().about("webhook", webhook.pk)
    assert [fact.action for fact in facts] == ["webhook.added"]
    assert webhook.secret not in str(facts[0].data)


@pytest.mark.parametrize("url", ["ftp://shop.example/", "javascript:alert(1)", "shop"])
def test_a_webhook_needs_an_http_address(url):
    admin = staff("view_webhook", "add_webhook", "change_webhook")

    admin.post(reverse("admin:tickets_webhook_add"), {"name": "shop", "url": url})

    assert not Webhook.objects.exists()


# --- Many tickets ---------------------------------------------------------------------------------


def test_a_page_of_the_list_takes_as_many_queries_with_a_hundred_tickets_as_with_ten(
    sam, django_assert_max_num_queries
):
    listed = reverse("admin:tickets_ticket_changelist")
    now = timezone.now()

    def fill(count):
        Ticket.objects.bulk_create(
            Ticket(
                message=f"Question {number}",
                requester=f"u{number % 7}",
                status=("open", "claimed", "waiting", "resolved", "closed")[number % 5],
                assignee="" if number % 5 == 0 else f"sam{number % 9}",
                category=f"category-{number % 12}",
                due=now + timedelta(minutes=number - 5),
            )
            for number in range(count)
        )

    fill(10)
    sam.get(listed)
    for query in ("", "?queue=mine", "?queue=unassigned", "?queue=overdue", "?queue=resolved"):
        with CaptureQueriesContext(connection) as few:
            sam.get(listed + query)
        fill(90)
        with django_assert_max_num_queries(len(few) + 1):
            assert sam.get(listed + query).status_code == 200
