"""Publish the FAQs as they stand."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.command_line import actor
from faq.models import Release
from faq.progress import bar
from faq.publishing import PublishError, publish


class Command(BaseCommand):
    help = "Make a release of the FAQs as they stand, with the configured embedding model."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--note", default="", help="what the release is about")

    def handle(self, *args: Any, **options: Any) -> None:
        before = Release.objects.live()
        try:
            with bar("Embedding") as progress:
                made = publish(actor=actor(), note=options["note"], progress=progress)
        except PublishError as failure:
            raise CommandError(f"Nothing was published: {failure}") from None
        if made == before:
            self.stdout.write(f"Nothing has changed since release {made.number}.")
            return
        self.stdout.write(
            f"Release {made.number}: {made.added} added, {made.changed} changed, "
            f"{made.retired} retired."
        )
