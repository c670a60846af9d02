"""Ids of the records that this process committed and that no later record names yet.

The next record of the process names them, so that a record that is deleted before it is sealed
leaves a name that points to nothing, which ``audit_verify`` finds.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from threading import Lock

MAX_NAMED = 100
"""Ids that one record names, at most; the next record names the rest."""

_lock = Lock()
_unnamed: dict[int, None] = {}


def unnamed(limit: int | None = MAX_NAMED) -> list[int]:
    """The oldest ids first."""
    with _lock:
        return list(islice(_unnamed, limit))


def add(record_id: int, previous: Iterable[int]) -> None:
    """A record was committed that names ``previous``."""
    with _lock:
        _unnamed[record_id] = None
    forget(previous)


def forget(ids: Iterable[int]) -> None:
    with _lock:
        for record_id in ids:
            _unnamed.pop(record_id, None)
