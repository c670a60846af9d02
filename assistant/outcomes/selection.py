"""A period with its filters, and the rows behind every figure of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from assistant.outcomes.needs import NO_QUESTION, WINDOW, End
from assistant.outcomes.rates import RESOLVED
from assistant.outcomes.rows import Need, NeedAsk, NeedQuerySet, TicketTimes
from assistant.outcomes.sample import SampledAsk
from faq.models import Faq

MAX_PERIOD = timedelta(days=370)

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)

DAYS = 28
"""Length of the period if none is chosen."""


@dataclass(frozen=True)
class Selection:
    """The days from ``first`` to ``last``, both included, in the time zone ``zone``."""

    first: date
    last: date
    category: str = ""
    audience: str = ""
    zone: tzinfo = UTC

    @classmethod
    def between(
        cls, first: date | None, last: date | None, category: str = "", audience: str = ""
    ) -> Selection:
        """By default ``DAYS`` days, to today. Raises ``ValueError``."""
        zone, last = timezone.get_current_timezone(), last or timezone.localdate()
        if not EARLIEST <= last <= LATEST:
            raise ValueError(f"to must be a day from {EARLIEST} to {LATEST}.")
        first = first or last - timedelta(days=DAYS - 1)
        if not EARLIEST <= first <= last < first + MAX_PERIOD:
            raise ValueError(f"from must be before to, by {MAX_PERIOD.days} days at most.")
        return cls(first, last, category, audience, zone=zone)

    @classmethod
    def latest(cls, days: int) -> Selection:
        """The last ``days`` days with today, in the active time zone."""
        zone = timezone.get_current_timezone()
        today = timezone.localdate()
        return cls(today - timedelta(days=days - 1), today, zone=zone)

    @classmethod
    def closed_week(cls) -> Selection:
        """The last seven days whose needs are closed, if nobody asked again later."""
        zone, today = timezone.get_current_timezone(), timezone.localdate()
        last = today - WINDOW - timedelta(days=1)
        return cls(last - timedelta(days=6), last, zone=zone)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def previous(self) -> Selection:
        """As many days, just before."""
        length = timedelta(days=self.days)
        return replace(self, first=self.first - length, last=self.last - length)

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Begin (included) and end (not included)."""
        return self._midnight(self.first), self._midnight(self.last + timedelta(days=1))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)

    # --- Rows -------------------------------------------------------------------------------------

    def all_needs(self) -> NeedQuerySet:
        needs: NeedQuerySet = self._narrow(Need.objects.filter(self._within("first")))
        return needs

    def needs(self) -> NeedQuerySet:
        """Without those of visitors."""
        return self.all_needs().filter(is_visitor=False)

    def asks(self) -> QuerySet[NeedAsk]:
        asks: QuerySet[NeedAsk] = self._narrow(NeedAsk.objects.filter(self._within("at")))
        return asks

    def tickets(self) -> QuerySet[TicketTimes]:
        """Tickets opened in the period; ``audience``: those that name such an ask."""
        tickets = TicketTimes.objects.filter(self._within("opened"))
        if self.category:
            tickets = tickets.filter(ticket__category=self.category)
        if self.audience:
            asks = NeedAsk.objects.filter(audiences__contains=[self.audience])
            tickets = tickets.filter(ask_id__in=asks.values("ask_id"))
        return tickets

    def sampled(self) -> QuerySet[SampledAsk]:
        asks = self.asks()
        return SampledAsk.objects.filter(self._within("at"), ask_id__in=asks.values("ask_id"))

    def _within(self, field: str) -> Q:
        begin, end = self.span
        return Q((f"{field}__gte", begin), (f"{field}__lt", end))

    def _narrow(self, rows: Any) -> Any:
        if self.category:
            faqs = Faq.objects.filter(category=self.category)
            rows = rows.filter(faq_id__in=faqs.values("slug"))
        if self.audience:
            rows = rows.filter(audiences__contains=[self.audience])
        return rows


# --- Figures with rows ----------------------------------------------------------------------------

Rows = Callable[[Selection], Any]


def _with_end(*ends: End) -> Rows:
    return lambda selection: selection.needs().closed().filter(end__in=ends)


def in_scope(selection: Selection) -> QuerySet[NeedAsk]:
    return selection.asks().exclude(reason__in=NO_QUESTION)


def answered_asks(selection: Selection) -> QuerySet[NeedAsk]:
    return in_scope(selection).filter(outcome="answered")


def _decided(selection: Selection) -> QuerySet[TicketTimes]:
    return selection.tickets().filter(Q(resolved__isnull=False) | LATE)


LATE = Q(overdue__isnull=False) | Q(resolved__gt=F("ticket__due"))

FIGURES: dict[str, tuple[str, Rows]] = {
    "needs": ("Needs", Selection.needs),
    "open": ("Open needs", lambda selection: selection.needs().open()),
    "closed": ("Closed needs", lambda selection: selection.needs().closed()),
    **{end.value: (f"{end.value.capitalize()} needs", _with_end(end)) for end in End},
    "resolution": ("Resolved needs", _with_end(*RESOLVED)),
    "abandonment": ("Abandoned needs", _with_end(End.ABANDONED)),
    "escalation": ("Escalated needs", _with_end(End.ESCALATED)),
    "offered": (
        "Closed needs whose person could have opened a ticket",
        lambda selection: selection.needs().closed().filter(could_escalate=True),
    ),
    "deflection": (
        "Deflected needs",
        lambda selection: _with_end(*RESOLVED)(selection).filter(could_escalate=True),
    ),
    "anonymous": (
        "Needs of anonymous visitors",
        lambda selection: selection.all_needs().filter(is_visitor=True),
    ),
    "asks": ("Asks in scope", in_scope),
    "answered": ("Answered asks", answered_asks),
    "helpful": ("Answers rated helpful", lambda s: answered_asks(s).filter(helpful=True)),
    "unhelpful": ("Answers rated unhelpful", lambda s: answered_asks(s).filter(helpful=False)),
    "unanswered": (
        "Asks that were not answered",
        lambda selection: in_scope(selection).exclude(outcome="answered"),
    ),
    "tickets": ("Tickets", Selection.tickets),
    "replied": ("Tickets with a reply", lambda s: s.tickets().filter(first_reply__isnull=False)),
    "resolved": ("Resolved tickets", lambda s: s.tickets().filter(resolved__isnull=False)),
    "decided": ("Tickets resolved or overdue", _decided),
    "met": ("Tickets resolved in time", lambda selection: _decided(selection).exclude(LATE)),
    "judged": ("Judged answers", lambda s: s.sampled().exclude(verdict="")),
    "right": (
        "Answers judged right",
        lambda selection: selection.sampled().filter(verdict=SampledAsk.Verdict.RIGHT),
    ),
}
"""Title and rows by name."""

NARROWED_BY = {
    "reason": "escalation",
    "release": "release",
    "channel": "channel",
    "faq_id": "faq_id",
    "assignee": "ticket__assignee",
    "ticket_category": "ticket__category",
}
"""Fields that a figure may be narrowed by, by the name of the parameter."""


def rows(name: str, selection: Selection, narrowed: Mapping[str, str | int | None]) -> Any:
    """The rows of a figure. ``narrowed``: values by the names of ``NARROWED_BY``.

    Raises ``FieldError`` if these rows have no such field.
    """
    matching = FIGURES[name][1](selection)
    return matching.filter(**{NARROWED_BY[key]: value for key, value in narrowed.items()})
