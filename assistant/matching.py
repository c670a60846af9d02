"""Find the FAQs closest to a question, exactly, in memory.

Pure: numpy only. One product with every phrasing of a release costs less than a request to an index
server and never misses a neighbour.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from assistant.decision import DECIMALS, Match
from assistant.interfaces import Entry, Matrix, Vector

LENGTH_TOLERANCE = 1e-3

Similarities = npt.NDArray[np.float32]
Positions = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]


class ReleaseMatrix:
    """Every phrasing of one release. Never changes, hence safe to share between threads.

    Raises ``ValueError`` for vectors that are not of length 1 or not all of one dimension.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        # Phrasings of one FAQ lie side by side, so that its best one is a maximum over a run of
        # rows; sorted, so that the first of equals does not depend on the order they came in.
        entries = sorted(entries, key=lambda entry: (entry.faq_id, entry.phrasing))
        self._matrix = _matrix([entry.vector for entry in entries])
        self._starts = _starts([entry.faq_id for entry in entries])
        self._ends = np.append(self._starts[1:], len(entries))
        # The texts and not the entries, which would keep every vector a second time.
        self._phrasings = [entry.phrasing for entry in entries]
        first = [entries[start] for start in self._starts]
        self._faq_ids = [entry.faq_id for entry in first]
        self._categories = _Names(entry.category for entry in first)
        self._audiences = _Names(entry.audience for entry in first)

    def __len__(self) -> int:
        """How many phrasings."""
        return len(self._phrasings)

    @property
    def dimension(self) -> int:
        return int(self._matrix.shape[1])

    def vector_of(self, faq_id: str, phrasing: str) -> Vector:
        """As it was stored. Raises ``ValueError`` if the release has no such phrasing."""
        faq = bisect_left(self._faq_ids, faq_id)
        row = self._phrasings.index(phrasing, self._starts[faq], self._ends[faq])
        vector: Vector = self._matrix[row]
        return vector

    def match(
        self,
        vector: Vector,
        *,
        limit: int,
        categories: Collection[str] | None = None,
        audiences: Collection[str] | None = None,
        among: Collection[str] | None = None,
    ) -> list[Match]:
        """At most ``limit`` FAQs, each by its best phrasing, best first; ties in order of faq_id.

        ``similarity`` is the cosine, -1..1, rounded like every similarity a decision rests on.
        With ``categories``, only FAQs of these are looked at; with ``audiences``, only those for
        everybody or for one of these. With ``among``, only those FAQs are compared, which leaves
        most of the matrix unread.
        """
        if limit < 1:
            raise ValueError(f"limit must be at least 1, not {limit}")
        if not self._phrasings:
            return []

        allowed = self._allowed(categories, audiences)
        if among is None:
            compared = self._compared_with_all(vector, allowed, limit)
        else:
            compared = self._compared_with(among, vector, allowed)
        matches = [self._best_phrasing(faq, similarities) for faq, similarities in compared]
        matches.sort(key=lambda match: (-match.similarity, match.faq_id))
        return matches[:limit]

    def _compared_with_all(
        self, vector: Vector, allowed: Bools | None, limit: int
    ) -> Iterator[tuple[int, Similarities]]:
        """The closest FAQs, with the similarity of each of their phrasings."""
        by_phrasing = self._matrix @ vector
        one_each = len(self._starts) == len(by_phrasing)
        by_faq = by_phrasing if one_each else np.maximum.reduceat(by_phrasing, self._starts)
        faqs = None if allowed is None else np.flatnonzero(allowed)
        for faq in _largest(by_faq, faqs, limit):
            yield faq, by_phrasing[self._starts[faq] : self._ends[faq]]

    def _compared_with(
        self, among: Collection[str], vector: Vector, allowed: Bools | None
    ) -> Iterator[tuple[int, Similarities]]:
        for faq_id in among:
            faq = bisect_left(self._faq_ids, faq_id)
            there = faq < len(self._faq_ids) and self._faq_ids[faq] == faq_id
            if there and (allowed is None or allowed[faq]):
                yield faq, self._matrix[self._starts[faq] : self._ends[faq]] @ vector

    def _allowed(
        self, categories: Collection[str] | None, audiences: Collection[str] | None
    ) -> Bools | None:
        """Which FAQs are looked at; None: all."""
        if audiences is None or self._audiences.all_empty:
            allowed = None
        else:
            allowed = self._audiences.among(["", *audiences])
        if categories is not None:
            chosen = self._categories.among(categories)
            allowed = chosen if allowed is None else allowed & chosen
        return allowed

    def _best_phrasing(self, faq: int, similarities: Similarities) -> Match:
        rounded = [round(value, DECIMALS) for value in similarities.tolist()]
        best = max(rounded)
        phrasing = self._phrasings[self._starts[faq] + rounded.index(best)]
        # Sums in float32 may pass the ends by a hair.
        cosine = min(max(best, -1.0), 1.0)
        return Match(self._faq_ids[faq], phrasing, cosine, category=self._categories[faq])


class _Names:
    """A name for each FAQ, of few different ones: numbers are compared faster than texts."""

    def __init__(self, names: Iterable[str]) -> None:
        self._numbers: dict[str, int] = {}
        each = [self._numbers.setdefault(name, len(self._numbers)) for name in names]
        self._each = np.array(each, dtype=np.int32)
        self._names: list[str] = list(self._numbers)

    @property
    def all_empty(self) -> bool:
        return self._names in ([""], [])

    def __getitem__(self, faq: int) -> str:
        return self._names[int(self._each[faq])]

    def among(self, names: Collection[str]) -> Bools:
        """Whose name is one of these."""
        wanted = np.zeros(len(self._names), dtype=np.bool_)
        wanted[[self._numbers[name] for name in names if name in self._numbers]] = True
        return wanted[self._each]


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
