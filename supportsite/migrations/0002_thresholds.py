"""Publishers say how sure an answer of a category must be."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import migrations

permission = import_module("supportsite.migrations.0001_roles").permission
VERBS = ("view", "add", "change", "delete")


def grant(apps: Any, schema_editor: Any) -> None:
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="publisher")
    group.permissions.add(*(permission(apps, f"faq.{verb}_categoryrule") for verb in VERBS))


class Migration(migrations.Migration):
    dependencies = [("supportsite", "0001_roles"), ("faq", "0003_drafts")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
