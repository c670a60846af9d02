"""The tables and charts of the page of outcomes, each number with its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from assistant.outcomes import channels, figures
from assistant.outcomes.channels import ChannelFigures
from assistant.outcomes.desk import charts, listing
from assistant.outcomes.desk.links import Link, link
from assistant.outcomes.figures import Coverage, GapCost, NeedCounts, TicketFigures
from assistant.outcomes.needs import OPEN, End
from assistant.outcomes.rates import DEFINITIONS, Rate
from assistant.outcomes.selection import Selection
from tickets.models import Ticket

KINDS = (End.CONFIRMED, End.CONTAINED, End.ABANDONED, End.REJECTED, End.ESCALATED, OPEN)
"""From the bottom of a column to its top."""

DAY = timedelta(days=1)


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


@dataclass(frozen=True)
class RateCell:
    """A rate with the rows behind both of its numbers."""

    rate: Rate
    count: Link
    total: Link


def by_channel(needs: NeedCounts, coverage: Coverage, selection: Selection) -> list[dict[str, Any]]:
    """The needs and rates of each channel, those with most asks first."""
    return [_channel_row(row, selection) for row in channels.by_channel(needs, coverage)]


def _channel_row(row: ChannelFigures, selection: Selection) -> dict[str, Any]:
    def number(count: int, name: str) -> Link:
        return link(count, name, selection, channel=row.name)

    def cell(rate: Rate, name: str, base: str = "closed") -> RateCell:
        return RateCell(rate, number(rate.count, name), number(rate.total, base))

    ends, rates = row.ends, row.ends.rates
    return {
        "title": row.title,
        "needs": number(ends.total, "needs"),
        "open": number(ends.open, "open"),
        "rates": [
            cell(rates["resolution"], "resolution"),
            cell(rates["confirmed"], End.CONFIRMED.value),
            cell(rates["abandonment"], "abandonment"),
            cell(rates["escalation"], "escalation"),
            cell(row.coverage, "answered", "asks"),
        ],
        "anonymous": number(sum(ends.anonymous.values()), "anonymous"),
    }
