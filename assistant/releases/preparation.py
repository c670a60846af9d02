"""Prepare a release before it is published: vectors in Postgres, a collection in Chroma.

Both are addressed by content: preparation can be repeated after a crash, and a release with the
content of an earlier one reuses its collection.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain

from django.conf import settings

from assistant import embedders, wiring
from assistant.calibration import fitted_policies
from assistant.interfaces import Embedder, IndexUnavailable, Unavailable, Vector
from assistant.matching import stored_vectors
from assistant.matching.entries import (
    answer_entries,
    answer_texts,
    answers_of,
    entries_as_embedded,
    phrasings,
)
from assistant.releases import indexing
from assistant.releases.pruning import drop_collections
from faq.content import Content, KnowledgeBase
from faq.models import Release
from faq.releases.publishing import NotReady, Prepared, Progress

log = logging.getLogger("assistant.releases.preparation")


def prepare(
    knowledge_base: KnowledgeBase, *, model: str = "", progress: Progress | None = None
) -> Prepared:
    """The ``faq.releases.publishing.preparation``. Raises ``NotReady`` with the fix."""
    contents = list(knowledge_base.contents.values())
    try:
        embedder = embedders.embedder(model)
        prepared = Prepared(
            embedder=embedder.name,
            collection=collection_of(knowledge_base, embedder.name),
            fingerprint=knowledge_base.fingerprint(embedder=embedder.name),
            model=embedder.model,
            second_embedder=_embed_second_language(contents),
        )
        live = Release.objects.live()
        if live and live.fingerprint == prepared.fingerprint:
            return replace(prepared, policy=live.policy)
        vectors: dict[str, Vector] = {}
        batches = stored_vectors.ensure_in_batches(
            embedder, fitted_policies.needed(contents), progress=progress
        )
        # The first batch is embedded while Chroma starts, the others while Chroma writes.
        stored = next(batches)
        collected = _collect(vectors, chain([stored], batches))
        _index(prepared.collection, contents, collected, embedder)
        adopted = fitted_policies.adopted_policy(live, contents)
        fitted = fitted_policies.fit_and_store(contents, vectors, embedder, adopted=adopted)
    except Unavailable as failure:
        raise NotReady(str(failure)) from failure
    return replace(prepared, policy=fitted)


def _index(
    collection: str,
    contents: list[Content],
    collected: Iterator[Mapping[str, Vector]],
    embedder: Embedder,
) -> None:
    """Fill the release's collections. If Chroma is down, the worker does it later.

    ``collected``: the phrasings' vectors, each batch once it is stored.
    """
    try:
        index = wiring.index()
        indexing.sync(index, collection, entries_as_embedded(contents, collected))
        answers = answer_entries(contents, _answer_vectors(embedder, contents))
        indexing.sync(index, answers_of(collection), answers)
        # The new collections belong to no release yet, so exclude them here.
        drop_collections(settings.KEEP_COLLECTIONS, besides={collection})
    except IndexUnavailable as failure:
        log.warning("The release is not added to Chroma now: %s", failure)
        for _ in collected:
            # Embed the remaining batches.
            pass
        _answer_vectors(embedder, contents)


def _answer_vectors(embedder: Embedder, contents: list[Content]) -> Mapping[str, Vector]:
    """Store the vectors of the answers' sentences."""
    texts = (text for content in contents for text in answer_texts(content))
    return stored_vectors.ensure(embedder, texts)


def _embed_second_language(contents: list[Content]) -> str:
    """Store the phrasings' vectors by the multilingual model; its name, empty without one."""
    embedder = embedders.second_language_embedder()
    if embedder is None:
        return ""
    stored_vectors.ensure(embedder, phrasings(contents))
    return embedder.name


def collection_of(knowledge_base: KnowledgeBase, embedder: str) -> str:
    """A collection's name: a digest of the FAQs and the embedder, without the rules."""
    fingerprint = KnowledgeBase(knowledge_base.contents).fingerprint(embedder=embedder)
    return f"{settings.FAQ_COLLECTION_NAME}-{fingerprint[:16]}"


def _collect(
    vectors: dict[str, Vector], batches: Iterable[Mapping[str, Vector]]
) -> Iterator[Mapping[str, Vector]]:
    """Pass on the batches, and add each to ``vectors``."""
    for batch in batches:
        vectors.update(batch)
        yield batch
