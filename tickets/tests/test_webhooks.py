"""What the reply of a webhook's receiver changes, and testing a receiver from the desk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Record
from tickets.delivery import receivers, sending
from tickets.delivery.networks import networks
from tickets.delivery.webhooks import retry_after
from tickets.delivery.webhooks.admin import SHOWN_BYTES
from tickets.models import Delivery, Ticket, Webhook
from tickets.tests.receiver import receiving

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
DAY = 86_400


@pytest.fixture(autouse=True)
def loopback(settings):
    settings.WEBHOOK_NETWORKS = networks("127.0.0.0/8")
    settings.DELIVERY_RETRY_DELAYS = (10, 60)


@pytest.fixture
def ticket():
    return Ticket.objects.escalate("Where is it?", requester="u1", by="u1")


@pytest.fixture
def kim():
    user = User.objects.create_user("kim", email="kim@desk.example", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__endswith="_webhook"))
    client = Client()
    client.force_login(user)
    return client


def webhook_for(receiver, **fields):
    return Webhook.objects.create(name="shop", url=receiver.url, **fields)


def send(delivery):
    """The seconds until the next try."""
    try:
        sending.deliver(str(delivery.pk))
    except (sending.DeliveryFailed, receivers.NotNow) as failure:
        return failure.seconds
    return None


def due_in(delivery):
    delivery.refresh_from_db()
    return round((delivery.next_try - timezone.now()).total_seconds(), -1)


# --- Retry-After ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("120", 120, id="seconds"),
        pytest.param("0", 0, id="at once"),
        pytest.param(format_datetime(NOON + timedelta(hours=2), usegmt=True), 7_200, id="a date"),
        pytest.param("Monday, 30-Nov-26 12:01:00 GMT", 60, id="a date of RFC 850"),
        pytest.param("Mon Nov 30 12:01:00 2026", 60, id="a date without a zone is in UTC"),
        pytest.param(format_datetime(NOON - timedelta(1), usegmt=True), 0, id="a date gone by"),
        pytest.param("9" * 5_000, DAY, id="at most a day"),
        pytest.param(format_datetime(NOON + timedelta(400), usegmt=True), DAY, id="a far date"),
        pytest.param("", None, id="nothing"),
        pytest.param("soon", None, id="a word"),
        pytest.param("-5", None, id="less than none"),
        pytest.param("Mon, 30 Nov 99999999 12:00:00 GMT", None, id="no year"),
    ],
)
def test_how_long_a_receiver_asks_to_wait(header, seconds):
    assert retry_after.seconds(header, now=NOON) == seconds


def test_all_deliveries_wait_as_long_as_the_receiver_asks(ticket):
    with receiving(429) as receiver:
        receiver.headers = {"Retry-After": "3600"}
        webhook_for(receiver)
        ticket.claim(by="sam")
        ticket.resolve(by="sam")
        first, second = ticket.deliveries.filter(kind="webhook").order_by("created")

        assert send(first) == 3600
        assert 3590 <= send(second) <= 3600

    assert len(receiver.got) == 1
    assert (due_in(first), due_in(second)) == (3600, 3600)
    assert (first.tries, second.tries) == (1, 0)
    assert not Delivery.objects.orphaned().exists()


def test_after_the_wait_it_is_sent(ticket):
    with receiving() as receiver:
        webhook_for(receiver, not_before=timezone.now() - timedelta(seconds=1))
        ticket.claim(by="sam")

        assert send(ticket.deliveries.get(kind="webhook")) is None

    assert len(receiver.got) == 1


def test_a_receiver_that_asks_for_less_than_the_usual_wait_does_not_use_up_the_tries(ticket):
    with receiving(503) as receiver:
        receiver.headers = {"Retry-After": "1"}
        webhook_for(receiver)
        ticket.claim(by="sam")

        assert send(ticket.deliveries.get(kind="webhook")) == 10


# --- 410 ------------------------------------------------------------------------------------------


def switched_off(ticket, **fields):
    """A webhook whose receiver has answered 410."""
    with receiving(410) as receiver:
        webhook = webhook_for(receiver, **fields)
        ticket.claim(by="sam")
        send(ticket.deliveries.get(kind="webhook"))
    webhook.refresh_from_db()
    return webhook


def test_a_receiver_that_is_gone_gets_nothing_more(ticket):
    webhook = switched_off(ticket)

    ticket.resolve(by="sam")

    assert not webhook.is_active
    assert not ticket.deliveries.filter(kind="webhook", event="resolved").exists()
    (off,) = Record.objects.filter(action="webhook.switched_off")
    assert off.about == f"webhook:{webhook.pk}"


def test_its_owner_is_told_once(ticket, kim):
    webhook = switched_off(ticket, owner="kim")
    delivery = Delivery.objects.get(event="webhook_gone")

    send(delivery)
    send(ticket.deliveries.get(kind="webhook"))

    (notice,) = [sent for sent in mail.outbox if "switched off" in sent.subject]
    assert notice.to == ["kim@desk.example"]
    assert reverse("admin:tickets_webhook_change", args=[webhook.pk]) in notice.body


def test_without_an_owner_the_desk_is_told(ticket, settings):
    settings.SUPPORT_EMAIL = "desk@example.com"
    switched_off(ticket)

    send(Delivery.objects.get(event="webhook_gone"))

    assert mail.outbox[-1].to == ["desk@example.com"]


def test_the_desk_shows_it_and_a_person_switches_it_on_again(ticket, kim):
    webhook = switched_off(ticket)
    page = reverse("admin:tickets_webhook_change", args=[webhook.pk])

    listed = kim.get(reverse("admin:tickets_webhook_changelist")).content.decode()
    shown = kim.get(page).content.decode()
    kim.post(page, {"name": "shop", "url": webhook.url, "owner": "kim", "is_active": "on"})

    assert "410 Gone" in listed
    assert "Off: the receiver answered 410 on" in shown
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.gone_at, webhook.owner) == (True, None, "kim")
    changed = Record.objects.get(action="webhook.changed")
    assert changed.actor == "kim"


# --- A test from the desk -------------------------------------------------------------------------


def press(client, webhook):
    return client.post(reverse("admin:tickets_webhook_test", args=[webhook.pk]))


def test_a_test_is_signed_and_shows_status_and_start_of_the_reply(kim):
    with receiving(200) as receiver:
        receiver.body = b"<b>Thanks</b>" + b"x" * 2 * SHOWN_BYTES
        webhook = webhook_for(receiver, is_active=False)
        page = press(kim, webhook).content.decode()

    (request,) = receiver.got
    assert receiver.is_genuine(request, webhook.secret)
    assert request["told"]["event"] == "webhook.test"
    assert "answered <b>200</b>" in page
    assert "&lt;b&gt;Thanks&lt;/b&gt;xxx" in page
    assert "x" * SHOWN_BYTES not in page
    (tested,) = Record.objects.filter(action="webhook.tested")
    assert (tested.actor, tested.data["result"]) == ("kim", "200")
    assert "Thanks" not in str(tested.data)


def test_a_test_says_why_a_delivery_would_fail(kim):
    with receiving(503) as receiver:
        receiver.headers = {"Retry-After": "60"}
        failed = press(kim, webhook_for(receiver)).content.decode()
    unreachable = press(kim, Webhook.objects.create(name="b", url="http://127.0.0.1:1/"))
    refused = press(kim, Webhook.objects.create(name="c", url="http://10.0.0.1/"))

    assert "answered <b>503</b>" in failed
    assert "wait 60 s" in failed
    assert "ConnectError" in unreachable.content.decode()
    assert "Refused" in refused.content.decode()
    assert Webhook.objects.filter(is_active=True, not_before=None).count() == 3


def test_a_test_does_not_switch_anything(kim):
    with receiving(410) as receiver:
        webhook = webhook_for(receiver)
        press(kim, webhook)

    webhook.refresh_from_db()
    assert webhook.is_active


def test_only_who_may_change_a_webhook_tests_it_and_only_on_purpose(kim):
    with receiving() as receiver:
        webhook = webhook_for(receiver)
        address = reverse("admin:tickets_webhook_test", args=[webhook.pk])
        assert kim.get(address).status_code == 405
        forger = Client(enforce_csrf_checks=True)
        forger.force_login(User.objects.get(username="kim"))
        assert forger.post(address).status_code == 403
        User.objects.get(username="kim").user_permissions.set(
            Permission.objects.filter(codename="view_webhook")
        )
        assert press(kim, webhook).status_code == 403

    assert not receiver.got
