"""How often something may happen: the generic cell rate algorithm. Pure.

Of each caller one number is kept, the time at which it will have made up for all it did (ATM Forum,
TM 4.0, section 4.4.2). A burst of ``times`` is let through, then one each ``seconds / times``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

UNITS = {"s": 1.0, "min": 60.0, "h": 3_600.0}

_RATE = re.compile(r"([1-9][0-9]{0,8})/(s|min|h)")


@dataclass(frozen=True)
class Rate:
    """So many times in so many seconds."""

    times: int
    seconds: float

    def __str__(self) -> str:
        unit = next(name for name, seconds in UNITS.items() if seconds == self.seconds)
        return f"{self.times}/{unit}"

    def admit(self, made_up_at: float, now: float) -> tuple[float, float]:
        """When the caller will have made up for it, and 0; or the old time, and seconds to wait."""
        each = self.seconds / self.times
        # A time beyond the longest possible is of another rate, or of a clock that was set back.
        start = min(max(made_up_at, now), now + self.seconds)
        wait = start + each - self.seconds - now
        if wait > 1e-9:
            return made_up_at, wait
        return start + each, 0.0


def parse(text: str) -> Rate | None:
    """``60/min``; ``off`` is no limit."""
    if text == "off":
        return None
    found = _RATE.fullmatch(text)
    if not found:
        raise ValueError(f"like 60/min, 10/s, 1000/h or off, not {text!r}")
    return Rate(int(found[1]), UNITS[found[2]])


def parse_by_role(text: str, known: Collection[str]) -> tuple[tuple[str, Rate | None], ...]:
    """``customer=60/min support=600/min`` in pairs; a role that is not named has no limit."""
    found: dict[str, Rate | None] = {}
    for entry in text.split() if text != "off" else ():
        role, _, rate = entry.partition("=")
        if role not in known:
            raise ValueError(f"like customer=60/min, of {', '.join(known)}, not {entry!r}")
        found[role] = parse(rate)
    return tuple(found.items())
