"""The outbox: deliveries, recipients, retries and dead letters."""

from __future__ import annotations

import json
import smtplib

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection, transaction

from audit.models import Record
from tickets.delivery import receivers, sending
from tickets.delivery.networks import networks
from tickets.delivery.webhooks import signature
from tickets.delivery.webhooks.webhook import OVERLAP
from tickets.models import Delivery, Ticket, Webhook
from tickets.tests.receiver import receiving

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _loopback(settings):
    settings.WEBHOOK_NETWORKS = networks("127.0.0.0/8")
    settings.DELIVERY_RETRY_DELAYS = (10, 60)


@pytest.fixture
def ticket():
    return Ticket.objects.escalate("Where is it?", requester="u1", by="u1", email="jo@example.com")


def jobs():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args->>'delivery_id' FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id"
        )
        return [row[0] for row in cursor.fetchall()]


def send(delivery):
    try:
        sending.deliver(str(delivery.pk))
    except sending.DeliveryFailed as failure:
        return failure.seconds
    return None


def test_a_delivery_and_its_job_are_made_with_what_they_tell_or_not_at_all(ticket):
    before = jobs()

    with transaction.atomic():
        ticket.claim(by="sam")
        assert len(jobs()) == len(before) + 1
        transaction.set_rollback(True)

    assert jobs() == before
    assert not ticket.deliveries.filter(event="claimed").exists()


def test_requester_and_assignee_are_written_to_on_every_change_of_state(ticket):
    User.objects.create_user("sam", email="sam@desk.example")
    mail.outbox.clear()

    ticket.claim(by="sam")
    ticket.wait(by="sam")
    ticket.resume(by="sam")
    ticket.resolve(by="sam")
    ticket.close(by="sam")
    ticket.reopen(by="sam")

    for delivery in ticket.deliveries.order_by("created"):
        sending.deliver(str(delivery.pk))
    for event in ("claimed", "waiting", "resumed", "resolved", "closed", "reopened"):
        sent = ticket.deliveries.filter(event=event, status="delivered")
        assert set(sent.values_list("address", flat=True)) == {
            "the requester",
            "sam",
        }
    assert mail.outbox[-1].subject == f"[#{ticket.pk}] Where is it?"
    ids = [message.extra_headers["Message-ID"] for message in mail.outbox]
    assert len(ids) == len(set(ids)) == 13


def test_the_customer_reads_replies_and_never_an_internal_comment(ticket):
    Webhook.objects.create(name="shop", url="https://example.com/hook")

    ticket.comment("Between us: a difficult one.", by="sam", is_internal=True)
    assert not ticket.deliveries.filter(event="commented").exists()

    ticket.comment("It is on its way.", by="sam")
    reply = ticket.deliveries.filter(event="commented")
    assert {delivery.kind for delivery in reply} == {"mail", "webhook"}
    assert all("It is on its way." in json.dumps(delivery.payload) for delivery in reply)
    everything = json.dumps([delivery.payload for delivery in Delivery.objects.all()])
    assert "Between us" not in everything


def test_what_does_not_arrive_is_tried_again_later_and_then_a_dead_letter(ticket, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise smtplib.SMTPConnectError(421, "too busy")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    delivery = ticket.deliveries.get()

    assert [send(delivery), send(delivery), send(delivery), send(delivery)] == [10, 60, None, None]

    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts.count()) == ("dead", 3)
    assert "too busy" in delivery.attempts.last().result
    assert list(Delivery.objects.dead()) == [delivery]


def test_a_dead_letter_is_sent_again_under_the_same_id_and_that_is_on_the_record(ticket):
    Delivery.objects.update(status="dead", tries=3)
    delivery = ticket.deliveries.get()

    assert delivery.resend(by="sam")
    assert not delivery.resend(by="sam")

    assert jobs().count(str(delivery.pk)) == 1
    assert send(delivery) is None
    delivery.refresh_from_db()
    assert (delivery.status, delivery.tries) == ("delivered", 1)
    assert Record.objects.all().about("delivery", delivery.pk).get().actor == "sam"


def test_what_arrived_is_not_sent_again(ticket):
    delivery = ticket.deliveries.get()

    send(delivery)
    send(delivery)

    assert len(mail.outbox) == 1


def test_a_webhook_is_signed_over_timestamp_and_body(ticket):
    with receiving() as receiver:
        webhook = Webhook.objects.create(name="shop", url=receiver.url)
        ticket.claim(by="sam")
        send(ticket.deliveries.get(kind="webhook"))

    (request,) = receiver.got
    assert receiver.is_genuine(request, webhook.secret)
    assert not receiver.is_genuine(request, "another secret")
    assert not receiver.is_genuine({**request, "body": request["body"] + b" "}, webhook.secret)
    later = {**request["headers"], signature.TIMESTAMP: "1"}
    assert not receiver.is_genuine({**request, "headers": later}, webhook.secret)
    reply = request["told"]
    assert (reply["event"], reply["by"], reply["ticket"]["assignee"]) == (
        *("ticket.claimed", "sam"),
        "sam",
    )


def test_after_a_change_of_secret_both_sign_for_a_day(ticket):
    with receiving() as receiver:
        webhook = Webhook.objects.create(name="shop", url=receiver.url)
        old = webhook.secret
        webhook.rotate(by="sam")
        ticket.claim(by="sam")
        send(ticket.deliveries.get(kind="webhook"))
        Webhook.objects.update(rotated=webhook.rotated - OVERLAP)
        ticket.resolve(by="sam")
        send(ticket.deliveries.get(kind="webhook", event="resolved"))

    during, after = receiver.got
    assert [receiver.is_genuine(during, secret) for secret in (webhook.secret, old)] == [True, True]
    assert [receiver.is_genuine(after, secret) for secret in (webhook.secret, old)] == [True, False]
    audit_record = Record.objects.all().about("webhook", webhook.pk).get()
    assert old not in json.dumps(audit_record.data)


def test_a_redirect_is_not_followed(ticket):
    with receiving(302) as receiver:
        Webhook.objects.create(name="shop", url=receiver.url)
        ticket.claim(by="sam")
        delivery = ticket.deliveries.get(kind="webhook")

        assert send(delivery) == 10

    assert delivery.attempts.get().result == "302"
    assert len(receiver.got) == 1


def test_an_inactive_webhook_gets_nothing(ticket):
    Webhook.objects.create(name="shop", url="https://example.com/", is_active=False)

    ticket.claim(by="sam")

    assert not ticket.deliveries.filter(kind="webhook").exists()


def test_a_receiver_that_does_not_reply_rests_and_the_others_do_not(ticket, settings):
    with receiving() as other:
        silent = Webhook.objects.create(name="silent", url="http://127.0.0.1:1/")
        shop = Webhook.objects.create(name="shop", url=other.url)
        for step in (ticket.claim, ticket.wait, ticket.resume, ticket.resolve):
            step(by="sam")
        *failing, fourth = silent.delivery_set.order_by("created")
        for delivery in failing:
            assert send(delivery) == 10

        with pytest.raises(receivers.NotNow):
            sending.deliver(str(fourth.pk))
        for delivery in (*shop.delivery_set.all(), ticket.deliveries.filter(kind="mail")[0]):
            assert send(delivery) is None

    fourth.refresh_from_db()
    assert (fourth.status, fourth.tries, fourth.attempts.count()) == ("pending", 0, 0)
    assert len(other.got) == 4


def test_a_refused_recipient_does_not_make_the_mail_server_rest(ticket, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise smtplib.SMTPRecipientsRefused({"jo@example.com": (550, b"unknown")})

    delivery = ticket.deliveries.get()
    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    for _ in range(2 * receivers.FAILURES):
        Delivery.objects.update(status="pending", tries=0)
        send(delivery)
    monkeypatch.undo()
    Delivery.objects.update(status="pending", tries=0)

    assert send(delivery) is None


def test_a_receiver_has_so_many_slots_and_no_more():
    shop = receivers.receiver("webhook of this test")
    with shop.slot(), shop.slot(), pytest.raises(receivers.NotNow), shop.slot():
        pass
    with shop.slot() as breaker:
        breaker.succeeded()
