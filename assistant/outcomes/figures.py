"""The figures of a period, and the rows behind each: both come from one query set."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from django.db.models import Aggregate, Count, DurationField, F, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from assistant.outcomes.needs import NO_QUESTION, WINDOW, End
from assistant.outcomes.rates import RESOLVED, Ends, Rate
from assistant.outcomes.rows import Need, NeedAsk, NeedQuerySet, TicketTimes
from assistant.outcomes.sample import SampledAsk
from faq.models import Faq, Release

LONGEST = timedelta(days=370)
"""Of a period."""

MOST_FAQS = 20


@dataclass(frozen=True)
class Selection:
    """The days from ``first`` to ``last``, both included, in the time zone ``zone``."""

    first: date
    last: date
    category: str = ""
    audience: str = ""
    zone: tzinfo = UTC

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


def _in_scope(selection: Selection) -> QuerySet[NeedAsk]:
    return selection.asks().exclude(reason__in=NO_QUESTION)


def _answered(selection: Selection) -> QuerySet[NeedAsk]:
    return _in_scope(selection).filter(outcome="answered")


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
    "asks": ("Asks in scope", _in_scope),
    "answered": ("Answered asks", _answered),
    "helpful": ("Answers rated helpful", lambda s: _answered(s).filter(helpful=True)),
    "unhelpful": ("Answers rated unhelpful", lambda s: _answered(s).filter(helpful=False)),
    "unanswered": (
        "Asks that were not answered",
        lambda selection: _in_scope(selection).exclude(outcome="answered"),
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
    "faq_id": "faq_id",
    "assignee": "ticket__assignee",
    "ticket_category": "ticket__category",
}
"""Fields that a figure may be narrowed by, by the name of the parameter."""


def rows(name: str, selection: Selection, narrowed: Mapping[str, str]) -> Any:
    """The rows of a figure. ``narrowed``: values by the names of ``NARROWED_BY``."""
    matching = FIGURES[name][1](selection)
    return matching.filter(**{NARROWED_BY[key]: value for key, value in narrowed.items()})


# --- Numbers --------------------------------------------------------------------------------------

OPEN = "open"


@dataclass(frozen=True)
class NeedCounts:
    """``ends`` of the period; ``days``: by day, by end or ``open``, without visitors."""

    ends: Ends
    days: Mapping[date, Mapping[str, int]]


def need_counts(selection: Selection) -> NeedCounts:
    limit = timezone.now() - WINDOW
    groups = (
        selection.all_needs()
        .order_by()
        .annotate(day=TruncDate("first", tzinfo=selection.zone), open=Q(last__gt=limit))
        .values_list("day", "end", "open", "is_visitor", "could_escalate")
        .annotate(Count("pk"))
    )
    closed, offered, anonymous = Counter[str](), Counter[str](), Counter[str]()
    days: dict[date, Counter[str]] = defaultdict(Counter)
    for day, end, is_open, is_visitor, could_escalate, count in groups:
        if is_visitor:
            anonymous[end] += count
            continue
        days[day][OPEN if is_open else end] += count
        if not is_open:
            closed[end] += count
            offered[end] += count if could_escalate else 0
    total_open = sum(counts[OPEN] for counts in days.values())
    return NeedCounts(Ends(closed, offered, total_open, anonymous), days)


@dataclass(frozen=True)
class Coverage:
    """``days``: answered and in scope, by day; ``releases``: a rate by number."""

    total: Rate
    days: Mapping[date, Rate]
    releases: Mapping[int, Rate]


def coverage(selection: Selection) -> Coverage:
    groups = (
        _in_scope(selection)
        .order_by()
        .annotate(day=TruncDate("at", tzinfo=selection.zone), good=Q(outcome="answered"))
        .values_list("day", "release", "good")
        .annotate(Count("pk"))
    )
    days: dict[date, Counter[bool]] = defaultdict(Counter)
    releases: dict[int, Counter[bool]] = defaultdict(Counter)
    for day, release, is_answered, count in groups:
        days[day][is_answered] += count
        if release is not None:
            releases[release][is_answered] += count
    whole: Counter[bool] = sum(days.values(), Counter())
    return Coverage(
        _rate(whole),
        {day: _rate(counts) for day, counts in sorted(days.items())},
        {number: _rate(counts) for number, counts in sorted(releases.items())},
    )


def _rate(counts: Counter[bool]) -> Rate:
    return Rate(counts[True], counts.total())


def published(selection: Selection) -> list[Release]:
    begin, end = selection.span
    within = Release.objects.filter(published_at__gte=begin, published_at__lt=end)
    return list(within.order_by("number"))


def escalations(selection: Selection) -> list[tuple[str, int]]:
    """Escalated closed needs by the reason of the ticket, the commonest first."""
    groups = FIGURES["escalated"][1](selection).order_by().values_list("escalation")
    return sorted(groups.annotate(Count("pk")), key=lambda group: (-group[1], group[0]))


class Percentile(Aggregate):
    """Postgres' ``percentile_cont``, of durations."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True)
class TicketFigures:
    """Of the tickets of one person or category. Durations are elapsed time."""

    name: str
    opened: int
    replied: int
    resolved: int
    first_reply: timedelta | None
    resolution: timedelta | None
    sla: Rate

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "opened": self.opened,
            "replied": self.replied,
            "resolved": self.resolved,
            "first_reply_seconds": _seconds(self.first_reply),
            "resolution_seconds": _seconds(self.resolution),
            "sla": self.sla.as_dict(),
        }


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else round(span.total_seconds())


TICKET_NUMBERS: dict[str, Any] = {
    "opened_count": Count("pk"),
    "replied": Count("first_reply"),
    "resolved_count": Count("resolved"),
    "median_reply": Percentile(F("first_reply") - F("opened"), fraction=0.5),
    "median_resolution": Percentile(F("resolved") - F("opened"), fraction=0.5),
    "decided": Count("pk", filter=Q(resolved__isnull=False) | LATE),
    "late": Count("pk", filter=LATE),
}


def tickets(selection: Selection) -> TicketFigures:
    return _ticket_figures("", selection.tickets().order_by().aggregate(**TICKET_NUMBERS))


def tickets_by(selection: Selection, parameter: str) -> list[TicketFigures]:
    """By ``assignee`` or ``ticket_category``, those with most tickets first."""
    groups = selection.tickets().order_by().values(key=F(NARROWED_BY[parameter]))
    figures = [_ticket_figures(each["key"], each) for each in groups.annotate(**TICKET_NUMBERS)]
    return sorted(figures, key=lambda each: (-each.opened, each.name))


def _ticket_figures(name: str, numbers: Mapping[str, Any]) -> TicketFigures:
    return TicketFigures(
        name,
        numbers["opened_count"],
        numbers["replied"],
        numbers["resolved_count"],
        numbers["median_reply"],
        numbers["median_resolution"],
        Rate(numbers["decided"] - numbers["late"], numbers["decided"]),
    )


@dataclass(frozen=True)
class FaqUse:
    """How often an FAQ answered, and what people said of it."""

    faq_id: str
    question: str
    answered: int
    helpful: int
    unhelpful: int


def faq_uses(selection: Selection) -> list[FaqUse]:
    """The FAQs that answered most often, at most ``MOST_FAQS``."""
    groups = (
        _answered(selection)
        .exclude(faq_id="")
        .order_by()
        .values_list("faq_id")
        .annotate(
            count=Count("pk"),
            helpful_count=Count("pk", filter=Q(helpful=True)),
            unhelpful_count=Count("pk", filter=Q(helpful=False)),
        )
        .order_by("-count", "faq_id")[:MOST_FAQS]
    )
    numbers = list(groups)
    questions = dict(
        Faq.objects.filter(slug__in=[row[0] for row in numbers]).values_list("slug", "question")
    )
    return [FaqUse(row[0], questions.get(row[0], row[0]), *row[1:]) for row in numbers]


def precision(selection: Selection) -> Rate:
    verdicts = Counter(selection.sampled().exclude(verdict="").values_list("verdict", flat=True))
    return Rate(verdicts[SampledAsk.Verdict.RIGHT], verdicts.total())


def report(selection: Selection) -> dict[str, Any]:
    """All figures of a period for programs, and the main ones of the period before."""
    previous = selection.previous
    return {
        "from": selection.first.isoformat(),
        "to": selection.last.isoformat(),
        "category": selection.category,
        "audience": selection.audience,
        **need_counts(selection).ends.as_dict(),
        "coverage": coverage(selection).total.as_dict(),
        "precision": precision(selection).as_dict(),
        "escalations": dict(escalations(selection)),
        "tickets": tickets(selection).as_dict(),
        "previous": {
            "from": previous.first.isoformat(),
            "to": previous.last.isoformat(),
            **need_counts(previous).ends.as_dict(),
            "coverage": coverage(previous).total.as_dict(),
            "precision": precision(previous).as_dict(),
        },
    }
