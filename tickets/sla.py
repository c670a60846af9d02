"""Compute when a ticket is due, in business hours. Pure.

Opening hours are wall-clock times in one time zone; targets are elapsed time. A day on which the
clocks go forward during opening hours is an hour shorter, but a target of two hours is always two
hours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_SPAN = re.compile(
    r"(?P<first>[a-z]{3})(-(?P<last>[a-z]{3}))? (?P<opens>[\d:]+)-(?P<closes>[\d:]+)"
)
_TARGET = re.compile(r"(?P<count>\d{1,4})(?P<unit>[mh])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1)}
_MIDNIGHT = "24:00"

Window = tuple[datetime, datetime]
"""When the desk opens and when it closes, both in UTC."""


@dataclass(frozen=True)
class Shift:
    """From a time of day to another of the same day; ``closes`` None means midnight."""

    opens: time
    closes: time | None


@dataclass(frozen=True)
class Calendar:
    """Opening hours of the desk: shifts by weekday (Monday is 0), and holidays without any."""

    shifts: Mapping[int, tuple[Shift, ...]]
    zone: ZoneInfo
    holidays: frozenset[date] = frozenset()

    def add(self, start: datetime, span: timedelta) -> datetime:
        """The moment, in UTC, at which ``span`` of business time has passed since ``start``."""
        # Within one time zone Python subtracts wall-clock times and ignores changes of the clocks.
        start, remaining = start.astimezone(UTC), span
        for opens, closes in self._windows(start):
            begins = max(opens, start)
            if remaining <= closes - begins:
                return begins + remaining
            remaining -= closes - begins
        raise AssertionError("windows have no end")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The business time between two moments; 0 if the second is earlier."""
        start, end, passed = start.astimezone(UTC), end.astimezone(UTC), timedelta()
        for opens, closes in self._windows(start):
            if opens >= end:
                return passed
            passed += min(closes, end) - max(opens, start)
        raise AssertionError("windows have no end")

    def _windows(self, start: datetime) -> Iterator[Window]:
        """Every window that closes after ``start``, without end."""
        day = start.astimezone(self.zone).date()
        while True:
            for opens, closes in self._windows_of(day):
                if closes > start:
                    yield opens, closes
            day += timedelta(days=1)

    def _windows_of(self, day: date) -> Iterator[Window]:
        if day in self.holidays:
            return
        for shift in self.shifts.get(day.weekday(), ()):
            last = day if shift.closes else day + timedelta(days=1)
            opens, closes = self._utc(day, shift.opens), self._utc(last, shift.closes or time())
            # A shift within the hour that the clocks skip has no duration.
            if opens < closes:
                yield opens, closes

    def _utc(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)


def shifts(text: str) -> dict[int, tuple[Shift, ...]]:
    """``mon-fri 09:00-17:00, sat 10:00-14:00`` by weekday. Raises ``ValueError``."""
    by_weekday: dict[int, list[Shift]] = {}
    for part in text.lower().split(","):
        match = _SPAN.fullmatch(" ".join(part.split()))
        if not match:
            raise ValueError(f"like mon-fri 09:00-17:00, not {part.strip()!r}")
        shift = _shift(match["opens"], match["closes"])
        for day in _days(match["first"], match["last"] or match["first"]):
            by_weekday.setdefault(day, []).append(shift)
    by_day = {
        day: tuple(sorted(day_shifts, key=lambda shift: shift.opens))
        for day, day_shifts in by_weekday.items()
    }
    for day_shifts in by_day.values():
        for earlier, later in pairwise(day_shifts):
            if earlier.closes is None or later.opens < earlier.closes:
                raise ValueError("shifts that do not overlap")
    return by_day


def _shift(opens: str, closes: str) -> Shift:
    try:
        shift = Shift(
            time.fromisoformat(opens),
            None if closes == _MIDNIGHT else time.fromisoformat(closes),
        )
    except ValueError:
        raise ValueError(f"times like 09:00-17:00, not {opens}-{closes}") from None
    if shift.closes is not None and shift.opens >= shift.closes:
        raise ValueError(f"an opening before its closing, not {opens}-{closes}")
    return shift


def _days(first: str, last: str) -> list[int]:
    if first not in DAYS or last not in DAYS:
        raise ValueError(f"days of {', '.join(DAYS)}, not {first}-{last}")
    start, length = DAYS.index(first), (DAYS.index(last) - DAYS.index(first)) % 7 + 1
    return [(start + step) % 7 for step in range(length)]


def zone(text: str) -> ZoneInfo:
    """Such as Asia/Karachi. Raises ``ValueError``."""
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"a name such as Asia/Karachi, not {text!r}") from None


def target(text: str) -> timedelta:
    """Business time, such as 30m or 4h. Raises ``ValueError``."""
    match = _TARGET.fullmatch(text)
    if not match:
        raise ValueError(f"like 30m or 4h, not {text!r}")
    return int(match["count"]) * _UNITS[match["unit"]]
