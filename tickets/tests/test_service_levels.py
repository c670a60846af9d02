"""The desk changes its business hours, holidays and targets in the admin."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone

from audit.models import Record
from tickets.models import Ticket
from tickets.service_levels import Holiday, ServiceLevel

pytestmark = pytest.mark.django_db

FRIDAY = datetime(2026, 11, 20, 16, tzinfo=UTC)
SHIPPED = {
    **{"hours": "mon-fri 09:00-17:00", "time_zone": "UTC"},
    **{"urgent": "2h", "high": "4h", "normal": "8h", "low": "24h"},
}


@pytest.fixture(autouse=True)
def friday(monkeypatch):
    """It is 16:00 on a Friday, an hour before the desk closes."""
    monkeypatch.setattr(timezone, "now", lambda: FRIDAY)


def save(client, **changes):
    """Change fields on the page of the service levels."""
    page = client.get(reverse("admin:tickets_servicelevel_changelist")).url
    return client.post(page, {**SHIPPED, **changes})


def add_holiday(client, day):
    return client.post(reverse("admin:tickets_holiday_add"), {"day": day, "name": "Closed"})


def ticket(priority="urgent"):
    return Ticket.objects.escalate("Where is my order?", requester="u1", by="u1", priority=priority)


def test_a_new_site_has_the_shipped_hours_and_targets():
    assert ticket().due == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert ticket("normal").due == datetime(2026, 11, 23, 16, tzinfo=UTC)


def test_a_target_that_was_changed_holds_for_the_next_ticket(admin_client):
    assert save(admin_client, urgent="30m").status_code == 302

    assert ticket().due == datetime(2026, 11, 20, 16, 30, tzinfo=UTC)


def test_an_open_ticket_is_due_as_before_until_it_changes(admin_client):
    opened = ticket()

    save(admin_client, urgent="30m")
    opened.refresh_from_db()
    assert opened.due == datetime(2026, 11, 23, 10, tzinfo=UTC)

    opened.claim(by="sam")
    assert opened.due == datetime(2026, 11, 20, 16, 30, tzinfo=UTC)


def test_hours_are_in_the_time_zone_of_the_desk(admin_client):
    save(admin_client, hours="mon-sat 10:00-18:00", time_zone="Asia/Karachi")

    # 21:00 in Karachi: the desk opens on Saturday at 10:00, which is 05:00 in UTC.
    assert ticket().due == datetime(2026, 11, 21, 7, tzinfo=UTC)


def test_a_holiday_is_no_business_day(admin_client):
    assert add_holiday(admin_client, "2026-11-23").status_code == 302

    assert ticket().due == datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_each_change_is_recorded_with_the_value_before_and_after(admin_client):
    save(admin_client, low="48h")
    add_holiday(admin_client, "2026-12-25")

    changed = Record.objects.get(action="servicelevel.changed")
    assert changed.data["fields"] == {"low": {"before": "24h", "after": "48h"}}
    added = Record.objects.get(action="holiday.added")
    assert added.data["fields"]["day"]["after"] == "2026-12-25"


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("hours", "weekdays", "Hours must be like mon-fri 09:00-17:00, not &#x27;weekdays&#x27;."),
        ("hours", "mon 17:00-09:00", "Hours must be an opening before its closing"),
        ("hours", "mon 09:00-13:00, mon 12:00-17:00", "Hours must be shifts that do not overlap."),
        ("hours", "", "This field is required."),
        ("time_zone", "Middle/Earth", "The time zone must be a name such as Asia/Karachi"),
        ("urgent", "soon", "A target must be like 30m or 4h, not &#x27;soon&#x27;."),
        ("urgent", "-1h", "A target must be like 30m or 4h"),
    ],
)
def test_bad_input_is_an_error_at_its_field_and_changes_nothing(admin_client, field, value, error):
    reply = save(admin_client, **{field: value})

    assert error in reply.content.decode()
    assert ticket().due == datetime(2026, 11, 23, 10, tzinfo=UTC)


def test_a_day_is_a_holiday_once(admin_client):
    add_holiday(admin_client, "2026-11-23")

    reply = add_holiday(admin_client, "2026-11-23")

    assert "already exists" in reply.content.decode()


def test_support_sees_the_hours_and_may_not_change_them(client):
    sam = User.objects.create_user("sam", is_staff=True)
    sam.groups.add(Group.objects.get(name="support"))
    client.force_login(sam)

    assert save(client, urgent="30m").status_code == 403
    assert add_holiday(client, "2026-11-23").status_code == 403
    page = client.get(reverse("admin:tickets_servicelevel_changelist"), follow=True)
    assert "mon-fri 09:00-17:00" in page.content.decode()


def test_a_site_takes_over_what_its_settings_said(monkeypatch):
    """They were settings up to version 1.0."""
    ServiceLevel.objects.all().delete()
    monkeypatch.setenv("SLA_HOURS", "sun-thu 08:00-16:00")
    monkeypatch.setenv("SLA_TIME_ZONE", "Asia/Dubai")
    monkeypatch.setenv("SLA_TARGETS", "urgent=1h high=2h normal=4h low=8h")
    monkeypatch.setenv("SLA_HOLIDAYS", "2026-12-02, 2026-12-03")

    import_module("tickets.migrations.0004_service_levels").create_rows(apps, None)

    level = ServiceLevel.objects.current()
    assert (level.hours, level.time_zone) == ("sun-thu 08:00-16:00", "Asia/Dubai")
    assert (level.urgent, level.high, level.normal, level.low) == ("1h", "2h", "4h", "8h")
    days = Holiday.objects.values_list("day", flat=True)
    assert list(days) == [date(2026, 12, 2), date(2026, 12, 3)]
