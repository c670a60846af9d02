"""Values of the rows and tables of outcomes, for people to read."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template

from audit import local_time

register = template.Library()

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@register.filter
def span(length: timedelta | None) -> str:
    """Such as ``2 d 3 h``, ``1 h 20 min`` or ``4 min``."""
    if length is None:
        return "–"
    if length >= DAY:
        return f"{length // DAY} d {length % DAY // HOUR} h"
    if length >= HOUR:
        return f"{length // HOUR} h {length % HOUR // MINUTE} min"
    return f"{length // MINUTE} min"


@register.filter
def cell(value: object) -> str:
    if isinstance(value, datetime):
        return local_time.format_local(value)
    return "" if value is None else str(value)


@register.filter
def words(name: str) -> str:
    """``first_ask`` is "First ask"."""
    return name.replace("_", " ").capitalize()
