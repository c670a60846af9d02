"""Rates that do not claim more than their counts support, and what each figure means. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assistant.calibration.proportion import Proportion
from assistant.outcomes.needs import End

MIN_TOTAL = 20
"""Fewer needs than this have no rate."""

INTERVAL_UNDER = 400
"""Rates of fewer needs than this are shown with their 95 % interval."""

RESOLVED = (End.CONFIRMED, End.CONTAINED)

DEFINITIONS = {
    "need": "What one person wanted: their asks in one conversation, or less than 30 minutes "
    "apart. It counts on the day of its first ask. Greetings, refused texts, benchmarks "
    "and previews belong to no need.",
    "open": "A need is open until 7 days after its last ask. Open needs are in no rate.",
    "escalated": "A ticket names one of its asks, or the same person opened a ticket, before the "
    "need was closed.",
    "rejected": "No ticket, but an answer was rated unhelpful, or “none of these” was picked.",
    "abandoned": "The last reply asked back or did not answer, and nothing came after it.",
    "confirmed": "Answered, and the person rated it helpful or picked the option.",
    "contained": "Answered, and nothing came after it. Nobody knows whether it helped.",
    "resolution": "Confirmed and contained needs out of all closed needs.",
    "deflection": "The same, out of closed needs whose person could have opened a ticket.",
    "abandonment": "Abandoned needs out of all closed needs.",
    "escalation": "Escalated needs out of all closed needs.",
    "rejection": "Rejected needs out of all closed needs.",
    "coverage": "Asks that were answered out of asks that an FAQ could answer: all except "
    "greetings, requests for a person and messages without readable words.",
    "channel": "Where the first ask of a need came from, and where an ask came from: the API, the "
    "help page, mail, or a row of the page Channels. The same definitions as of the whole.",
    "anonymous": "Visitors without an identity cannot be recognised after their session: a later "
    "visit, rating or ticket is that of a new visitor. They are counted separately.",
    "precision": "Answers judged right out of all judged answers of the weekly sample: 20 "
    "answered asks, drawn at random.",
    "first_reply": "From opening the ticket to the first public reply of the desk: elapsed time, "
    "nights and weekends included.",
    "resolution_time": "From opening the ticket to its last resolution: elapsed time.",
    "in_time": "Resolved tickets that were never overdue, out of those resolved or overdue.",
}


@dataclass(frozen=True)
class Rate:
    """``count`` out of ``total``; without a value below ``MIN_TOTAL``."""

    count: int
    total: int

    @property
    def value(self) -> float | None:
        """0..1, or None."""
        return self.count / self.total if self.total >= MIN_TOTAL else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval (Wilson), 0..1; None where there is no value, or from 400 needs."""
        if self.value is None or self.total >= INTERVAL_UNDER:
            return None
        return Proportion(self.count, self.total).interval

    @property
    def text(self) -> str:
        """Such as ``81 %``."""
        return "–" if self.value is None else f"{100 * self.value:.0f} %"

    @property
    def note(self) -> str:
        """Such as ``73 to 87 %, 97 of 120``."""
        counts = f"{self.count} of {self.total}"
        if self.value is None:
            return f"{counts}: too few for a rate"
        if self.interval is None:
            return counts
        low, high = self.interval
        return f"{100 * low:.0f} to {100 * high:.0f} %, {counts}"

    def as_dict(self) -> dict[str, Any]:
        return {
            "count": self.count,
            "total": self.total,
            "value": None if self.value is None else round(self.value, 4),
            "interval": [round(bound, 4) for bound in self.interval] if self.interval else None,
        }


@dataclass(frozen=True)
class Ends:
    """Numbers of needs of one period. ``closed`` by end; ``offered``: closed needs whose person
    could have opened a ticket, by end; ``anonymous``: needs of visitors, by end, open or closed.
    """

    closed: Mapping[str, int]
    offered: Mapping[str, int]
    open: int
    anonymous: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.closed.values()) + self.open

    @property
    def rates(self) -> dict[str, Rate]:
        return {
            "resolution": self._rate(self.closed, *RESOLVED),
            "confirmed": self._rate(self.closed, End.CONFIRMED),
            "deflection": self._rate(self.offered, *RESOLVED),
            "abandonment": self._rate(self.closed, End.ABANDONED),
            "escalation": self._rate(self.closed, End.ESCALATED),
            "rejection": self._rate(self.closed, End.REJECTED),
        }

    @staticmethod
    def _rate(counts: Mapping[str, int], *ends: End) -> Rate:
        return Rate(sum(counts.get(end, 0) for end in ends), sum(counts.values()))

    def as_dict(self) -> dict[str, Any]:
        return {
            "needs": self.total,
            "open": self.open,
            "ends": {end.value: self.closed.get(end, 0) for end in End},
            "anonymous": {end.value: self.anonymous.get(end, 0) for end in End},
            **{name: rate.as_dict() for name, rate in self.rates.items()},
        }
