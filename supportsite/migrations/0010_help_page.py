"""Publishers edit the help page and the sites that may show it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import migrations

permission = import_module("supportsite.migrations.0001_roles").permission
PERMISSIONS = (
    *("assistant.view_helppage", "assistant.change_helppage"),
    *("assistant.view_helpsite", "assistant.add_helpsite"),
    *("assistant.change_helpsite", "assistant.delete_helpsite"),
)


def grant(apps: Any, schema_editor: Any) -> None:
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="publisher")
    group.permissions.add(*(permission(apps, label) for label in PERMISSIONS))


class Migration(migrations.Migration):
    dependencies = [("supportsite", "0009_outcomes"), ("assistant", "0016_help_page")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
