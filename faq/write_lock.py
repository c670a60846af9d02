"""The lock that serializes writes to the knowledge base."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from django.db import connection, transaction

WRITE_SECONDS = 60.0
"""Time limit of a statement, including the wait for another writer, in processes with limits."""

ADVISORY_LOCK = 0x5355_5050_0001


@contextmanager
def lock_knowledge_base() -> Iterator[None]:
    """A transaction that excludes other writers of the knowledge base.

    The lock ends with the outermost transaction.
    """
    with transaction.atomic(), _time_limit(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        yield


def _time_limit() -> AbstractContextManager[None]:
    # A method of the site's database backend; Django's has no limits.
    limit: Callable[[float], AbstractContextManager[None]] | None
    limit = getattr(connection, "time_limit", None)
    return limit(WRITE_SECONDS) if limit else nullcontext()
