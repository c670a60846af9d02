"""Rates in the format of DRF's throttles, such as 60/min. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

_RATE = re.compile(r"[1-9][0-9]{0,8}/(s|sec|m|min|h|hour|d|day)")


def parse(text: str) -> str | None:
    """A rate such as ``60/min``; None for ``off``, no limit. Raises ``ValueError``."""
    if text == "off":
        return None
    if not _RATE.fullmatch(text):
        raise ValueError(f"like 60/min, 10/s, 1000/h or off, not {text!r}")
    return text


def parse_by_role(text: str, allowed: Collection[str]) -> dict[str, str | None]:
    """``customer=60/min support=600/min``; a role that is not named has no limit."""
    rates: dict[str, str | None] = {}
    for entry in text.split() if text != "off" else ():
        role, _, rate = entry.partition("=")
        if role not in allowed:
            raise ValueError(f"like customer=60/min, of {', '.join(allowed)}, not {entry!r}")
        rates[role] = parse(rate)
    return rates
