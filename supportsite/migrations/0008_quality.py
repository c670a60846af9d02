"""Curators and publishers measure the answers and label questions."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import migrations

permission = import_module("supportsite.migrations.0001_roles").permission
PERMISSIONS = (
    *("assistant.view_evaluationrun", "assistant.view_fittedpolicy"),
    *("assistant.view_label", "assistant.add_label", "assistant.delete_label"),
)


def grant(apps: Any, schema_editor: Any) -> None:
    for role in ("curator", "publisher"):
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        group.permissions.add(*(permission(apps, label) for label in PERMISSIONS))


class Migration(migrations.Migration):
    dependencies = [("supportsite", "0007_propose"), ("assistant", "0005_feedback")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
