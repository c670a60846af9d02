"""Delete the Chroma collections and vectors that only old releases need."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from assistant.interfaces import Unavailable
from assistant.releases import pruning
from audit.identity.cli_user import actor


class Command(BaseCommand):
    help = (
        "Delete Chroma collections and vectors that neither the last releases nor drafts need. "
        "Releases themselves stay: a rollback to an old one recomputes what it needs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--keep",
            type=int,
            default=settings.KEEP_COLLECTIONS,
            help="how many releases to keep complete",
        )
        parser.add_argument(
            "--orphans",
            action="store_true",
            help="also delete collections without a release; not while anybody publishes",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keep"] < 1:
            raise CommandError("--keep must be at least 1: the live release needs its own.")
        try:
            pruned = pruning.prune(options["keep"], orphans=options["orphans"], actor=actor())
        except Unavailable as failure:
            raise CommandError(str(failure)) from None
        self.stdout.write(
            f"Deleted {len(pruned.collections)} collections and {pruned.vectors} vectors."
        )
