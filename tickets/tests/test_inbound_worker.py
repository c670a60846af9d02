"""The real worker, killed while it takes in mails from a real IMAP server."""

from __future__ import annotations

import os
import time
from email.message import EmailMessage

import pytest
from django.db import connection

from tickets.models import InboundMail, Ticket
from tickets.tests.imap_server import imap_server
from tickets.tests.test_worker import _empty_queue, worker  # noqa: F401 (a fixture)

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.slow]

MAILS = int(os.environ.get("INBOUND_MAILS", "15"))
"""INBOUND_MAILS=500 takes about a minute."""

KILLED_AT = (MAILS // 3,)
SECONDS = 60


def wait_for(count: int) -> None:
    until = time.monotonic() + SECONDS
    while InboundMail.objects.exclude(status="waiting").count() < count:
        assert time.monotonic() < until, InboundMail.objects.count()
        time.sleep(0.02)


def written(number: int) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = f"jo{number}@example.com", f"Lamp {number:03}"
    mail["Message-ID"] = f"<{number}@mail.example.com>"
    mail.set_content("It flickers.")
    return mail


def test_with_the_worker_killed_among_many_mails_none_is_lost_and_none_is_two_tickets():
    variables = {
        "DJANGO_SETTINGS_MODULE": "tickets.tests.settings_of_mail_worker",
        # The emptied database has no FAQs: each mail would log that it is not asked.
        "LOG_LEVEL": "CRITICAL",
    }
    with imap_server() as server:
        for number in range(MAILS):
            server.deliver(written(number))
        for count in KILLED_AT:
            with worker(MAILBOX_URL=server.url, **variables) as killed:
                wait_for(count)
                killed.kill()
                killed.wait()
            assert InboundMail.objects.count() < MAILS
        with worker(MAILBOX_URL=server.url, **variables):
            wait_for(MAILS)
            while server.unseen():
                time.sleep(0.1)

    assert set(InboundMail.objects.values_list("status", flat=True)) == {"opened"}
    subjects = sorted(ticket.message.split("\n")[0] for ticket in Ticket.objects.all())
    assert subjects == [f"Lamp {number:03}" for number in range(MAILS)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_record WHERE action = 'ticket.opened'")
        assert cursor.fetchone()[0] == MAILS
