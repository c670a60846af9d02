"""Support and publishers see the outcomes, and judge the weekly sample."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import migrations

permission = import_module("supportsite.migrations.0001_roles").permission
PERMISSIONS = ("assistant.view_need", "assistant.change_sampledask")


def grant(apps: Any, schema_editor: Any) -> None:
    for role in ("support", "publisher"):
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        group.permissions.add(*(permission(apps, label) for label in PERMISSIONS))


class Migration(migrations.Migration):
    dependencies = [("supportsite", "0008_quality"), ("assistant", "0014_outcomes")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
