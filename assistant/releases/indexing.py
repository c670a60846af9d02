"""Synchronise Chroma's collections with the releases.

A release does not wait for Chroma, which only proposes candidates: its collection may be completed
when the release is already live.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from assistant import wiring
from assistant.interfaces import Entry, Index, IndexUnavailable
from assistant.matching import stored_vectors
from assistant.matching.entries import entries, phrasings
from assistant.models import IndexedCollection
from faq.models import Release

log = logging.getLogger("assistant.releases.indexing")


def sync(index: Index, collection: str, expected: Iterable[Entry]) -> None:
    """Make the collection hold exactly these entries, and mark it as complete.

    Raises ``IndexUnavailable``.
    """
    index.sync(collection, expected)
    IndexedCollection.objects.get_or_create(name=collection)


def is_complete(release: Release) -> bool:
    """True if the release's collection has been completed."""
    return IndexedCollection.objects.filter(name=release.collection).exists()


def catch_up() -> None:
    """Complete the live release's collection, if Chroma was down when it was published.

    Does nothing while Chroma is down. Starts no server.
    """
    release = Release.objects.live()
    if release is None or is_complete(release):
        return
    try:
        index = wiring.running_index()
        index.ping()
        sync(index, release.collection, expected_entries(release))
    except IndexUnavailable as failure:
        log.info("Release %s is not in Chroma yet: %s", release.number, failure)
        return
    log.info("Release %s is in Chroma now.", release.number)


def expected_entries(release: Release) -> list[Entry]:
    """The entries of a release's collection, from Postgres."""
    contents = release.contents().values()
    return entries(contents, stored_vectors.stored(release.embedder, phrasings(contents)))
