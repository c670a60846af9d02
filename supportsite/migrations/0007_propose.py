"""Support reads FAQs and proposes new ones; curators and publishers may propose too."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import migrations

permission = import_module("supportsite.migrations.0001_roles").permission
ROLES = {
    "support": ("faq.view_faq", "faq.propose_faq"),
    "curator": ("faq.propose_faq",),
    "publisher": ("faq.propose_faq",),
}


def grant(apps: Any, schema_editor: Any) -> None:
    for role, labels in ROLES.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        group.permissions.add(*(permission(apps, label) for label in labels))


class Migration(migrations.Migration):
    dependencies = [("supportsite", "0006_invitation"), ("faq", "0011_stages")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
