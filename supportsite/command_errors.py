"""Errors of the database in management commands: one line that says what to do."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import InterfaceError, OperationalError
from psycopg.errors import UndefinedColumn, UndefinedTable

NOT_MIGRATED = (
    "The database does not have the tables of this version. Run manage.py migrate; `make run` "
    "does that too."
)


def advice(error: BaseException) -> str:
    """The line for an error that the database caused; empty for any other error."""
    causes = list(_causes(error))
    if any(isinstance(cause, (UndefinedTable, UndefinedColumn)) for cause in causes):
        return NOT_MIGRATED
    for cause in causes:
        if isinstance(cause, (OperationalError, InterfaceError)):
            return f"The database is not available: {' '.join(str(cause).split())}"
    return ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
