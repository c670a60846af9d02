"""Read sources of FAQs again; changes become drafts for the review."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.identity.cli_user import actor
from faq.models import Source
from faq.sources.fetching import FetchFailed
from faq.sources.jobs import fetch_again


class Command(BaseCommand):
    help = (
        "Read sources of FAQs that are due, or those named. Changes become drafts for the review; "
        "nothing is published."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="sources to read now")

    def handle(self, *args: Any, **options: Any) -> None:
        names = options["names"]
        sources = list(Source.objects.filter(name__in=names) if names else Source.objects.due())
        if missing := set(names) - {source.name for source in sources}:
            raise CommandError(f"There is no source {', '.join(sorted(missing))}.")
        new = [source.name for source in sources if not source.is_imported]
        if new:
            raise CommandError(f"Look at the preview at the desk first: {', '.join(new)}.")
        failed = [source.name for source in sources if not self._fetch(source)]
        if failed:
            raise CommandError(f"{len(failed)} of {len(sources)} sources could not be read.")
        self.stdout.write(f"{len(sources)} sources read.")

    def _fetch(self, source: Source) -> bool:
        try:
            result = fetch_again(source, by=actor())
        except FetchFailed as failure:
            self.stdout.write(f"{source.name} could not be read, nothing changed: {failure}.")
            return False
        self.stdout.write(f"{source.name}: {result}.")
        for problem in result.problems:
            self.stdout.write(f"  {problem}")
        return True
