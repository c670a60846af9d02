"""Rebuild the live release's Chroma collection from Postgres."""

from __future__ import annotations

from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assistant import wiring
from assistant.interfaces import (
    Drift,
    Entry,
    Index,
    IndexMismatch,
    IndexUnavailable,
    Unavailable,
)
from assistant.releases import indexing
from faq.models import Release


class Command(BaseCommand):
    help = "Rebuild the live release's Chroma collection from Postgres; --check only compares."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="only compare; exit code 1 if they differ"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        release = Release.objects.live()
        if release is None:
            raise CommandError("There is no release yet: run manage.py ingest first.")
        expected = indexing.expected_entries(release)
        try:
            index = wiring.index()
            compare = index.drift if options["check"] else partial(drift_or_drop, index)
            drift = compare(release.collection, expected)
            if drift and not options["check"]:
                index.drop(release.collection)
            if not options["check"]:
                indexing.sync(index, release.collection, expected)
        except IndexMismatch as mismatch:
            if options["check"]:
                raise CommandError(str(mismatch)) from None
            index.drop(release.collection)
            indexing.sync(index, release.collection, expected)
            self.stdout.write("The collection had a different metric or dimension and was rebuilt.")
            return
        except Unavailable as failure:
            raise CommandError(str(failure)) from None
        summary = (
            f"{len(expected)} phrasings: {len(drift.missing)} missing, "
            f"{len(drift.changed)} changed, {len(drift.surplus)} surplus"
        )
        if options["check"] and drift:
            raise CommandError(f"The index differs. {summary}. Run manage.py reindex.")
        self.stdout.write(f"{summary}; {'rebuilt' if drift else 'nothing to do'}.")


def drift_or_drop(index: Index, collection: str, expected: list[Entry]) -> Drift:
    """The differences. A collection that Chroma cannot read is dropped first.

    Raises ``IndexMismatch`` or ``Unavailable``.
    """
    try:
        return index.drift(collection, expected)
    except IndexUnavailable:
        # Raises as well if the server itself does not answer.
        index.ping()
        index.drop(collection)
        return index.drift(collection, expected)
