"""Bind name and lookup of every person's key by a keyed MAC.

Rows that exist are bound as they are now: a change before this migration cannot be found.
"""

from typing import Any, ClassVar

from django.db import migrations, models

from audit import keys
from audit.people import encryption

BATCH = 1_000


def bind(apps: Any, schema_editor: Any) -> None:
    people = apps.get_model("audit", "SubjectKey").objects
    rows = []
    for row in people.iterator(chunk_size=BATCH):
        row.mac = encryption.row_mac(
            keys.mac_key(), row.pseudonym, bytes(row.lookup), row.name, bytes(row.key)
        )
        rows.append(row)
    people.bulk_update(rows, ["mac"], batch_size=BATCH)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("audit", "0004_append_only_log")]
    operations: ClassVar = [
        migrations.AddField(
            "subjectkey",
            "mac",
            models.BinaryField(
                default=b"", max_length=32, help_text="Binds name, lookup and key to the pseudonym."
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(
            "ALTER TABLE audit_subjectkey DISABLE TRIGGER audit_subjectkey_rows",
            "ALTER TABLE audit_subjectkey ENABLE ALWAYS TRIGGER audit_subjectkey_rows",
        ),
        migrations.RunPython(bind, migrations.RunPython.noop),
        migrations.RunSQL(
            "ALTER TABLE audit_subjectkey ENABLE ALWAYS TRIGGER audit_subjectkey_rows",
            "ALTER TABLE audit_subjectkey DISABLE TRIGGER audit_subjectkey_rows",
        ),
    ]
