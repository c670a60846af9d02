"""A cursor that sends values beside its statement, where Django's own writes them into it.

That is half the work where a value is long. Django can do so too (OPTIONS, server_side_binding),
but then for every statement, and its own may not all be taken like that.
"""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.backends.utils import CursorWrapper
from django.db.utils import DEFAULT_DB_ALIAS
from psycopg import Cursor


def server_cursor() -> CursorWrapper:
    """On Django's own connection: with its transactions, errors and log of statements."""
    connection: Any = connections[DEFAULT_DB_ALIAS]
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    made: CursorWrapper = connection._prepare_cursor(Cursor(connection.connection))
    return made
