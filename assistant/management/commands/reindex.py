"""Rebuild the live release's Chroma collections from Postgres."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
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
from assistant.matching.entries import answers_of
from assistant.releases import indexing
from faq.models import Release


class Command(BaseCommand):
    help = "Rebuild the live release's Chroma collections from Postgres; --check only compares."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="only compare; exit code 1 if they differ"
        )
        parser.add_argument(
            "--missing",
            action="store_true",
            help="only add what Chroma missed while it was down; the worker does so",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        release = Release.objects.live()
        if release is None:
            raise CommandError("There is no release yet: run manage.py ingest first.")
        try:
            if options["missing"]:
                indexing.catch_up()
                return
            collections = indexing.expected_collections(release)
            summaries = [
                self._reindex(wiring.index(), name, expected, check=options["check"])
                for name, expected in collections.items()
            ]
        except Unavailable as failure:
            raise CommandError(str(failure)) from None
        self.stdout.write("\n".join(summaries))

    def _reindex(self, index: Index, name: str, expected: Sequence[Entry], *, check: bool) -> str:
        """What was done with a collection. Raises ``CommandError`` or ``Unavailable``."""
        noun = "answer sentences" if name.endswith(answers_of("")) else "phrasings"
        try:
            compare = index.drift if check else partial(drift_or_drop, index)
            drift = compare(name, expected)
            if drift and not check:
                index.drop(name)
            if not check:
                indexing.sync(index, name, expected)
        except IndexMismatch as mismatch:
            if check:
                raise CommandError(str(mismatch)) from None
            index.drop(name)
            indexing.sync(index, name, expected)
            return f"The collection of {noun} had a different metric or dimension and was rebuilt."
        summary = (
            f"{len(expected)} {noun}: {len(drift.missing)} missing, "
            f"{len(drift.changed)} changed, {len(drift.surplus)} surplus"
        )
        if check and drift:
            raise CommandError(f"The index differs. {summary}. Run manage.py reindex.")
        return f"{summary}; {'rebuilt' if drift else 'nothing to do'}."


def drift_or_drop(index: Index, collection: str, expected: Sequence[Entry]) -> Drift:
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
