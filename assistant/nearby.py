"""Which FAQs are worth comparing with a question, told by Chroma, where a release is large.

Estimating every similarity of a large release takes longer than asking an index. What the index
says is only where to look: the similarities are computed from our own vectors all the same, so a
decision never rests on it. What it leaves out is lost, see ``benchmarks/matching.py``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from assistant import metrics
from assistant.breaker import Breaker
from assistant.interfaces import IndexMismatch, Unavailable, Vector

EXACT_UP_TO = 150_000
"""Phrasings. Up to here estimating all of them takes no longer than asking Chroma, 4 ms or so."""

CANDIDATES = 100
"""Phrasings asked for: enough for ten FAQs even if the closest have many."""

REST_SECONDS = 10.0

Search = Callable[[Vector, int], Sequence[str]]
"""The ids of the FAQs of the nearest phrasings, nearest first; raises ``Unavailable``."""

log = logging.getLogger("assistant.nearby")


class Nearby:
    """Asks the index of one release; while that does not answer, says nothing for a while.

    Safe to share between threads.
    """

    def __init__(self, search: Search) -> None:
        self._search = search
        self._breaker = Breaker(failures=1, rest_seconds=REST_SECONDS)

    def __call__(self, vector: Vector) -> frozenset[str] | None:
        """The FAQs to look at; None: all of them, since the index cannot be asked."""
        if not self._breaker.admits():
            metrics.LOOKED_AT.labels("all_without_index").inc()
            return None
        try:
            found = frozenset(self._search(vector, CANDIDATES))
        except (Unavailable, IndexMismatch) as failure:
            self._breaker.failed()
            log.warning("Every phrasing is read for %.0f s: %s", REST_SECONDS, failure)
            metrics.LOOKED_AT.labels("all_without_index").inc()
            return None
        except BaseException:
            self._breaker.abandoned()
            raise
        self._breaker.succeeded()
        metrics.LOOKED_AT.labels("told_by_index" if found else "all_without_index").inc()
        return found or None
