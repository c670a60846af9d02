"""Publish every draft."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.identity.cli_user import actor
from faq.files.progress import bar
from faq.models import Release
from faq.releases.publishing import PublishError, publish


class Command(BaseCommand):
    help = "Make a release of all drafts, with the live release's embedding model or another one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--note", default="", help="what the release is about")
        parser.add_argument(
            "--model", default="", help="embed with this one from now on: a folder or a name"
        )
        parser.add_argument(
            "--nothing-else", action="store_true", help="leave drafts be; for a change of model"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        before = Release.objects.live()
        try:
            with bar("Embedding") as progress:
                made = publish(
                    actor=actor(),
                    note=options["note"],
                    only=() if options["nothing_else"] else None,
                    model=options["model"],
                    progress=progress,
                )
        except PublishError as failure:
            raise CommandError(f"Nothing was published: {failure}") from None
        if made == before:
            self.stdout.write(f"Nothing has changed since release {made.number}.")
            return
        self.stdout.write(
            f"Release {made.number}: {made.added} added, {made.changed} changed, "
            f"{made.retired} retired; embedded with {made.embedder}."
        )
