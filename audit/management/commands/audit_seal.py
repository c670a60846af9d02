"""Give new audit records their place in the log, and sign it."""

from __future__ import annotations

import logging
import os
import signal
from argparse import ArgumentParser
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError, connection

from audit import keys
from audit.sealing.sealer import ROUND_RECORDS, CannotSeal, Sealer, only_sealer

ROUND_SECONDS = 1.0

log = logging.getLogger("audit.sealer")


class Command(BaseCommand):
    help = "Seal and sign the audit records that have no place in the log yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on, a round every second")
        parser.add_argument(
            "--until-orphaned",
            type=int,
            metavar="PID",
            help="with --loop: end when the process that started it, which this is, does",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            keys.signer()
        except keys.NoSigningKey as missing:
            raise CommandError(str(missing)) from None
        if options["loop"]:
            self._loop(options["until_orphaned"])
            return
        with only_sealer() as held:
            if not held:
                self.stdout.write("Another sealer is at work; it seals within a second.")
                return
            try:
                self.stdout.write(f"{self._seal_all()} records sealed.")
            except CannotSeal as wrong:
                raise CommandError(f"Nothing was sealed: {wrong}.") from None

    @staticmethod
    def _seal_all() -> int:
        sealer, sealed = Sealer(keys.signer(), settings.AUDIT_ANCHOR_DIR), 0
        while found := sealer.round():
            sealed += found
        return sealed

    def _loop(self, parent: int | None) -> None:
        told_to_end = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: told_to_end.set())
        while not (told_to_end.is_set() or _is_orphan(parent)):
            self._work(told_to_end, parent)
            told_to_end.wait(ROUND_SECONDS)

    @staticmethod
    def _work(told_to_end: Event, parent: int | None) -> None:
        """Seal for as long as nothing is wrong; whatever is may be mended by the next try."""
        try:
            with only_sealer() as held:
                if not held:
                    return
                sealer = Sealer(keys.signer(), settings.AUDIT_ANCHOR_DIR)
                while not (told_to_end.is_set() or _is_orphan(parent)):
                    if sealer.round() < ROUND_RECORDS:
                        told_to_end.wait(ROUND_SECONDS)
                # What was recorded while the site ended.
                sealer.round()
        except CannotSeal as wrong:
            log.critical("nothing is sealed: %s; run audit_verify", wrong)
            told_to_end.wait(30 * ROUND_SECONDS)
        except (DatabaseError, InterfaceError) as failure:
            log.warning("sealing waits for the database: %s", " ".join(str(failure).split()))
            connection.close()


def _is_orphan(parent: int | None) -> bool:
    return parent is not None and os.getppid() != parent
