"""The lock that serializes writes to the knowledge base."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

ADVISORY_LOCK = 0x5355_5050_0001


@contextmanager
def lock_knowledge_base() -> Iterator[None]:
    """A transaction that waits for other writers of the knowledge base and keeps them out.

    The lock ends with the outermost transaction.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        yield
