"""Ids of records that this process committed and that no later record lists yet.

The next record of the process lists them. If one is deleted before it is sealed, its id is still
listed, and ``audit_verify`` reports it.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from threading import Lock

MAX_LISTED = 100
"""The most ids that one record lists; the next record lists the rest."""

_lock = Lock()
_unlisted: dict[int, None] = {}


def unlisted(limit: int | None = MAX_LISTED) -> list[int]:
    """The oldest ids first."""
    with _lock:
        return list(islice(_unlisted, limit))


def add(record_id: int, previous: Iterable[int]) -> None:
    """Add a committed record, which lists ``previous``."""
    with _lock:
        _unlisted[record_id] = None
    forget(previous)


def forget(ids: Iterable[int]) -> None:
    """Remove ids that a later record lists, or that are sealed."""
    with _lock:
        for record_id in ids:
            _unlisted.pop(record_id, None)
