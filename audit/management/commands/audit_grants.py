"""Grant the web processes' database role only what it needs: the audit trail is append-only."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from psycopg import sql

APPEND_ONLY_TABLES = ("audit_record", "audit_subjectkey")
READ_ONLY_TABLES = ("audit_seal", "audit_signedcheckpoint", "audit_prunecertificate")

GRANTS = """
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role};
REVOKE ALL ON {audit} FROM {role};
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role};
GRANT SELECT, INSERT ON {append_only} TO {role};
GRANT SELECT ON {read_only} TO {role}
"""
# Also those of a superuser, of an owner, of another role that it is a member of, and of PUBLIC.
EFFECTIVE_PRIVILEGES = """
SELECT t.name, p.privilege
  FROM unnest(%(tables)s::text[]) AS t(name), unnest(%(privileges)s::text[]) AS p(privilege)
 WHERE has_table_privilege(%(role)s, t.name, p.privilege)
"""
OWNED_TABLES = """
SELECT relname, 'owner' FROM pg_class
 WHERE oid = ANY(%(tables)s::regclass[]) AND pg_has_role(%(role)s, relowner, 'MEMBER')
"""
CHANGING_PRIVILEGES = ["UPDATE", "DELETE", "TRUNCATE", "TRIGGER"]


class Command(BaseCommand):
    help = (
        "Grant a database role read and insert on the audit trail, read and write on the rest. "
        "Run it as the tables' owner after each migrate; ROLE must exist."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", help="the database role that the web processes sign in with")

    def handle(self, *args: Any, **options: Any) -> None:
        role = options["role"]
        statement = sql.SQL(GRANTS).format(
            role=sql.Identifier(role),
            audit=_tables(*APPEND_ONLY_TABLES, *READ_ONLY_TABLES),
            append_only=_tables(*APPEND_ONLY_TABLES),
            read_only=_tables(*READ_ONLY_TABLES),
        )
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role])
            if not cursor.fetchone()[0]:
                raise CommandError(f"There is no role {role}. First run: CREATE ROLE {role} LOGIN")
            cursor.execute(statement.as_string(connection.connection))
            if surplus := _surplus(cursor, role):
                raise CommandError(
                    f"{role} could change the trail ({surplus}), so nothing was granted: "
                    "take from it superuser rights, ownership of tables, and membership in roles "
                    "that have them."
                )
        self.stdout.write(f"{role} may read the audit trail and add to it, but not change it.")


def _tables(*names: str) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _surplus(cursor: Any, role: str) -> str:
    """Privileges that could change the trail, such as ``UPDATE on audit_record``."""
    surplus = []
    for statement, tables, privileges in (
        (EFFECTIVE_PRIVILEGES, APPEND_ONLY_TABLES, CHANGING_PRIVILEGES),
        (EFFECTIVE_PRIVILEGES, READ_ONLY_TABLES, ["INSERT", *CHANGING_PRIVILEGES]),
        (OWNED_TABLES, (*APPEND_ONLY_TABLES, *READ_ONLY_TABLES), []),
    ):
        cursor.execute(statement, {"tables": list(tables), "privileges": privileges, "role": role})
        surplus += [f"{privilege} on {table}" for table, privilege in cursor.fetchall()]
    return ", ".join(surplus[:3])
