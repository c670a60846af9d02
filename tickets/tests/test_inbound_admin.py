"""Mails at the desk: the list, what is parked and why, and what can be done about it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from audit.models import Record
from tickets.inbound.receiving import receive
from tickets.models import InboundMail, MailboxState, Ticket
from tickets.tests.test_admin import shown_messages, staff

pytestmark = pytest.mark.django_db

LIST = "admin:tickets_inboundmail_changelist"


@pytest.fixture
def sam():
    return staff("view_inboundmail", "change_inboundmail")


def parked(
    raw=b"From: jo@example.com\r\nSubject: <b>News</b>\r\nPrecedence: bulk\r\n\r\nIt broke.",
):
    inbound = InboundMail.objects.store(raw, source="mailbox")
    receive(inbound.pk)
    inbound.refresh_from_db()
    assert inbound.status == "parked"
    return inbound


def act(client, action, inbound):
    data = {"action": action, "_selected_action": [inbound.pk]}
    return client.post(reverse(LIST), data, follow=True)


def test_the_list_shows_why_a_mail_is_parked_and_a_mailbox_that_cannot_be_read(sam, settings):
    parked()
    settings.MAILBOX = object()
    MailboxState.current().mark_failed("the mail server does not answer: Connection refused")

    page = sam.get(reverse(LIST)).content.decode()

    assert "Parked (1)" in page
    assert "A program wrote it" in page
    assert "the mail server does not answer: Connection refused" in page
    assert "jo@example.com" not in page


def test_the_page_of_a_mail_says_what_to_do_and_reading_it_is_recorded(sam):
    inbound = parked()

    address = reverse("admin:tickets_inboundmail_change", args=[inbound.pk])
    page = sam.get(address).content.decode()

    assert "open a ticket from it" in page
    assert "It broke." in page
    assert "&lt;b&gt;News" in page
    assert Record.objects.filter(action="mail.viewed").count() == 1


def test_a_ticket_is_opened_from_a_parked_mail_once(sam):
    inbound = parked()

    act(sam, "open_tickets", inbound)
    again = act(sam, "open_tickets", inbound)

    ticket = Ticket.objects.get()
    assert ticket.full_message == "<b>News</b>\n\nIt broke."
    assert ticket.email == "jo@example.com"
    assert "are not parked" in " ".join(shown_messages(again))


def test_a_parked_mail_is_dismissed_and_that_is_on_the_record(sam):
    inbound = parked()

    act(sam, "dismiss_selected", inbound)

    assert not InboundMail.objects.parked().exists()
    assert Record.objects.filter(action="mail.dismissed").count() == 1


def test_without_the_permission_nobody_sees_mails():
    inbound = parked()

    assert staff("view_ticket").get(reverse(LIST)).status_code == 403
    act(staff("view_inboundmail", name="kim"), "dismiss_selected", inbound)
    assert InboundMail.objects.parked().exists()
