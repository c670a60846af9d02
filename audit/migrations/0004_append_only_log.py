"""The triggers of 0002 on every table of the log.

A person's key may be deleted, which is what erasing is, but never changed.
"""

from typing import ClassVar

from django.db import migrations

REFUSED = {
    "audit_record": "UPDATE OR DELETE",
    "audit_seal": "UPDATE OR DELETE",
    "audit_signedcheckpoint": "UPDATE OR DELETE",
    "audit_prunecertificate": "UPDATE OR DELETE",
    "audit_subjectkey": "UPDATE",
}

REFUSE = """
CREATE TRIGGER {table}_rows BEFORE {events} ON {table}
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_rows;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_truncate;
"""

ALLOW = """
DROP TRIGGER {table}_rows ON {table};
DROP TRIGGER {table}_truncate ON {table};
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("audit", "0003_sealed_log")]
    operations: ClassVar = [
        migrations.RunSQL(REFUSE.format(table=table, events=events), ALLOW.format(table=table))
        for table, events in REFUSED.items()
    ]
