"""Publish every draft."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.identity.cli_user import actor
from faq.models import Release
from faq.progress_bar import bar
from faq.releases import unreadable
from faq.releases.publishing import PublishError, publish
from faq.releases.review import release_changes


class Command(BaseCommand):
    help = "Publish all drafts as a release, optionally with another embedding model."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--note", default="", help="a note for the release")
        parser.add_argument(
            "--model",
            default="",
            help="the embedding model from now on: a name that prepare_model lists, or a folder",
        )
        parser.add_argument(
            "--nothing-else",
            action="store_true",
            help="do not publish drafts; only change the model",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        before = Release.objects.live()
        try:
            with bar("Embedding") as progress:
                release = publish(
                    actor=actor(),
                    note=options["note"],
                    only=() if options["nothing_else"] else None,
                    model=options["model"],
                    progress=progress,
                )
        except PublishError as failure:
            raise CommandError(f"Nothing was published: {failure}") from None
        if release == before:
            self.stdout.write(f"Nothing has changed since release {release.number}.")
            return
        self.stdout.write(
            f"Release {release.number}: {release.added} added, {release.changed} changed, "
            f"{release.retired} retired; embedded with {release.embedder}."
        )
        for change in release_changes(before, release):
            for warning in unreadable.warnings(change.phrasings_added):
                self.stdout.write(f"{change.slug}: {warning}.")
