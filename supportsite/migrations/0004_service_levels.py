"""Support sees the business hours and targets; who may change them is said in the admin."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import migrations

permission = import_module("supportsite.migrations.0001_roles").permission
MODELS = ("servicelevel", "holiday")


def grant(apps: Any, schema_editor: Any) -> None:
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="support")
    group.permissions.add(*(permission(apps, f"tickets.view_{model}") for model in MODELS))


class Migration(migrations.Migration):
    dependencies = [("supportsite", "0003_identity"), ("tickets", "0004_service_levels")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
