"""Names that people sign in with."""

from __future__ import annotations

import re

from django.contrib.auth.models import User

MAX_NAME_LENGTH = 140
"""Shorter than the column, so that a number fits behind it."""


def from_full_name(name: str) -> str:
    """``Ann Lee`` -> ``ann.lee``; no address, which audit records would mask."""
    words = re.findall(r"\w+", User.normalize_username(name).lower())
    return ".".join(words)[:MAX_NAME_LENGTH] or "colleague"


def unused(base: str) -> str:
    """``base``, or with the first free number: ``ann.lee-2``. An account is never taken over."""
    used = set(User.objects.filter(username__startswith=base).values_list("username", flat=True))
    return next(
        candidate
        for candidate in (base, *(f"{base}-{number}" for number in range(2, len(used) + 3)))
        if candidate not in used
    )
