"""The position of the gaps moves to the table that all readers of the log share."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def copy(apps: Any, schema_editor: Any) -> None:
    for row in apps.get_model("assistant", "GapPosition").objects.all():
        positions = apps.get_model("audit", "LogPosition").objects
        positions.update_or_create(pk="assistant.gaps", defaults={"sequence": row.sequence})


class Migration(migrations.Migration):
    dependencies = [("assistant", "0008_labels"), ("audit", "0006_log_positions")]

    operations = [
        migrations.RunPython(copy, migrations.RunPython.noop),
        migrations.DeleteModel("GapPosition"),
    ]
