"""The desk's roles as groups: each may open what it works on, and nothing else."""

from __future__ import annotations

from typing import Any

from django.db import migrations

CURATOR = ("faq.view_faq", "faq.add_faq", "faq.change_faq", "faq.view_release")
ROLES = {
    "curator": CURATOR,
    "publisher": (*CURATOR, "faq.publish_release"),
    "support": ("tickets.view_ticket", "tickets.change_ticket"),
    "auditor": ("audit.view_record",),
}
NAMES = {
    "faq": "FAQ",
    "record": "audit record",
    "publish_release": "Can publish and roll back",
    "propose_faq": "Can propose FAQs and phrasings",
}


def make(apps: Any, schema_editor: Any) -> None:
    groups = apps.get_model("auth", "Group").objects
    for role, granted in ROLES.items():
        group, _ = groups.get_or_create(name=role)
        group.permissions.add(*(permission(apps, label) for label in granted))


def permission(apps: Any, label: str) -> Any:
    """Django itself makes these after the last migration only, and then finds them here."""
    app, codename = label.split(".")
    verb, model = codename.split("_", 1)
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label=app, model=model
    )
    name = NAMES.get(codename, f"Can {verb} {NAMES.get(model, model)}")
    found, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename=codename, defaults={"name": name}
    )
    return found


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("faq", "0003_drafts"),
        ("tickets", "0001_initial"),
        ("audit", "0001_initial"),
    ]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
