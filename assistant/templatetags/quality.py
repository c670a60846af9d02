"""Proportions for people to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def proportion(stored: Mapping[str, Any]) -> str:
    """Such as ``94.8% (93.5% to 95.9%) of 1432``; takes ``Proportion.as_dict()``."""
    if stored["value"] is None:
        return "-"
    low, high = stored["interval"]
    return f"{stored['value']:.1%} ({low:.1%} to {high:.1%}) of {stored['total']}"
