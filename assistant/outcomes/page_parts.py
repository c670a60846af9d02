"""What the pages of outcomes show: cards, charts and tables, each number with its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.urls import reverse

from assistant.outcomes import charts, figures, listing
from assistant.outcomes.figures import Coverage, GapCost, NeedCounts, TicketFigures
from assistant.outcomes.listing import Link, link, query
from assistant.outcomes.needs import OPEN, End
from assistant.outcomes.rates import DEFINITIONS, Rate
from assistant.outcomes.selection import Selection
from tickets.models import Ticket

KINDS = (End.CONFIRMED, End.CONTAINED, End.ABANDONED, End.REJECTED, End.ESCALATED, OPEN)
"""From the bottom of a column to its top."""

SPARK_DAYS = 28
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Card:
    """A figure: a rate, or a number where ``rate`` is None."""

    title: str
    value: Link
    note: str
    base: Link | None
    before: str
    definition: str
    beside: Card | None = None


@dataclass(frozen=True)
class Period:
    """The numbers of a period from which cards are made."""

    needs: NeedCounts
    coverage: Coverage
    precision: Rate

    @classmethod
    def of(cls, selection: Selection) -> Period:
        return cls(
            figures.need_counts(selection),
            figures.coverage(selection),
            figures.precision(selection),
        )


def cards(selection: Selection, now: Period, before: Period) -> list[Card]:
    """Abandonment is beside resolution and deflection, and of the same size."""
    rates, earlier = now.needs.ends.rates, before.needs.ends.rates

    def card(title: str, name: str, base: str = "closed", beside: Card | None = None) -> Card:
        return _rate_card(selection, title, (name, base), (rates[name], earlier[name]), beside)

    confirmed = card("Confirmed", "confirmed")
    return [
        card("Resolution", "resolution", beside=confirmed),
        card("Deflection", "deflection", "offered"),
        card("Abandonment", "abandonment"),
        _rate_card(
            selection,
            "Escalation",
            ("escalation", "closed"),
            (rates["escalation"], earlier["escalation"]),
        ),
        _rate_card(
            selection,
            "Coverage",
            ("answered", "asks"),
            (now.coverage.total, before.coverage.total),
            definition="coverage",
        ),
        _rate_card(
            selection,
            "Precision of the sample",
            ("right", "judged"),
            (now.precision, before.precision),
            definition="precision",
        ),
        *count_cards(selection, now, before),
    ]


def count_cards(selection: Selection, now: Period, before: Period) -> list[Card]:
    ends, earlier = now.needs.ends, before.needs.ends
    numbers = [
        ("Needs", "needs", "need", ends.total, earlier.total),
        ("Still open", "open", "open", ends.open, earlier.open),
        (
            *("Anonymous visitors", "anonymous", "anonymous"),
            *(sum(ends.anonymous.values()), sum(earlier.anonymous.values())),
        ),
    ]
    return [
        Card(
            title,
            link(number, name, selection),
            "not recognised after their session" if name == "anonymous" else "",
            None,
            str(number_before),
            DEFINITIONS[definition],
        )
        for title, name, definition, number, number_before in numbers
    ]


def _rate_card(
    selection: Selection,
    title: str,
    names: tuple[str, str],
    values: tuple[Rate, Rate],
    beside: Card | None = None,
    *,
    definition: str = "",
) -> Card:
    (name, base), (rate, before) = names, values
    low_high = ""
    if rate.interval:
        low, high = rate.interval
        low_high = f"95 % interval {100 * low:.0f} to {100 * high:.0f} %"
    return Card(
        title,
        link(rate.text if rate.value is not None else rate.count, name, selection),
        low_high if rate.value is not None else "too few for a rate",
        link(f"{rate.count} of {rate.total}", base, selection),
        before.text if before.value is not None else f"{before.count} of {before.total}",
        DEFINITIONS[definition or name],
        beside,
    )


def days_of(selection: Selection) -> list[date]:
    return [selection.first + timedelta(days=number) for number in range(selection.days)]


def needs_by_day(selection: Selection, counts: NeedCounts) -> dict[str, Any]:
    days = days_of(selection)
    table = [
        (
            day,
            [
                _day_link(selection, day, kind, counts.days.get(day, {}).get(kind, 0))
                for kind in KINDS
            ],
        )
        for day in days
    ]
    totals = [
        (kind, link(_total(counts, kind), kind, selection), DEFINITIONS[kind]) for kind in KINDS
    ]
    return {
        "chart": charts.stacked_bars(days, counts.days, KINDS),
        "kinds": KINDS,
        "totals": totals,
        "table": table,
    }


def _total(counts: NeedCounts, kind: str) -> int:
    return counts.ends.open if kind == OPEN else counts.ends.closed.get(kind, 0)


def _day_link(selection: Selection, day: date, kind: str, count: int) -> Link | None:
    if not count:
        return None
    one_day = Selection(day, day, selection.category, selection.audience, zone=selection.zone)
    return link(count, kind, one_day)


def coverage_by_release(selection: Selection, coverage: Coverage) -> dict[str, Any]:
    """A level for each release from its mark on, and a dot for each day."""
    releases = figures.releases_until(selection)
    starts = {
        release.number: max(release.published_at.astimezone(selection.zone).date(), selection.first)
        for release in releases
    }
    ends = [*(starts[release.number] for release in releases[1:]), selection.last + DAY]
    spans = [
        charts.Span(
            starts[release.number],
            max(end - DAY, starts[release.number]),
            coverage.releases[release.number].value
            if release.number in coverage.releases
            else None,
            f"Release {release.number}",
        )
        # Without a release there is one end too many.
        for release, end in zip(releases, ends, strict=False)
    ]
    published = {release.number: release for release in releases}
    table = [
        (
            number,
            published.get(number),
            rate,
            link(rate.count, "answered", selection, release=number),
            link(rate.total, "asks", selection, release=number),
        )
        for number, rate in coverage.releases.items()
    ]
    values = {day: rate.value for day, rate in coverage.days.items()}
    return {"chart": charts.line_chart(days_of(selection), values, spans), "table": table}


def escalations(selection: Selection) -> list[dict[str, Any]]:
    """By the reason of the ticket; ``width``: percent of the commonest."""
    groups = figures.escalations(selection)
    most = max((count for _, count in groups), default=1)
    labels = dict(Ticket.Reason.choices)
    return [
        {
            "label": labels.get(reason, "Not recorded"),
            "count": link(count, "escalated", selection, reason=reason),
            "width": f"{100 * count / most:.1f}",
        }
        for reason, count in groups
    ]


def tickets_by(selection: Selection, parameter: str) -> list[dict[str, Any]]:
    return [
        ticket_row(ticket_figures, selection, **{parameter: ticket_figures.name})
        for ticket_figures in figures.tickets_by(selection, parameter)
    ]


def ticket_row(
    ticket_figures: TicketFigures, selection: Selection, **narrowed: str
) -> dict[str, Any]:
    return {
        "figures": ticket_figures,
        "otherwise": "None" if narrowed else "All",
        "opened": link(ticket_figures.opened, "tickets", selection, **narrowed),
        "replied": link(ticket_figures.replied, "replied", selection, **narrowed),
        "resolved": link(ticket_figures.resolved, "resolved", selection, **narrowed),
        "met": link(ticket_figures.sla.count, "met", selection, **narrowed),
        "decided": link(ticket_figures.sla.total, "decided", selection, **narrowed),
    }


def faq_uses(selection: Selection) -> list[dict[str, Any]]:
    return [
        {
            "use": use,
            "answered": link(use.answered, "answered", selection, faq_id=use.faq_id),
            "helpful": link(use.helpful, "helpful", selection, faq_id=use.faq_id),
            "unhelpful": link(use.unhelpful, "unhelpful", selection, faq_id=use.faq_id),
            "rated": Rate(use.helpful, use.helpful + use.unhelpful),
        }
        for use in figures.faq_uses(selection)
    ]


def costliest_gaps(selection: Selection) -> list[tuple[str, GapCost]]:
    """Each with its title."""
    costs = figures.costliest_gaps(selection)
    titles = listing.gap_titles([cost.gap for cost in costs])
    return [(titles[cost.gap.pk], cost) for cost in costs]


def week() -> dict[str, Any]:
    """The last closed week in four figures, each with a line of the days before it."""
    selection = Selection.closed_week()
    longer = Selection(
        selection.last - timedelta(days=SPARK_DAYS - 1), selection.last, zone=selection.zone
    )
    ends = figures.need_counts(selection).ends
    days = figures.need_counts(longer).days
    rates = ends.rates
    chosen = [
        ("Needs", "needs", str(ends.total), f"{ends.open} still open", KINDS),
        *(
            (title, name, rates[name].text, rates[name].note, kinds)
            for title, name, kinds in (
                ("Resolved", "resolution", (End.CONFIRMED, End.CONTAINED)),
                ("Abandoned", "abandonment", (End.ABANDONED,)),
                ("Escalated", "escalation", (End.ESCALATED,)),
            )
        ),
    ]
    return {
        "first": selection.first,
        "last": selection.last,
        "url": f"{reverse('outcomes')}?{query(selection)}",
        "figures": [
            {
                "title": title,
                "value": link(text, name, selection),
                "note": note,
                "line": charts.sparkline(
                    [sum(days.get(day, {}).get(k, 0) for k in kinds) for day in days_of(longer)]
                ),
            }
            for title, name, text, note, kinds in chosen
        ],
    }
