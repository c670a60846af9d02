"""The figures of a period: numbers of the rows that ``selection`` has."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Aggregate, Count, DurationField, F, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from assistant.learning.gaps import Gap, GapAsk
from assistant.outcomes.channels import by_channel
from assistant.outcomes.needs import OPEN, WINDOW
from assistant.outcomes.rates import Ends, Rate
from assistant.outcomes.sample import SampledAsk
from assistant.outcomes.selection import (
    FIGURES,
    LATE,
    NARROWED_BY,
    Selection,
    answered_asks,
    in_scope,
)
from faq.models import Faq, Release

MAX_FAQS = 20

COSTLIEST = 10
"""Gaps in the list of the costliest ones."""


@dataclass(frozen=True)
class NeedCounts:
    """``ends`` of the period, and of each channel; ``days``: by day, by end or ``open``, without
    visitors.
    """

    ends: Ends
    days: Mapping[date, Mapping[str, int]]
    channels: Mapping[str, Ends]


class _Tally:
    """Counts needs of one period, or of one channel in it."""

    def __init__(self) -> None:
        self.closed, self.offered, self.anonymous = Counter[str](), Counter[str](), Counter[str]()
        self.open = 0

    def add(self, end: str, count: int, *, is_open: bool, is_visitor: bool, offered: bool) -> None:
        if is_visitor:
            self.anonymous[end] += count
        elif is_open:
            self.open += count
        else:
            self.closed[end] += count
            self.offered[end] += count if offered else 0

    def ends(self) -> Ends:
        return Ends(self.closed, self.offered, self.open, self.anonymous)


def need_counts(selection: Selection) -> NeedCounts:
    limit = timezone.now() - WINDOW
    groups = (
        selection.all_needs()
        .order_by()
        .annotate(day=TruncDate("first", tzinfo=selection.zone), open=Q(last__gt=limit))
        .values_list("day", "channel", "end", "open", "is_visitor", "could_escalate")
        .annotate(Count("pk"))
    )
    whole, channels = _Tally(), defaultdict[str, _Tally](_Tally)
    days: dict[date, Counter[str]] = defaultdict(Counter)
    for day, channel, end, is_open, is_visitor, could_escalate, count in groups:
        for tally in (whole, channels[channel]):
            tally.add(end, count, is_open=is_open, is_visitor=is_visitor, offered=could_escalate)
        if not is_visitor:
            days[day][OPEN if is_open else end] += count
    return NeedCounts(whole.ends(), days, {name: tally.ends() for name, tally in channels.items()})


@dataclass(frozen=True)
class Coverage:
    """``days``: answered and in scope, by day; ``releases``: a rate by number; ``channels``: by
    name.
    """

    total: Rate
    days: Mapping[date, Rate]
    releases: Mapping[int, Rate]
    channels: Mapping[str, Rate]


def coverage(selection: Selection) -> Coverage:
    groups = (
        in_scope(selection)
        .order_by()
        .annotate(day=TruncDate("at", tzinfo=selection.zone), good=Q(outcome="answered"))
        .values_list("day", "release", "channel", "good")
        .annotate(Count("pk"))
    )
    days: dict[date, Counter[bool]] = defaultdict(Counter)
    releases: dict[int, Counter[bool]] = defaultdict(Counter)
    channels: dict[str, Counter[bool]] = defaultdict(Counter)
    for day, release, channel, is_answered, count in groups:
        days[day][is_answered] += count
        channels[channel][is_answered] += count
        if release is not None:
            releases[release][is_answered] += count
    whole: Counter[bool] = sum(days.values(), Counter())
    return Coverage(
        _rate(whole),
        {day: _rate(counts) for day, counts in sorted(days.items())},
        {number: _rate(counts) for number, counts in sorted(releases.items())},
        {name: _rate(counts) for name, counts in channels.items()},
    )


def _rate(counts: Counter[bool]) -> Rate:
    return Rate(counts[True], counts.total())


def releases_until(selection: Selection) -> list[Release]:
    """The release that was live when the period began, if any, and those published in it."""
    begin, end = selection.span
    published = Release.objects.filter(published_at__lt=end).order_by("published_at", "number")
    before = published.filter(published_at__lt=begin).last()
    within = list(published.filter(published_at__gte=begin))
    return [before, *within] if before else within


def escalations(selection: Selection) -> list[tuple[str, int]]:
    """Escalated closed needs by the reason of the ticket, the commonest first."""
    groups = FIGURES["escalated"][1](selection).order_by().values_list("escalation")
    return sorted(groups.annotate(Count("pk")), key=lambda group: (-group[1], group[0]))


class Percentile(Aggregate):
    """Postgres' ``percentile_cont`` of durations."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True)
class TicketFigures:
    """The figures of the tickets of one person or category. Durations are elapsed time."""

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
    figures = [_ticket_figures(group["key"], group) for group in groups.annotate(**TICKET_NUMBERS)]
    return sorted(figures, key=lambda row: (-row.opened, row.name))


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
    """The FAQs that answered most often, at most ``MAX_FAQS``."""
    groups = (
        answered_asks(selection)
        .exclude(faq_id="")
        .order_by()
        .values_list("faq_id")
        .annotate(
            count=Count("pk"),
            helpful_count=Count("pk", filter=Q(helpful=True)),
            unhelpful_count=Count("pk", filter=Q(helpful=False)),
        )
        .order_by("-count", "faq_id")[:MAX_FAQS]
    )
    numbers = list(groups)
    questions = dict(
        Faq.objects.filter(slug__in=[row[0] for row in numbers]).values_list("slug", "question")
    )
    return [FaqUse(row[0], questions.get(row[0], row[0]), *row[1:]) for row in numbers]


def precision(selection: Selection) -> Rate:
    verdicts = Counter(selection.sampled().exclude(verdict="").values_list("verdict", flat=True))
    return Rate(verdicts[SampledAsk.Verdict.RIGHT], verdicts.total())


@dataclass(frozen=True)
class GapCost:
    """An open gap with the people, asks and tickets of a period."""

    gap: Gap
    people: int
    asks: int
    tickets: int


def costliest_gaps(selection: Selection) -> list[GapCost]:
    """By people times one plus tickets, as gaps are ranked, of the asks of the period."""
    begin, end = selection.span
    asks = GapAsk.objects.filter(at__gte=begin, at__lt=end, gap__status=Gap.Status.OPEN)
    groups = (
        asks.order_by()
        .values_list("gap")
        .annotate(
            people=Count("person", distinct=True),
            asks=Count("pk"),
            tickets=Count("pk", filter=Q(has_ticket=True)),
        )
    )
    ranked = sorted(groups, key=lambda group: (-group[1] * (1 + group[3]), -group[2], group[0]))
    chosen = ranked[:COSTLIEST]
    gaps = Gap.objects.in_bulk([group[0] for group in chosen])
    return [GapCost(gaps[pk], *numbers) for pk, *numbers in chosen]


def report(selection: Selection) -> dict[str, Any]:
    """All figures of a period for programs, and the main ones of the period before."""
    needs, asks = need_counts(selection), coverage(selection)
    previous = selection.previous
    return {
        "from": selection.first.isoformat(),
        "to": selection.last.isoformat(),
        "category": selection.category,
        "audience": selection.audience,
        **needs.ends.as_dict(),
        "coverage": asks.total.as_dict(),
        "precision": precision(selection).as_dict(),
        "channels": [channel.as_dict() for channel in by_channel(needs, asks)],
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
