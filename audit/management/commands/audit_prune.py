"""Delete old audit records from the database after they are exported."""

from __future__ import annotations

from argparse import ArgumentParser
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from audit import keys
from audit.identity.cli_user import actor
from audit.log_format.checkpoint import BadNote, Signer
from audit.log_format.merkle import HashMismatch
from audit.log_format.prune_certificate import Certificate
from audit.log_format.verification import LogStart
from audit.management.commands.audit_export import moment
from audit.models import PruneCertificate, record
from audit.sealing import export as exporting
from audit.sealing import log_reader

PRUNED = ("audit_record", "audit_seal", "audit_signedcheckpoint")

LAST_ID = "SELECT max(record_id) FROM audit_seal WHERE sequence < %s"
DELETE = """
DELETE FROM audit_record WHERE id IN (SELECT record_id FROM audit_seal WHERE sequence < %(size)s);
DELETE FROM audit_seal WHERE sequence < %(size)s;
DELETE FROM audit_signedcheckpoint WHERE size < %(size)s
"""
STILL_NAMED = """
SELECT name FROM unnest(%s::text[]) AS name
 WHERE EXISTS (SELECT FROM audit_record WHERE actor = name)
    OR EXISTS (SELECT FROM audit_record WHERE subject = name)
 ORDER BY name
"""


class Command(BaseCommand):
    help = "Delete old audit records that an export holds; a signed certificate replaces them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--before", type=moment, required=True, help="a date or time, ISO 8601")
        parser.add_argument(
            "--export", type=Path, required=True, help="the file with audit_export's output"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            signer = keys.signer()
            content = options["export"].read_bytes()
            with transaction.atomic():
                pruned = self._prune(options["before"], content, signer)
        except (keys.NoSigningKey, OSError, BadNote, HashMismatch, UnicodeDecodeError) as error:
            raise CommandError(f"Nothing was pruned: {error}") from None
        self.stdout.write(
            f"{pruned} records were deleted. They are now only in {options['export']}. Keep it."
        )

    def _prune(self, before: Any, content: bytes, signer: Signer) -> int:
        start = log_reader.log_start(signer.public)
        size = exporting.sequence_at(before, otherwise=0)
        if size <= start.frontier.size:
            raise CommandError("Nothing was pruned: no sealed record is older than --before.")
        _check(content, start, size, signer)
        tree = exporting.tree_at(size, start)
        erased = log_reader.erased_pseudonyms(signer.public)
        with connection.cursor() as cursor:
            _set_triggers(cursor, "DISABLE")
            cursor.execute(LAST_ID, [size])
            last_id = cursor.fetchone()[0]
            cursor.execute(DELETE, {"size": size})
            _set_triggers(cursor, "ENABLE ALWAYS")
            cursor.execute(STILL_NAMED, [sorted(erased)])
            still_named = tuple(row[0] for row in cursor.fetchall())
        certificate = Certificate(
            size=size,
            root=tree.frontier.root(),
            chain=tree.chain,
            export=sha256(content).hexdigest(),
            erased=still_named,
        )
        PruneCertificate.objects.create(
            size=size, note=certificate.signed(signer), frontier=tree.frontier.as_bytes()
        )
        data = {"records": size - start.frontier.size, "until": size, "last_id": last_id}
        data["export"] = certificate.export
        record(log_reader.PRUNED, actor=actor(), data=data)
        return size - start.frontier.size


def _check(content: bytes, start: LogStart, size: int, signer: Signer) -> None:
    """Raise ``HashMismatch`` unless the export holds every record to be deleted."""
    export = exporting.read(content.decode().splitlines(), signer.public)
    first = start.frontier.size
    if export.first > first or export.until < size:
        raise HashMismatch(
            f"the export has places {export.first} to {export.until}, "
            f"but {first} to {size} are needed"
        )
    leaves = export.leaves[first - export.first : size - export.first]
    if leaves != list(exporting.leaves(first, size)):
        raise HashMismatch("the export has other records than the database")


def _set_triggers(cursor: Any, verb: str) -> None:
    for table in PRUNED:
        for level in ("rows", "truncate"):
            cursor.execute(f"ALTER TABLE {table} {verb} TRIGGER {table}_{level}")
