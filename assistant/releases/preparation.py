"""Make a release ready before it exists: its vectors in Postgres, its collection in Chroma.

Both are named by their content, so everything here can be repeated after a crash, and a release
that says what an earlier one said finds its collection still there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain

from django.conf import settings

from assistant import wiring
from assistant.calibration import fitted_policies
from assistant.interfaces import Unavailable, Vector
from assistant.matching import stored_vectors
from assistant.matching.entries import arriving
from assistant.releases.pruning import drop_collections
from faq.content import KnowledgeBase
from faq.models import Release
from faq.releases.publishing import NotReady, Prepared, Progress


def prepare(
    knowledge_base: KnowledgeBase, *, model: str = "", progress: Progress | None = None
) -> Prepared:
    """The ``faq.releases.publishing.preparation``. Raises ``NotReady`` with the cure."""
    contents = list(knowledge_base.contents.values())
    try:
        embedder = wiring.embedder(model)
        prepared = Prepared(
            embedder=embedder.name,
            collection=collection_of(knowledge_base, embedder.name),
            fingerprint=knowledge_base.fingerprint(embedder=embedder.name),
            model=embedder.model,
        )
        live = Release.objects.live()
        if live and live.fingerprint == prepared.fingerprint:
            return replace(prepared, policy=live.policy)
        known: dict[str, Vector] = {}
        coming = stored_vectors.arriving(
            embedder, fitted_policies.needed(contents), progress=progress
        )
        # The first are embedded while Chroma starts, the next while it takes those before.
        stored = next(coming)
        noted = _noting(known, chain([stored], coming))
        wiring.index().sync(prepared.collection, arriving(contents, noted))
        # One more than are kept: the one that is made ready counts as soon as it is live.
        drop_collections(settings.KEEP_COLLECTIONS, besides={prepared.collection})
        precision = fitted_policies.refit_precision(live.policy if live else "")
        fitted = fitted_policies.fit_and_store(contents, known, embedder, precision=precision)
    except Unavailable as failure:
        raise NotReady(str(failure)) from failure
    return replace(prepared, policy=fitted)


def collection_of(knowledge_base: KnowledgeBase, embedder: str) -> str:
    """Named by what it holds: FAQs as one embedder sees them; rules are not in it."""
    held = KnowledgeBase(knowledge_base.contents).fingerprint(embedder=embedder)
    return f"{settings.FAQ_COLLECTION_NAME}-{held[:16]}"


def _noting(
    known: dict[str, Vector], coming: Iterable[Mapping[str, Vector]]
) -> Iterator[Mapping[str, Vector]]:
    for some in coming:
        known.update(some)
        yield some
