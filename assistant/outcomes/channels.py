"""The figures of a period by channel, by the same definitions as those of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.outcomes.rates import Ends, Rate

if TYPE_CHECKING:
    from assistant.outcomes.figures import Coverage, NeedCounts

TITLES = {"": "Not recorded", "api": "API", "help": "Help page", "mail": "Mail"}
"""Titles of the site's own ways to ask; all others are rows of the page Channels."""

NO_NEEDS = Ends({}, {}, 0, {})


@dataclass(frozen=True)
class ChannelFigures:
    """Figures of the needs that began in a channel, and the coverage of its asks."""

    name: str
    ends: Ends
    coverage: Rate

    @property
    def title(self) -> str:
        return TITLES.get(self.name, self.name)

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, **self.ends.as_dict(), "coverage": self.coverage.as_dict()}


def by_channel(needs: NeedCounts, coverage: Coverage) -> list[ChannelFigures]:
    """The figures of each channel, those with most asks first."""
    rows = [
        ChannelFigures(
            name,
            needs.channels.get(name, NO_NEEDS),
            coverage.channels.get(name, Rate(0, 0)),
        )
        for name in needs.channels.keys() | coverage.channels.keys()
    ]
    return sorted(rows, key=lambda row: (-row.coverage.total, row.name))
