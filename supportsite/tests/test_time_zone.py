"""Times at the desk, in the reader's time zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from supportsite.settings import BASE_DIR
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

JULY = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)


@pytest.fixture
def ticket() -> Ticket:
    created = Ticket.objects.escalate("The lamp is broken.", requester="u1", by="u1")
    Ticket.objects.filter(pk=created.pk).update(created=JULY, due=JULY)
    return created


def page_of(client, ticket: Ticket, zone: str | None = None) -> str:
    if zone is not None:
        client.cookies["time_zone"] = zone
    page = client.get(reverse("tickets_inbox_ticket", args=[ticket.pk])).content.decode()
    return page.replace("\N{NO-BREAK SPACE}", " ")


def test_a_reader_in_karachi_sees_the_times_of_karachi_and_which_they_are(admin_client, ticket):
    page = page_of(admin_client, ticket, "Asia/Karachi")

    assert "2 Jul 2026, 03:30 PKT" in page
    assert "Times in Asia/Karachi" in page
    assert not timezone.get_current_timezone_name().startswith("Asia")


def test_without_scripts_the_times_are_those_of_the_site(admin_client, ticket):
    page = page_of(admin_client, ticket)

    assert "1 Jul 2026, 22:30 UTC" in page
    assert "Times in UTC" in page


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "Asia", "x" * 3_000])
def test_an_unknown_zone_in_the_cookie_changes_nothing(admin_client, ticket, zone):
    assert "1 Jul 2026, 22:30 UTC" in page_of(admin_client, ticket, zone)


@pytest.mark.parametrize("page", ["tickets_ticket", "audit_record"])
def test_lists_name_the_zone_of_their_times(admin_client, ticket, page):
    admin_client.cookies["time_zone"] = "Asia/Karachi"

    shown = admin_client.get(reverse(f"admin:{page}_changelist")).content.decode()

    assert "UTC" not in shown
    assert "PKT" in shown


def test_no_page_claims_utc_for_times_that_are_shown_in_another_zone():
    pages = [page for page in BASE_DIR.glob("*/templates/**/*.html") if "UTC" in page.read_text()]

    assert pages == []
