"""Who edits FAQs edits the set replies and the terms that put an FAQ first."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import migrations

permission = import_module("supportsite.migrations.0001_roles").permission
PERMISSIONS = (
    *("assistant.view_setreply", "assistant.change_setreply"),
    *("assistant.view_priorityterm", "assistant.add_priorityterm"),
    *("assistant.change_priorityterm", "assistant.delete_priorityterm"),
)


def grant(apps: Any, schema_editor: Any) -> None:
    for role in ("curator", "publisher"):
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        group.permissions.add(*(permission(apps, label) for label in PERMISSIONS))


class Migration(migrations.Migration):
    dependencies = [("supportsite", "0004_service_levels"), ("assistant", "0004_desk_texts")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
