"""The database itself refuses to change, delete or truncate audit records.

``ENABLE ALWAYS``: the triggers fire under ``session_replication_role = replica`` as well.
"""

from typing import ClassVar

from django.db import migrations

REFUSE = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit records are append-only: % refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER audit_record_rows BEFORE UPDATE OR DELETE ON audit_record
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_record_truncate BEFORE TRUNCATE ON audit_record
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE audit_record ENABLE ALWAYS TRIGGER audit_record_rows;
ALTER TABLE audit_record ENABLE ALWAYS TRIGGER audit_record_truncate;
"""

ALLOW = """
DROP TRIGGER audit_record_rows ON audit_record;
DROP TRIGGER audit_record_truncate ON audit_record;
DROP FUNCTION audit_refuse();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("audit", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL(REFUSE, ALLOW)]
