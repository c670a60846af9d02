"""One process at a time groups the questions of a site."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

LOCK = 0x5265_6772_6F75_7073
"""Number of the advisory lock, the same in every version of this site: "Regroups"."""


class RegroupRuns(Exception):
    """Another process groups the questions now."""


@contextmanager
def only_regroup() -> Iterator[None]:
    """For a command. Raises ``RegroupRuns`` instead of waiting."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        (is_ours,) = cursor.fetchone()
        if not is_ours:
            raise RegroupRuns("Another process groups the questions now. Try again later.")
        yield
        # After an exception the lock ends with the process, and so with its database session.
        cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
