"""Prove that one audit record is in the log, to anybody who has the public key."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import keys
from audit.log_format.checkpoint import BadNote, PublicKey
from audit.log_format.merkle import inclusion_proof
from audit.models import Record, Seal, SignedCheckpoint
from audit.sealing import export, log_reader


class Command(BaseCommand):
    help = "Write a proof that a record is in the log; `python -m audit.proof` checks it anywhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int)
        parser.add_argument("--key", help="default: the public key of AUDIT_SIGNING_KEY")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key = PublicKey.parse(options["key"]) if options["key"] else keys.public_key()
            with log_reader.snapshot():
                proof = self._proof(options["id"], key)
        except (keys.NoSigningKey, BadNote) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(json.dumps(proof, ensure_ascii=False, indent=1))

    @staticmethod
    def _proof(record_id: int, key: PublicKey) -> dict[str, Any]:
        record = Record.objects.filter(pk=record_id).first()
        if record is None:
            raise CommandError(f"There is no record {record_id}.")
        seal = Seal.objects.filter(record_id=record_id).first()
        covering = SignedCheckpoint.objects.last()
        if seal is None or covering is None:
            raise CommandError(
                f"Record {record_id} is not sealed yet. Wait a few seconds, or run: "
                "manage.py audit_seal"
            )
        start = log_reader.log_start(key).frontier
        leaves = list(export.leaves(start.size, covering.size))
        path = inclusion_proof(seal.sequence, covering.size, leaves, start)
        return {
            "id": record_id,
            "sequence": seal.sequence,
            "canonical": bytes(record.canonical).decode(),
            "path": [node.hex() for node in path],
            "checkpoint": covering.note,
            "key": str(key),
        }
