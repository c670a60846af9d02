"""Find the FAQs closest to a question, exactly, in memory.

Pure: numpy only. First every phrasing's similarity is estimated, by a product that costs less than
a request to an index server. How wrong an estimate may be is known, so the few that can be among
the closest are too, and none is missed; only these are compared. What is said of a FAQ so never
depends on how it was found, or on which others there are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from assistant.decision import DECIMALS, Match
from assistant.eight_bits import EightBits, ProductOf
from assistant.interfaces import Entry, Matrix, Vector

LENGTH_TOLERANCE = 1e-3

SHOWN = 10.0**-DECIMALS
"""The least difference between two similarities that anybody is told."""

WORTH_ESTIMATING = 16
"""Comparing this many times fewer phrasings, wherever they lie, takes about as long as the quickest
estimate of all."""

EIGHT_BITS_FROM = 3_000
"""Phrasings. Fewer are read about as fast as they are, and the process starts sooner."""

Similarities = npt.NDArray[np.float32]
Positions = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

Estimate = Callable[[Vector], tuple[Similarities, float]]
"""Each phrasing's similarity to a question, and by how much any of them may be wrong."""


class ReleaseMatrix:
    """Every phrasing of one release. Never changes, hence safe to share between threads.

    ``product_of``: multiplies whole numbers, see ``eight_bits``; only speed depends on it. Raises
    ``ValueError`` for vectors that are not of length 1 or not all of one dimension.
    """

    def __init__(self, entries: Sequence[Entry], *, product_of: ProductOf | None = None) -> None:
        # Phrasings of one FAQ lie side by side; sorted, so that the first of equals does not depend
        # on the order they came in.
        entries = sorted(entries, key=lambda entry: (entry.faq_id, entry.phrasing))
        self._matrix = _matrix([entry.vector for entry in entries])
        self._faq_of = _numbered([entry.faq_id for entry in entries])
        self._starts = _starts(self._faq_of)
        # The texts and not the entries, which would keep every vector a second time.
        self._phrasings = [entry.phrasing for entry in entries]
        first = [entries[start] for start in self._starts]
        self._faq_ids = [entry.faq_id for entry in first]
        self._categories = _Names(entry.category for entry in first)
        self._audiences = _Names(entry.audience for entry in first)
        self._estimates: list[Estimate] = [self._read]
        if product_of and len(entries) >= EIGHT_BITS_FROM:
            self._estimates.insert(0, EightBits(self._matrix, product_of))

    def __len__(self) -> int:
        """How many phrasings."""
        return len(self._phrasings)

    @property
    def dimension(self) -> int:
        return int(self._matrix.shape[1])

    def vector_of(self, faq_id: str, phrasing: str) -> Vector:
        """As it was stored. Raises ``ValueError`` if the release has no such phrasing."""
        rows = self._rows_of(bisect_left(self._faq_ids, faq_id))
        vector: Vector = self._matrix[self._phrasings.index(phrasing, rows.start, rows.stop)]
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

        rows = self._asked_about(self._allowed(categories, audiences), among)
        return self._compared(vector, self._in_reach(vector, rows, limit), limit)

    def compared(self, vector: Vector, *, limit: int) -> int:
        """How many phrasings ``match`` compares in full."""
        rows = self._in_reach(vector, None, limit)
        return len(self) if rows is None else len(rows)

    def _in_reach(self, vector: Vector, rows: Positions | None, limit: int) -> Positions | None:
        """Few of these rows, if estimates can tell which; None: all."""
        few = max(limit * WORTH_ESTIMATING, len(self) // WORTH_ESTIMATING)
        for estimate in self._estimates:
            if (len(self) if rows is None else len(rows)) <= few:
                break
            rows = self._within_reach(*estimate(vector), rows, limit)
        return rows

    def _asked_about(
        self, allowed: Bools | None, among: Collection[str] | None
    ) -> Positions | None:
        """The phrasings of these FAQs; None: all."""
        if among is not None:
            found = [bisect_left(self._faq_ids, faq_id) for faq_id in among]
            faqs = [
                faq
                for faq, faq_id in zip(found, among, strict=True)
                if self._faq_ids[faq : faq + 1] == [faq_id] and (allowed is None or allowed[faq])
            ]
            rows = [row for faq in sorted(faqs) for row in self._rows_of(faq)]
            return np.array(rows, dtype=np.intp)
        return None if allowed is None else np.flatnonzero(allowed[self._faq_of])

    def _read(self, vector: Vector) -> tuple[Similarities, float]:
        return self._matrix @ vector, 0.0

    def _within_reach(
        self, similarities: Similarities, wrong: float, rows: Positions | None, limit: int
    ) -> Positions:
        """Those of the phrasings that may be among the ``limit`` closest FAQs' best.

        As many FAQs are at least as similar as the last of the estimated best, less ``wrong``. What
        is to come up to that must be estimated at no less than twice ``wrong`` below.
        """
        estimated = similarities if rows is None else similarities[rows]
        last = self._last_of(estimated, rows, limit)
        # A product of float32 is wrong itself by up to half of this, and the comparison to come by
        # the other half. A twin's best phrasing may be shown for the same similarity: twice.
        rounding = (self.dimension + 8) * float(np.finfo(np.float32).eps)
        places = np.flatnonzero(estimated >= last - 2 * (wrong + rounding + SHOWN))
        return places if rows is None else rows[places]

    def _last_of(self, estimated: Similarities, rows: Positions | None, limit: int) -> float:
        """What the last of the ``limit`` best FAQs is estimated at, or a little less."""
        largest, count = _largest_of_some(estimated), limit
        while count < len(largest):
            least = np.partition(largest, -count)[-count]
            best = np.flatnonzero(estimated >= least)
            best = best[np.argsort(-estimated[best])]
            faqs = self._faq_of[best if rows is None else rows[best]]
            _, firsts = np.unique(faqs, return_index=True)
            if len(firsts) >= limit:
                return float(estimated[best[np.sort(firsts)[limit - 1]]])
            count *= 4
        return -2.0

    def _compared(self, vector: Vector, rows: Positions | None, limit: int) -> list[Match]:
        matrix = self._matrix if rows is None else self._matrix[rows]
        # Not "@", which adds up in an order that depends on how many rows there are.
        similarities = np.einsum("ij,j->i", matrix, vector)
        shown = np.round(similarities.astype(np.float64), DECIMALS)
        found: dict[int, Match] = {}
        # Of equals the first stays the first: rows are in the order of FAQs and phrasings.
        for place in np.argsort(-shown, kind="stable").tolist():
            row = place if rows is None else int(rows[place])
            faq = int(self._faq_of[row])
            if faq not in found:
                found[faq] = self._match(faq, row, float(shown[place]))
                if len(found) == limit:
                    break
        return list(found.values())

    def _match(self, faq: int, row: int, similarity: float) -> Match:
        # Sums in float32 may pass the ends by a hair.
        cosine = min(max(similarity, -1.0), 1.0)
        category = self._categories[faq]
        return Match(self._faq_ids[faq], self._phrasings[row], cosine, category=category)

    def _rows_of(self, faq: int) -> range:
        following = self._starts[faq + 1 : faq + 2]
        return range(int(self._starts[faq]), int(following[0]) if len(following) else len(self))

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


def _starts(faqs: Positions) -> Positions:
    """Where each run of equal numbers begins."""
    return np.flatnonzero(np.append(True, faqs[1:] != faqs[:-1])[: len(faqs)])


def _numbered(faq_ids: Sequence[str]) -> Positions:
    """Each one's number, of equal neighbours the same: 0, 1, 2 and so on."""
    others = [one != other for one, other in pairwise(faq_ids)]
    return np.cumsum([False, *others][: len(faq_ids)], dtype=np.intp)


def _largest_of_some(similarities: Similarities) -> Similarities:
    """The largest of every few that lie far apart: nearly all of the largest, found sooner."""
    each = len(similarities) // WORTH_ESTIMATING
    groups = similarities[: each * WORTH_ESTIMATING].reshape(WORTH_ESTIMATING, each)
    largest: Similarities = groups.max(axis=0)
    return largest
