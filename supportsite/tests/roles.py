"""The desk's groups, for tests that start from an emptied database."""

from __future__ import annotations

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunPython


def make_roles() -> None:
    """As the migrations of this app make them."""
    loader = MigrationLoader(connection)
    for key in sorted(key for key in loader.disk_migrations if key[0] == "supportsite"):
        for operation in loader.disk_migrations[key].operations:
            if isinstance(operation, RunPython):
                operation.code(apps, None)
