"""Forget the Chroma collections and vectors that only old releases need."""

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
        "Keep the Chroma collections of the last releases, and the vectors these and the drafts "
        "need. Releases themselves stay: going back to an old one makes anew what it lacks."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--keep", type=int, default=settings.KEEP_COLLECTIONS, help="how many")
        parser.add_argument(
            "--orphans",
            action="store_true",
            help="also collections that no release names; not while anybody publishes",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keep"] < 1:
            raise CommandError("--keep must be at least 1: the live release needs its own.")
        try:
            done = pruning.prune(options["keep"], orphans=options["orphans"], actor=actor())
        except Unavailable as failure:
            raise CommandError(str(failure)) from None
        self.stdout.write(f"{len(done.collections)} collections and {done.vectors} vectors gone.")
