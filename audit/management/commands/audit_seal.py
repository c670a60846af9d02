"""Append new audit records to the sealed log, and sign a checkpoint."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit import keys
from audit.advisory_lock import try_lock
from audit.sealing.seal_loop import seal_until
from audit.sealing.sealer import LOCK, CannotSeal, Sealer


class Command(BaseCommand):
    help = "Seal new audit records: append them to the hash chain and sign a checkpoint."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="seal once a second until stopped")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            keys.signer()
        except keys.NoSigningKey as error:
            raise CommandError(str(error)) from None
        if options["loop"]:
            stop = Event()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
            seal_until(stop)
            return
        with try_lock(LOCK) as has_lock:
            if not has_lock:
                self.stdout.write("Another sealer is running; it seals within a second.")
                return
            try:
                self.stdout.write(f"{self._seal_all()} records sealed.")
            except CannotSeal as error:
                raise CommandError(
                    f"Nothing was sealed: {error}. Run: manage.py audit_verify"
                ) from None

    @staticmethod
    def _seal_all() -> int:
        sealer, sealed = Sealer(keys.signer(), settings.AUDIT_ANCHOR_DIR), 0
        while count := sealer.round():
            sealed += count
        return sealed
