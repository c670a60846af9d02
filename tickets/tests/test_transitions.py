"""What a ticket may become, from where, and what stays on record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from audit.models import Record
from tickets.models import Ticket
from tickets.service_levels import ServiceLevel
from tickets.tasks import mark_overdue_tickets

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 20, 16, tzinfo=UTC)

STATES = ("open", "claimed", "waiting", "resolved", "closed")
MOVES = {
    "claim": ({"open"}, "claimed"),
    "wait": ({"claimed"}, "waiting"),
    "resume": ({"waiting"}, "claimed"),
    "resolve": ({"open", "claimed", "waiting"}, "resolved"),
    "close": ({"resolved"}, "closed"),
    "reopen": ({"resolved", "closed"}, "open"),
}
VERBS = {
    **{"claim": "claimed", "wait": "waiting", "resume": "resumed"},
    **{"resolve": "resolved", "close": "closed", "reopen": "reopened"},
}


@pytest.fixture
def clock(monkeypatch):
    """A desk in UTC from 9 to 17, and a time that the test sets."""
    ServiceLevel.objects.update(urgent="1h", high="2h", normal="4h", low="8h")
    now = [MONDAY]
    monkeypatch.setattr(timezone, "now", lambda: now[0])

    def set_to(moment):
        now[0] = moment

    return set_to


def opened(**fields):
    return Ticket.objects.escalate("Where is it?", requester="u1", by="u1", **fields)


def verbs(ticket):
    facts = Record.objects.all().about("ticket", ticket.pk).order_by("id")
    return [fact.action.partition(".")[2] for fact in facts]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("move", MOVES)
def test_a_move_starts_only_from_where_it_may(move, state):
    ticket = opened()
    Ticket.objects.filter(pk=ticket.pk).update(status=state, assignee="ann")
    origins, becomes = MOVES[move]
    reply = ticket.deliveries.count()

    moved = getattr(ticket, move)(by="sam")

    stored = Ticket.objects.get(pk=ticket.pk)
    assert moved == (state in origins)
    assert stored.status == ticket.status == (becomes if moved else state)
    assert verbs(ticket) == ["opened", VERBS[move]] if moved else ["opened"]
    assert moved or ticket.deliveries.count() == reply


def test_the_one_who_reads_an_old_row_still_moves_the_real_one():
    ticket = opened()
    stale = Ticket.objects.get(pk=ticket.pk)
    ticket.claim(by="ann")

    assert not stale.claim(by="sam")
    assert stale.assignee == "ann"


def test_what_is_amended_is_on_the_record_with_what_it_was():
    ticket = opened()

    assert ticket.amend(by="sam", priority="high", tags=["vip"])
    assert not ticket.amend(by="sam", priority="high")

    fact = Record.objects.all().about("ticket", ticket.pk).first()
    assert fact.action == "ticket.amended"
    assert fact.data["fields"]["priority"] == {"before": "normal", "after": "high"}


# --- The SLA --------------------------------------------------------------------------------------


def test_it_is_due_by_its_priority_and_due_again_when_that_changes(clock):
    ticket = opened()
    assert ticket.due == MONDAY + timedelta(hours=4)

    clock(MONDAY + timedelta(hours=1))
    ticket.amend(by="sam", priority="urgent")
    assert ticket.due == MONDAY + timedelta(hours=1)

    ticket.amend(by="sam", priority="low")
    assert ticket.due == datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_a_weekend_does_not_count(clock):
    clock(FRIDAY)

    assert opened(priority="high").due == MONDAY


def test_the_clock_stops_while_the_ticket_waits_for_the_customer(clock):
    ticket = opened()
    ticket.claim(by="sam")
    clock(MONDAY + timedelta(hours=1))
    ticket.wait(by="sam")
    clock(datetime(2026, 11, 25, 10, tzinfo=UTC))
    mark_overdue_tickets(0)
    assert "breached" not in verbs(ticket)

    ticket.comment("Here it is.", by="u1", from_desk=False)

    assert (ticket.status, ticket.waited) == ("claimed", timedelta(hours=15))
    assert ticket.due == datetime(2026, 11, 25, 13, tzinfo=UTC)


def test_a_breach_is_recorded_and_notified_once_even_if_seen_late(clock, settings):
    settings.SUPPORT_EMAIL = "desk@example.com"
    ticket = opened()
    clock(MONDAY + timedelta(hours=4))
    mark_overdue_tickets(0)
    assert "breached" not in verbs(ticket)

    clock(MONDAY + timedelta(days=3))
    mark_overdue_tickets(0)
    mark_overdue_tickets(0)
    ticket.amend(by="sam", priority="urgent")
    mark_overdue_tickets(0)

    assert verbs(ticket).count("breached") == 1
    reply = ticket.deliveries.filter(event="breached")
    assert [delivery.address for delivery in reply] == ["the desk"]


def test_a_priority_that_makes_it_overdue_is_a_breach(clock):
    ticket = opened(priority="low")
    clock(MONDAY + timedelta(hours=2))
    ticket.amend(by="sam", priority="urgent")

    mark_overdue_tickets(0)

    assert verbs(ticket)[-1] == "breached"


def test_due_later_after_a_breach_it_may_become_overdue_once_more(clock):
    ticket = opened(priority="urgent")
    clock(MONDAY + timedelta(hours=2))
    mark_overdue_tickets(0)

    ticket.amend(by="sam", priority="low")
    assert ticket.breached is None

    clock(MONDAY + timedelta(days=3))
    mark_overdue_tickets(0)
    assert verbs(ticket).count("breached") == 2


def test_reopened_it_has_all_the_time_again(clock):
    ticket = opened()
    clock(MONDAY + timedelta(hours=5))
    mark_overdue_tickets(0)
    ticket.resolve(by="sam")
    clock(datetime(2026, 11, 24, 9, tzinfo=UTC))

    ticket.reopen(by="u1")

    assert (ticket.due, ticket.breached) == (datetime(2026, 11, 24, 13, tzinfo=UTC), None)
    clock(datetime(2026, 11, 24, 14, tzinfo=UTC))
    mark_overdue_tickets(0)
    assert verbs(ticket).count("breached") == 2


def test_a_priority_changed_while_the_customer_has_to_answer_keeps_the_time_that_was_left(clock):
    ticket = opened(priority="low")
    ticket.claim(by="sam")
    clock(MONDAY + timedelta(hours=1))
    ticket.wait(by="sam")
    clock(MONDAY + timedelta(hours=3))
    ticket.amend(by="sam", priority="high")

    ticket.comment("Here it is.", by="u1", from_desk=False)

    assert (ticket.due, ticket.waited) == (MONDAY + timedelta(hours=4), timedelta(hours=2))
