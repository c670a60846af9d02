"""Times for the desk's pages, in the time zone of the request."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format

WITH_SECONDS = "j\u00a0M\u00a0Y,\u00a0H:i:s\u00a0T"


def format_local(at: datetime, *, seconds: bool = False) -> str:
    """Such as ``29 Nov 2026, 17:27 CET``, with no-break spaces, so that it stays on one line."""
    return date_format(timezone.localtime(at), WITH_SECONDS if seconds else "DATETIME_FORMAT")
