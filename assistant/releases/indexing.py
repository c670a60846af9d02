"""Synchronise Chroma's collections with the releases.

A release does not wait for Chroma, which only proposes candidates: its collection may be completed
when the release is already live.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from assistant import embedders, wiring
from assistant.interfaces import Entry, Index, IndexUnavailable
from assistant.matching import stored_vectors
from assistant.matching.entries import (
    answer_entries,
    answer_texts,
    answers_of,
    entries,
    phrasings,
)
from assistant.models import IndexedCollection
from faq.content import Content
from faq.models import Release

log = logging.getLogger("assistant.releases.indexing")


def sync(index: Index, collection: str, expected: Iterable[Entry]) -> None:
    """Make the collection hold exactly these entries, and mark it as complete.

    Raises ``IndexUnavailable``.
    """
    index.sync(collection, expected)
    IndexedCollection.objects.get_or_create(name=collection)


def with_answers(collections: Iterable[str]) -> set[str]:
    """Names of collections of phrasings, and of the answers' collections beside them."""
    return {name for collection in collections for name in (collection, answers_of(collection))}


def is_complete(release: Release) -> bool:
    """True if the release's collections have been completed."""
    names = with_answers([release.collection])
    return IndexedCollection.objects.filter(name__in=names).count() == len(names)


def can_catch_up() -> bool:
    """Whether Chroma answers, and has not all of the live release. Imports and starts nothing."""
    release = Release.objects.live()
    if release is None or is_complete(release):
        return False
    try:
        wiring.running_index().ping()
    except IndexUnavailable as failure:
        log.info("Release %s is not in Chroma yet: %s", release.number, failure)
        return False
    return True


def catch_up() -> None:
    """Complete the live release's collections, if Chroma was down when it was published.

    Does nothing while Chroma is down. Starts no server. Raises ``IndexUnavailable`` or
    ``EmbedderUnavailable``.
    """
    release = Release.objects.live()
    if release and can_catch_up():
        sync_release(wiring.running_index(), release)
        log.info("Release %s is in Chroma now.", release.number)


def sync_release(index: Index, release: Release) -> None:
    """Complete both collections of a release.

    Raises ``IndexUnavailable``, or ``EmbedderUnavailable`` if vectors are missing, as of a release
    that was published before answers were indexed.
    """
    for collection, expected in expected_collections(release).items():
        sync(index, collection, expected)


def expected_collections(release: Release) -> dict[str, Sequence[Entry]]:
    """The entries of each collection of a release. Raises ``EmbedderUnavailable``."""
    contents = list(release.contents().values())
    return {
        release.collection: expected_entries(release),
        answers_of(release.collection): expected_answers(release, contents),
    }


def expected_answers(release: Release, contents: Iterable[Content]) -> list[Entry]:
    contents = list(contents)
    texts = {text for content in contents for text in answer_texts(content)}
    vectors = stored_vectors.stored(release.embedder, texts)
    if len(vectors) < len(texts):
        vectors = dict(stored_vectors.ensure(embedders.embedder_of(release), texts))
    return answer_entries(contents, vectors)


def expected_entries(release: Release) -> list[Entry]:
    """The entries of a release's collection, from Postgres."""
    contents = release.contents().values()
    return entries(contents, stored_vectors.stored(release.embedder, phrasings(contents)))
