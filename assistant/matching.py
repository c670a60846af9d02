"""Find the FAQs closest to a question, exactly, in memory.

Pure: numpy only. One product with every phrasing of a release costs less than a request to an index
server and never misses a neighbour.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from assistant.decision import DECIMALS, Match
from assistant.interfaces import Entry, Matrix, Vector

LENGTH_TOLERANCE = 1e-3

Similarities = npt.NDArray[np.float32]
Positions = npt.NDArray[np.intp]


class ReleaseMatrix:
    """Every phrasing of one release. Never changes, hence safe to share between threads.

    Raises ``ValueError`` for vectors that are not of length 1 or not all of one dimension.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        # Phrasings of one FAQ lie side by side, so that its best one is a maximum over a run of
        # rows; sorted, so that the first of equals does not depend on the order they came in.
        self._entries = sorted(entries, key=lambda entry: (entry.faq_id, entry.phrasing))
        self._matrix = _matrix([entry.vector for entry in self._entries])
        self._starts = _starts([entry.faq_id for entry in self._entries])
        self._ends = np.append(self._starts[1:], len(self._entries))
        first = [self._entries[start] for start in self._starts]
        self._categories = np.array([entry.category for entry in first])
        self._audiences = np.array([entry.audience for entry in first])
        self._for_everybody = not self._audiences.astype(bool).any()

    def __len__(self) -> int:
        """How many phrasings."""
        return len(self._entries)

    def match(
        self,
        vector: Vector,
        *,
        limit: int,
        categories: Collection[str] | None = None,
        audiences: Collection[str] | None = None,
    ) -> list[Match]:
        """At most ``limit`` FAQs, each by its best phrasing, best first; ties in order of faq_id.

        ``similarity`` is the cosine, -1..1, rounded like every similarity a decision rests on.
        With ``categories``, only FAQs of these are looked at; with ``audiences``, only those for
        everybody or for one of these.
        """
        if limit < 1:
            raise ValueError(f"limit must be at least 1, not {limit}")
        if not self._entries:
            return []

        by_phrasing = self._matrix @ vector
        by_faq = np.maximum.reduceat(by_phrasing, self._starts)
        closest = _largest(by_faq, self._faqs_of(categories, audiences), limit)
        matches = [self._best_phrasing(faq, by_phrasing) for faq in closest]
        matches.sort(key=lambda match: (-match.similarity, match.faq_id))
        return matches[:limit]

    def _faqs_of(
        self, categories: Collection[str] | None, audiences: Collection[str] | None
    ) -> Positions | None:
        """Which FAQs are looked at; None: all."""
        if audiences is None or self._for_everybody:
            allowed = None
        else:
            allowed = np.isin(self._audiences, ["", *audiences])
        if categories is not None:
            chosen = np.isin(self._categories, list(categories))
            allowed = chosen if allowed is None else allowed & chosen
        return None if allowed is None else np.flatnonzero(allowed)

    def _best_phrasing(self, faq: int, by_phrasing: Similarities) -> Match:
        start, end = self._starts[faq], self._ends[faq]
        similarities = [round(value, DECIMALS) for value in by_phrasing[start:end].tolist()]
        best = max(similarities)
        entry = self._entries[start + similarities.index(best)]
        # Sums in float32 may pass the ends by a hair.
        cosine = min(max(best, -1.0), 1.0)
        return Match(entry.faq_id, entry.phrasing, cosine, category=entry.category)


def _matrix(vectors: Sequence[Vector]) -> Matrix:
    if not vectors:
        return np.empty((0, 0), dtype=np.float32)
    matrix = np.ascontiguousarray(np.stack(vectors), dtype=np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", matrix, matrix))
    # Written so that nan fails too.
    if not np.all(np.abs(lengths - 1.0) <= LENGTH_TOLERANCE):
        raise ValueError("every vector of a release must have length 1")
    return matrix


def _starts(faq_ids: Sequence[str]) -> Positions:
    """Where each run of equal ids begins."""
    starts = [
        place for place, faq_id in enumerate(faq_ids) if place == 0 or faq_id != faq_ids[place - 1]
    ]
    return np.array(starts, dtype=np.intp)


def _largest(by_faq: Similarities, among: Positions | None, limit: int) -> list[int]:
    """Positions of the ``limit`` largest and of all that equal the last of them, in any order."""
    similarities = by_faq if among is None else by_faq[among]
    if len(similarities) > limit:
        last = np.partition(similarities, -limit)[-limit]
        # Equal rows of a product may differ in their last bits: leave no twin out.
        places = np.flatnonzero(similarities >= last - 10.0**-DECIMALS)
    else:
        places = np.arange(len(similarities))
    return [int(place) for place in (places if among is None else among[places])]
