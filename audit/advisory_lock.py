"""One process at a time does something: a session's advisory lock of Postgres.

Such a lock survives commits, and ends with the connection at the latest, so that a killed process
leaves none behind. See https://www.postgresql.org/docs/current/explicit-locking.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def try_lock(number: int, name: str | None = None) -> Iterator[bool]:
    """Hold the lock until the block ends; False, at once, if another session has it.

    ``number``: one that nothing else uses. ``name``: of one of many locks of that number, which
    then has at most 31 bits.
    """
    key = "%s" if name is None else "%s, hashtext(%s)"
    values = (number,) if name is None else (number, name)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_lock({key})", values)
        (has_lock,) = cursor.fetchone()
    try:
        yield has_lock
    finally:
        # A session that was lost has lost its locks.
        if has_lock and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT pg_advisory_unlock({key})", values)
