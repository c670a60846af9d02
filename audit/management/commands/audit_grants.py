"""Let the database role of the web processes add to the audit trail, and nothing else."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
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


class Command(BaseCommand):
    help = "Run by the tables' owner after each migrate; ROLE must exist and own nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role")

    def handle(self, *args: Any, **options: Any) -> None:
        statement = sql.SQL(EVERYTHING_ELSE).format(
            role=sql.Identifier(options["role"]),
            audit=_tables(*ADDED_TO, *ONLY_READ),
            added_to=_tables(*ADDED_TO),
            only_read=_tables(*ONLY_READ),
        )
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.as_string(connection.connection))
        self.stdout.write(f"{options['role']} may add to the audit trail and read it, no more.")


def _tables(*names: str) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
