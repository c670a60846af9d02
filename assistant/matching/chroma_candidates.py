"""Candidates from Chroma: the FAQs to compare with a question in a large knowledge base, and those
whose answers are near the question.

Chroma only proposes candidates. Similarities are computed from our own vectors, and the release
decides who may see an FAQ.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from assistant import metrics
from assistant.interfaces import Index, IndexMismatch, Unavailable, Vector
from tickets.delivery.circuit_breaker import Breaker

EXACT_UP_TO = 50_000
"""Phrasings. Up to here a question is compared with every phrasing of the release."""

CANDIDATES = 100
"""Entries requested: enough for ten FAQs even if the closest ones have many phrasings."""

REST_SECONDS = 10.0

log = logging.getLogger("assistant.matching.chroma_candidates")


class CandidateSearch:
    """Searches the collection of one release, with a circuit breaker.

    ``index`` raises ``Unavailable`` if there is none. Safe to share between threads.
    """

    def __init__(self, index: Callable[[], Index], collection: str) -> None:
        self._index = index
        self._collection = collection
        self._breaker = Breaker(failures=1, rest_seconds=REST_SECONDS)

    def __call__(self, vector: Vector, *, category: str = "") -> tuple[str, ...] | None:
        """The ids of the FAQs with the nearest entries, nearest first; None if Chroma is down or
        has none."""
        faq_ids = self._search(vector, category) if self._breaker.allows_request() else None
        metrics.CANDIDATE_SEARCHES.labels("unavailable" if faq_ids is None else "ok").inc()
        return faq_ids

    def _search(self, vector: Vector, category: str) -> tuple[str, ...] | None:
        try:
            faq_ids = self._index().nearest_faqs(
                self._collection, vector, limit=CANDIDATES, category=category
            )
        except (Unavailable, IndexMismatch) as failure:
            self._breaker.failed()
            log.warning("Chroma is not asked for %.0f s: %s", REST_SECONDS, failure)
            return None
        except BaseException:
            self._breaker.abandoned()
            raise
        self._breaker.succeeded()
        return tuple(faq_ids) or None
