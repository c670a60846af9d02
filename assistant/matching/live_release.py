"""Which release is live: the one that Postgres names, in memory.

While a process loads a new release, only the question that noticed it waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from assistant.embedding.vector_cache import VectorCache
from assistant.matching import stored_vectors
from assistant.matching.chroma_candidates import CandidateSearch
from assistant.matching.classifier import Classifier
from assistant.matching.entries import entries, phrasings
from assistant.matching.loaded_release import EMPTY, LoadedRelease
from assistant.matching.matrix import ReleaseMatrix
from assistant.models import FittedPolicy
from audit.server_cursor import server_cursor
from faq.models import Release


class LiveRelease:
    """Asks Postgres for the live number at every question, and loads a release when it changes."""

    def __init__(
        self,
        embedder_of: Callable[[Release], VectorCache],
        candidates_of: Callable[[Release], CandidateSearch] | None = None,
    ) -> None:
        self._embedder_of = embedder_of
        self._candidates_of = candidates_of
        self._loaded = EMPTY
        self._loading = threading.Lock()

    def current(self) -> LoadedRelease:
        """The live release; empty before the first one.

        Raises ``EmbedderUnavailable`` if its model is not on this machine.
        """
        newest = _newest()
        if newest is None:
            return EMPTY
        loaded = self._loaded
        if loaded.pk == newest:
            return loaded
        # One thread loads it; meanwhile the others go on with the one before, if there is one.
        if not self._loading.acquire(blocking=loaded is EMPTY):
            return loaded
        try:
            # Another thread may have loaded it while this one waited. Not "older than": what a
            # transaction saw of its own and then rolled back must not stay.
            if self._loaded.pk != newest:
                loaded = self._load()
                loaded.warm_up()
                self._loaded = loaded
            return self._loaded
        finally:
            self._loading.release()

    def _load(self) -> LoadedRelease:
        release = Release.objects.order_by("-number")[0]
        embedder = self._embedder_of(release)
        knowledge_base = release.knowledge_base()
        contents = knowledge_base.contents
        known = stored_vectors.stored(release.embedder, phrasings(contents.values()))
        return LoadedRelease(
            pk=release.pk,
            number=release.number,
            contents=contents,
            rules=knowledge_base.rules,
            embedder=embedder,
            candidates=self._candidates_of(release) if self._candidates_of else None,
            matrix=ReleaseMatrix(entries(contents.values(), known)),
            **_fitted(release.policy),
        )


NEWEST = "SELECT id FROM faq_release ORDER BY number DESC LIMIT 1"


def _newest() -> int | None:
    """The live release's primary key; None before the first.

    Every question asks this, mostly as the first thing it asks of Postgres: so this tells whether
    the connection is still good, and Django need not send another statement to find out.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return _ask_newest()
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        # Such as a Postgres that was started anew.
        connection.close()
        return _ask_newest()


def _ask_newest() -> int | None:
    # Not by the ORM, which takes six times as long to put the same words together.
    with server_cursor() as cursor:
        cursor.execute(NEWEST)
        found = cursor.fetchone()
    return found[0] if found else None


def _fitted(digest: str) -> dict[str, Any]:
    stored = FittedPolicy.objects.filter(digest=digest).first() if digest else None
    if stored is None:
        return {}
    classifier = Classifier.from_dict(stored.classifier) if stored.classifier else None
    return {"numbers": stored.numbers, "classifier": classifier}
