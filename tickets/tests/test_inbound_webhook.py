"""Mails that a provider posts (Postmark), through django-anymail."""

from __future__ import annotations

import base64
from types import ModuleType

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.urls import path

from supportsite import urls
from tickets.inbound.receiving import receive
from tickets.models import InboundMail, Ticket

pytestmark = pytest.mark.django_db

SECRET = "postmark:a password"
MAIL = {
    "FromFull": {"Email": "jo@example.com", "Name": "Jo"},
    "From": "Jo <jo@example.com>",
    "To": "support@desk.example",
    "Subject": "The lamp",
    "MessageID": "73e6d360-66eb-11e1-8e72-a8904824019b",
    "TextBody": "It flickers.",
    "Headers": [{"Name": "Message-ID", "Value": "<1@mail.example.com>"}],
    "Attachments": [
        {
            "Name": "bill.pdf",
            "Content": base64.b64encode(b"%PDF-1.4").decode(),
            "ContentType": "application/pdf",
            "ContentLength": 8,
        }
    ],
}


class _Urls(ModuleType):
    """The site's URLs with the webhook's, which exists only where it is switched on."""

    handler400, handler403 = urls.handler400, urls.handler403
    handler404, handler500 = urls.handler404, urls.handler500


@pytest.fixture
def post():
    with override_settings(MAIL_WEBHOOK="postmark", ANYMAIL={"WEBHOOK_SECRET": SECRET}):
        from tickets.inbound.webhooks import webhook_view

        module = _Urls("webhook_urls")
        module.urlpatterns = [path("channels/mail/inbound", webhook_view()), *urls.urlpatterns]

        def send(secret=SECRET, **changes):
            basic = base64.b64encode(secret.encode()).decode()
            return Client().post(
                "/channels/mail/inbound",
                {**MAIL, **changes},
                content_type="application/json",
                headers={"Authorization": f"Basic {basic}"} if secret else {},
            )

        with override_settings(ROOT_URLCONF=module):
            yield send


def jobs() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (args->>'mail_id')::bigint FROM procrastinate_jobs"
            " WHERE task_name = 'tickets.receive_mail' AND status = 'todo'"
        )
        return [row[0] for row in cursor.fetchall()]


def test_a_posted_mail_is_stored_with_its_job_and_becomes_a_ticket(post):
    assert post().status_code == 200

    inbound = InboundMail.objects.get()
    assert (inbound.source, inbound.status) == ("webhook", "waiting")
    assert jobs() == [inbound.pk]
    receive(inbound.pk)
    ticket = Ticket.objects.get()
    assert ticket.full_message == "The lamp\n\nIt flickers."
    assert ticket.comments.get().attachments.get().data == b"%PDF-1.4"


def test_a_mail_with_large_files_is_taken_in(post):
    large = {**MAIL["Attachments"][0], "Content": base64.b64encode(b"%PDF-" * 400_000).decode()}

    assert post(Attachments=[large]).status_code == 200
    assert post(TextBody="x" * 16_000_000).status_code == 413

    assert InboundMail.objects.get().size > 2_000_000


def test_a_mail_that_is_posted_twice_is_one(post):
    assert [post().status_code, post().status_code] == [200, 200]

    assert len(jobs()) == InboundMail.objects.count() == 1


@pytest.mark.parametrize("secret", ["", "postmark:another", "a password"])
def test_without_the_right_secret_nothing_is_stored(post, secret):
    assert post(secret).status_code == 400

    assert not InboundMail.objects.exists()
