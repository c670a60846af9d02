"""Read the header ``Retry-After``. Pure.

Source: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_SECONDS = 86_400
"""A receiver that asks for more is tried again after a day."""


def seconds(text: str, *, now: datetime) -> int | None:
    """From 0 to ``MAX_SECONDS``; None if it is neither a number of seconds nor a date."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        # Longer numbers than Python converts are refused, and these are long enough.
        return min(int(text[:10]), MAX_SECONDS)
    try:
        date = parsedate_to_datetime(text)
        # RFC 9110, 5.6.7: HTTP dates are in UTC, also where they do not say so.
        left = (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):
        return None
    return min(max(math.ceil(left.total_seconds()), 0), MAX_SECONDS)
