"""Take old audit records out of the database, once an export holds them."""

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
from audit.log_format.merkle import Disagreement
from audit.log_format.prune_certificate import Certificate
from audit.log_format.verification import Base
from audit.management.commands.audit_export import moment
from audit.models import PruneCertificate, record
from audit.sealing import export as exporting
from audit.sealing import log_reader

PRUNED = ("audit_record", "audit_seal", "audit_signedcheckpoint")

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
    help = "Delete sealed records before a time that FILE holds; a signed certificate stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--before", type=moment, required=True, help="a day or time, ISO 8601")
        parser.add_argument(
            "--export", type=Path, required=True, help="what audit_export wrote of those records"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            signer = keys.signer()
            written = options["export"].read_bytes()
            with transaction.atomic():
                pruned = self._prune(options["before"], written, signer)
        except (keys.NoSigningKey, OSError, BadNote, Disagreement, UnicodeDecodeError) as wrong:
            raise CommandError(f"Nothing was pruned: {wrong}") from None
        self.stdout.write(f"{pruned} records are now only in {options['export']}. Keep it.")

    def _prune(self, before: Any, written: bytes, signer: Signer) -> int:
        base = log_reader.base(signer.public)
        size = exporting.place_at(before, otherwise=0)
        if size <= base.frontier.size:
            raise CommandError("Nothing was pruned: no sealed record is that old.")
        _check(written, base, size, signer)
        left = exporting.tree_at(size, base)
        gone = log_reader.erased(signer.public)
        with connection.cursor() as cursor:
            _set_triggers(cursor, "DISABLE")
            cursor.execute(DELETE, {"size": size})
            _set_triggers(cursor, "ENABLE ALWAYS")
            cursor.execute(STILL_NAMED, [sorted(gone)])
            named = tuple(row[0] for row in cursor.fetchall())
        certificate = Certificate(
            size=size,
            root=left.frontier.root(),
            chain=left.chain,
            export=sha256(written).hexdigest(),
            erased=named,
        )
        PruneCertificate.objects.create(
            size=size, note=certificate.signed(signer), frontier=left.frontier.as_bytes()
        )
        told = {"records": size - base.frontier.size, "until": size, "export": certificate.export}
        record("records.pruned", actor=actor(), data=told)
        return size - base.frontier.size


def _check(written: bytes, base: Base, size: int, signer: Signer) -> None:
    """Raise ``Disagreement`` unless the export holds every record that would go."""
    export = exporting.read(written.decode().splitlines(), signer.public)
    start = base.frontier.size
    if export.first > start or export.until < size:
        raise Disagreement(
            f"the export has places {export.first} to {export.until}, needed are {start} to {size}"
        )
    held = export.leaves[start - export.first : size - export.first]
    if held != list(exporting.leaves(start, size)):
        raise Disagreement("the export has other records than the database")


def _set_triggers(cursor: Any, verb: str) -> None:
    for table in PRUNED:
        for level in ("rows", "truncate"):
            cursor.execute(f"ALTER TABLE {table} {verb} TRIGGER {table}_{level}")
