"""Make a release ready before it exists: its vectors in Postgres, its collection in Chroma.

Both are named by their content, so everything here can be repeated after a crash, and a release
that says what an earlier one said finds its collection still there.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from assistant import vectors, wiring
from assistant.entries import entries, phrasings
from assistant.interfaces import Unavailable
from faq.content import Content, fingerprint
from faq.models import Release
from faq.publishing import NotReady, Prepared, Progress


def prepare(contents: Sequence[Content], *, progress: Progress | None = None) -> Prepared:
    """What ``settings.FAQ_PREPARE`` names. Raises ``NotReady`` with the cure."""
    try:
        embedder = wiring.embedder()
        mark = fingerprint(contents, embedder=embedder.name)
        prepared = Prepared(embedder.name, collection_of(mark), mark)
        live = Release.objects.live()
        if live is None or live.fingerprint != mark:
            known = vectors.ensure(embedder, phrasings(contents), progress=progress)
            wiring.index().prepare(prepared.collection, entries(contents, known))
    except Unavailable as failure:
        raise NotReady(str(failure)) from failure
    return prepared


def collection_of(mark: str) -> str:
    """The collection of the release with that fingerprint."""
    return f"{settings.FAQ_COLLECTION_NAME}-{mark[:16]}"
