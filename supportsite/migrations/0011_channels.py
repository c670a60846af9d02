"""Publishers edit channels; support sees what came in by them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import migrations

permission = import_module("supportsite.migrations.0001_roles").permission
PERMISSIONS = {
    "publisher": (
        *("assistant.view_channel", "assistant.add_channel", "assistant.change_channel"),
        "assistant.view_message",
    ),
    "support": ("assistant.view_channel", "assistant.view_message"),
}


def grant(apps: Any, schema_editor: Any) -> None:
    for name, labels in PERMISSIONS.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        group.permissions.add(*(permission(apps, label) for label in labels))


class Migration(migrations.Migration):
    dependencies = [("supportsite", "0010_help_page"), ("assistant", "0018_channels")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
