"""Let the database role of the web processes add to the audit trail, and nothing else."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from psycopg import sql

ADDED_TO = ("audit_record", "audit_subjectkey")
ONLY_READ = ("audit_seal", "audit_signedcheckpoint", "audit_prunecertificate")

EVERYTHING_ELSE = """
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role};
REVOKE ALL ON {audit} FROM {role};
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role};
GRANT SELECT, INSERT ON {added_to} TO {role};
GRANT SELECT ON {only_read} TO {role}
"""
# However it comes by them: as superuser or owner, through another role, or as everybody.
STILL_MAY = """
SELECT t.name, p.privilege
  FROM unnest(%(tables)s::text[]) AS t(name), unnest(%(privileges)s::text[]) AS p(privilege)
 WHERE has_table_privilege(%(role)s, t.name, p.privilege)
"""
OWNS = """
SELECT relname, 'owner' FROM pg_class
 WHERE oid = ANY(%(tables)s::regclass[]) AND pg_has_role(%(role)s, relowner, 'MEMBER')
"""
TO_CHANGE = ["UPDATE", "DELETE", "TRUNCATE", "TRIGGER"]


class Command(BaseCommand):
    help = (
        "Run by the tables' owner after each migrate. ROLE must exist; it may add to the audit "
        "trail and read it, and read and write everything else."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role")

    def handle(self, *args: Any, **options: Any) -> None:
        role = options["role"]
        statement = sql.SQL(EVERYTHING_ELSE).format(
            role=sql.Identifier(role),
            audit=_tables(*ADDED_TO, *ONLY_READ),
            added_to=_tables(*ADDED_TO),
            only_read=_tables(*ONLY_READ),
        )
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role])
            if not cursor.fetchone()[0]:
                raise CommandError(f"There is no role {role}: CREATE ROLE … LOGIN makes one.")
            cursor.execute(statement.as_string(connection.connection))
            if surplus := _surplus(cursor, role):
                raise CommandError(
                    f"{role} could change the trail ({surplus}), so nothing was granted: "
                    "it must be no superuser, own nothing, and be no member of a role that does."
                )
        self.stdout.write(f"{role} may add to the audit trail and read it, no more.")


def _tables(*names: str) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _surplus(cursor: Any, role: str) -> str:
    """What it could still do to the trail, such as ``UPDATE on audit_record``."""
    found = []
    for statement, tables, privileges in (
        (STILL_MAY, ADDED_TO, TO_CHANGE),
        (STILL_MAY, ONLY_READ, ["INSERT", *TO_CHANGE]),
        (OWNS, (*ADDED_TO, *ONLY_READ), []),
    ):
        cursor.execute(statement, {"tables": list(tables), "privileges": privileges, "role": role})
        found += [f"{privilege} on {table}" for table, privilege in cursor.fetchall()]
    return ", ".join(found[:3])
