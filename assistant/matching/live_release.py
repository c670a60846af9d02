"""The live release in memory: the newest one in Postgres.

While one thread loads a new release, the others continue with the previous one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from assistant.embedding.vector_cache import VectorCache
from assistant.matching import stored_vectors
from assistant.matching.chroma_candidates import CandidateSearch
from assistant.matching.classifier import Classifier
from assistant.matching.entries import answers_of, entries, phrasings
from assistant.matching.loaded_release import EMPTY, LoadedRelease
from assistant.matching.matrix import ReleaseMatrix
from assistant.matching.second_language import SecondLanguage
from assistant.models import FittedPolicy
from faq.content import Content
from faq.models import Release

log = logging.getLogger("assistant.matching.live_release")


class LiveRelease:
    """Reads the number of the live release for every question, and loads a release once."""

    def __init__(
        self,
        embedder_of: Callable[[Release], VectorCache],
        candidates_of: Callable[[str], CandidateSearch] | None = None,
        second_language_of: Callable[[Release], VectorCache | None] | None = None,
    ) -> None:
        self._embedder_of = embedder_of
        self._candidates_of = candidates_of
        self._second_language_of = second_language_of
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
        # One thread loads it; meanwhile the others use the previous one, if there is one.
        if not self._loading.acquire(blocking=loaded is EMPTY):
            return loaded
        try:
            # Another thread may have loaded it while this one waited. "!=" and not "<": a release
            # of a transaction that was rolled back must not stay.
            if self._loaded.pk != newest:
                loaded = self.load(Release.objects.order_by("-number")[0])
                loaded.warm_up()
                self._loaded = loaded
            return self._loaded
        finally:
            self._loading.release()

    def load(self, release: Release) -> LoadedRelease:
        """Any release, from its stored vectors. Raises ``EmbedderUnavailable``."""
        embedder = self._embedder_of(release)
        knowledge_base = release.knowledge_base()
        contents = knowledge_base.contents
        stored = stored_vectors.stored(release.embedder, phrasings(contents.values()))
        return LoadedRelease(
            pk=release.pk,
            number=release.number,
            contents=contents,
            rules=knowledge_base.rules,
            embedder=embedder,
            candidates=self._candidates(release.collection),
            answers=self._candidates(answers_of(release.collection)),
            matrix=ReleaseMatrix(entries(contents.values(), stored)),
            second_language=self._second_language(release, list(contents.values())),
            **_fitted(release.policy),
        )

    def _candidates(self, collection: str) -> CandidateSearch | None:
        return self._candidates_of(collection) if self._candidates_of else None

    def _second_language(self, release: Release, contents: list[Content]) -> SecondLanguage | None:
        embedder = self._second_language_of(release) if self._second_language_of else None
        if embedder is None or not contents:
            return None
        texts = set(phrasings(contents))
        vectors = stored_vectors.stored(embedder.name, texts)
        if len(vectors) < len(texts):
            log.warning("Vectors by %s are missing. Publish again.", embedder.name)
            return None
        return SecondLanguage.of(contents, vectors, embedder)


def _newest() -> int | None:
    """The primary key of the newest release.

    Usually the first statement of a request, so it also checks the connection. Django's own health
    check would be one more round trip for every question.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return _read_newest()
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        # Postgres was restarted, for example.
        connection.close()
        return _read_newest()


def _read_newest() -> int | None:
    # The ORM takes longer to build this statement than Postgres to run it.
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM faq_release ORDER BY number DESC LIMIT 1")
        row = cursor.fetchone()
    return row[0] if row else None


def _fitted(digest: str) -> dict[str, Any]:
    stored = FittedPolicy.objects.filter(digest=digest).first() if digest else None
    if stored is None:
        return {}
    classifier = Classifier.from_dict(stored.classifier) if stored.classifier else None
    return {"numbers": stored.numbers, "classifier": classifier}
