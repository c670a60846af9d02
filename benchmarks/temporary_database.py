"""A database that is created for a benchmark, and dropped afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from audit.people.pseudonyms import SubjectKey


@contextmanager
def temporary_database(app: str | None = None) -> Iterator[None]:
    """Migrated, for one app or for all. The site's own database is not touched."""
    name = connection.settings_dict["NAME"]
    temporary = f"{name}_benchmark"
    _execute(f'DROP DATABASE IF EXISTS "{temporary}"', f'CREATE DATABASE "{temporary}"')
    anchors = settings.AUDIT_ANCHOR_DIR
    SubjectKey.objects.clear_cache()
    try:
        connections.close_all()
        connection.settings_dict["NAME"] = temporary
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes(app))
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = name
        settings.AUDIT_ANCHOR_DIR = anchors
        SubjectKey.objects.clear_cache()
        _execute(f'DROP DATABASE IF EXISTS "{temporary}"')


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
