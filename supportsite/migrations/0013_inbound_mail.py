"""Support sees the mails that came in, opens tickets from parked ones, and dismisses them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import migrations

permission = import_module("supportsite.migrations.0001_roles").permission
PERMISSIONS = ("tickets.view_inboundmail", "tickets.change_inboundmail")


def grant(apps: Any, schema_editor: Any) -> None:
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="support")
    group.permissions.add(*(permission(apps, label) for label in PERMISSIONS))


class Migration(migrations.Migration):
    dependencies = [("supportsite", "0012_sources"), ("tickets", "0013_inbound_mail")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
