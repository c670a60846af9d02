"""Curators and publishers edit the sources of FAQs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import migrations

permission = import_module("supportsite.migrations.0001_roles").permission
PERMISSIONS = ("faq.view_source", "faq.add_source", "faq.change_source", "faq.delete_source")


def grant(apps: Any, schema_editor: Any) -> None:
    for role in ("curator", "publisher"):
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        group.permissions.add(*(permission(apps, label) for label in PERMISSIONS))


class Migration(migrations.Migration):
    dependencies = [("supportsite", "0011_channels"), ("faq", "0015_sources")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
