"""The figures of a period by channel, by the same definitions as those of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.outcomes.listing import Link, link
from assistant.outcomes.needs import End
from assistant.outcomes.rates import Ends, Rate
from assistant.outcomes.selection import Selection

if TYPE_CHECKING:
    from assistant.outcomes.figures import Coverage, NeedCounts

TITLES = {"": "Not recorded", "api": "API", "help": "Help page", "mail": "Mail"}
"""Of the site's own; all others are rows of the page Channels."""

NO_NEEDS = Ends({}, {}, 0, {})


@dataclass(frozen=True)
class ChannelFigures:
    """Of the needs whose first ask came by one channel, and of the asks that came by it."""

    name: str
    ends: Ends
    coverage: Rate

    @property
    def title(self) -> str:
        return TITLES.get(self.name, self.name)

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, **self.ends.as_dict(), "coverage": self.coverage.as_dict()}


def by_channel(needs: NeedCounts, coverage: Coverage) -> list[ChannelFigures]:
    """Those with most asks first."""
    rows = [
        ChannelFigures(
            name,
            needs.channels.get(name, NO_NEEDS),
            coverage.channels.get(name, Rate(0, 0)),
        )
        for name in needs.channels.keys() | coverage.channels.keys()
    ]
    return sorted(rows, key=lambda row: (-row.coverage.total, row.name))


@dataclass(frozen=True)
class RateCell:
    """A rate with the rows behind both of its numbers."""

    rate: Rate
    count: Link
    total: Link


def rows(needs: NeedCounts, coverage: Coverage, selection: Selection) -> list[dict[str, Any]]:
    """The rows of the page's table."""
    return [_row(figures, selection) for figures in by_channel(needs, coverage)]


def _row(figures: ChannelFigures, selection: Selection) -> dict[str, Any]:
    def number(count: int, name: str) -> Link:
        return link(count, name, selection, channel=figures.name)

    def cell(rate: Rate, name: str, base: str = "closed") -> RateCell:
        return RateCell(rate, number(rate.count, name), number(rate.total, base))

    ends, rates = figures.ends, figures.ends.rates
    return {
        "title": figures.title,
        "needs": number(ends.total, "needs"),
        "open": number(ends.open, "open"),
        "rates": [
            cell(rates["resolution"], "resolution"),
            cell(rates["confirmed"], End.CONFIRMED.value),
            cell(rates["abandonment"], "abandonment"),
            cell(rates["escalation"], "escalation"),
            cell(figures.coverage, "answered", "asks"),
        ],
        "anonymous": number(sum(ends.anonymous.values()), "anonymous"),
    }
