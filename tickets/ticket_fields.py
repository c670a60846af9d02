"""Limits of a ticket's fields, and the redaction of those that people fill in."""

from __future__ import annotations

from typing import Any

from audit.privacy.gateway import Channel, apply_inbound

MAX_TEXT_LENGTH = 4000
MAX_TAG_LENGTH = 50
MAX_TAGS = 20

FIELDS = ("priority", "category", "tags", "reason")
AMENDABLE = (*FIELDS, "email")
"""Fields that ``amend`` may change."""

_BRACKETS = str.maketrans("", "", "[]")


def clean_field(name: str, value: Any) -> Any:
    """The value to store, redacted. Tags have no brackets, not even those of a placeholder."""
    if name == "category":
        return apply_inbound(Channel.TICKETS, value, field=name)
    if name == "tags":
        tags = {
            apply_inbound(Channel.TICKETS, tag, field=name).translate(_BRACKETS) for tag in value
        }
        return sorted(tags)
    return value
