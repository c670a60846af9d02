"""Read all rows of tables and write them back, for tests that empty the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import connection, transaction


def filled_tables() -> set[str]:
    """Names of the tables that have rows."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        quoted = [f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")" for table in tables]
        cursor.execute(" UNION ALL ".join(quoted))
        return {table for (table,) in cursor.fetchall()}


def read(tables: Iterable[str]) -> dict[str, bytes]:
    """The rows of each table, in the binary format of COPY."""
    rows = {}
    with connection.cursor() as cursor:
        for table in tables:
            with cursor.copy(f'COPY "{table}" TO STDOUT (FORMAT binary)') as copy:
                rows[table] = b"".join(copy)
    return rows


def write(rows: Mapping[str, bytes]) -> None:
    """Insert what ``read`` returned. Foreign keys are checked at the end, so any order will do.

    Sequences stay where they are: they are beyond these rows.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        for table, content in rows.items():
            with cursor.copy(f'COPY "{table}" FROM STDIN (FORMAT binary)') as copy:
                copy.write(content)
