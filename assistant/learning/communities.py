"""Group questions by meaning: greedy communities over unit vectors, then their means.

Every member of a group is at least as similar to its most central question as the threshold, or to
its mean as the threshold less ``MEAN_MARGIN``, so groups do not chain. Deterministic. Pure: numpy
only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float64]
Rows = list[int] | npt.NDArray[np.bool_]
"""Row numbers, or a mask."""

TOPICS = 10
"""How many topics the unanswered questions are assumed to have, equally often. With more topics,
more of the pairs above a threshold are of different ones."""

TARGET_PRECISION = 0.95
"""Of the pairs above the threshold, the proportion about one topic."""

MIN_FAQS = 30
"""FAQs with several phrasings. With fewer the threshold cannot be calibrated."""

DEFAULT_THRESHOLD = 0.75

MIN_SIZE_FOR_MEAN = 4
"""Questions of a group whose mean attracts others."""

MEAN_MARGIN = 0.08
"""How much less similar a question may be to the mean of a group than to its most central question:
a mean is less noisy. On banking77 the means raise recall from .38 to .51 and precision from .85 to
.90; ``benchmarks/README.md`` has the table."""

MEAN_PASSES = 3
"""How often all questions move to the nearest mean. A fourth pass changes nothing that counts."""

BLOCK = 1_024
"""Rows compared at once: 50 MB of similarities for 12,000 questions."""

BINS = 2_000
"""Of a histogram of similarities from -1 to 1: steps of .001."""


@dataclass(frozen=True)
class Community:
    """Row numbers of the vectors that were grouped; ``members`` has the most central first."""

    members: tuple[int, ...]

    @property
    def centre(self) -> int:
        return self.members[0]


def communities(vectors: Matrix, weights: Sequence[float], threshold: float) -> list[Community]:
    """Every row in exactly one community, the heaviest communities first.

    ``vectors``: one row of length 1 each. ``weights``: how much each row counts, such as the number
    of its people.
    """
    counts = np.asarray(weights, dtype=np.float64)
    numbers = _greedy(vectors, counts, threshold)
    for _ in range(MEAN_PASSES):
        numbers = _near_means(vectors, counts, numbers, threshold - MEAN_MARGIN)
    rows_of: dict[int, list[int]] = {}
    for row, number in enumerate(numbers):
        rows_of.setdefault(number, []).append(row)
    groups = [_community(vectors, counts, rows) for rows in rows_of.values()]
    return sorted(groups, key=lambda group: (-counts[list(group.members)].sum(), group.centre))


def _greedy(vectors: Matrix, counts: Weights, threshold: float) -> list[int]:
    """The group number of each row.

    The row with the heaviest neighbourhood becomes the centre of a group of itself and all its
    neighbours that are in no group yet; then the next row.
    """
    neighbours = list(_neighbours(vectors, threshold))
    heaviest_first = sorted(
        range(len(neighbours)), key=lambda row: (-counts[neighbours[row]].sum(), row)
    )
    numbers = np.full(len(neighbours), -1)
    for centre in heaviest_first:
        if numbers[centre] < 0:
            near = neighbours[centre]
            numbers[near[numbers[near] < 0]] = centre
    return [int(number) for number in numbers]


def _near_means(
    vectors: Matrix, counts: Weights, numbers: Sequence[int], threshold: float
) -> list[int]:
    """The group number of each row after it moved to the group with the nearest mean.

    A row that is not near enough to any mean stays in its group if that is too small to have a
    mean; otherwise it gets a group of its own.
    """
    sizes = np.bincount(numbers, minlength=len(numbers))
    attracting = np.flatnonzero(sizes >= MIN_SIZE_FOR_MEAN)
    if not len(attracting):
        return list(numbers)
    means = np.stack([_mean(vectors, counts, np.asarray(numbers) == group) for group in attracting])
    result = []
    for start in range(0, len(vectors), BLOCK):
        similarities = vectors[start : start + BLOCK] @ means.T
        nearest = similarities.argmax(axis=1)
        for offset, mean in enumerate(nearest):
            number = numbers[start + offset]
            if similarities[offset, mean] >= threshold:
                number = int(attracting[mean])
            elif sizes[number] >= MIN_SIZE_FOR_MEAN:
                # Greedy groups have the numbers of rows, so this one is the row's own.
                number = len(vectors) + start + offset
            result.append(number)
    return result


def _community(vectors: Matrix, counts: Weights, rows: list[int]) -> Community:
    similarities = vectors[rows] @ _mean(vectors, counts, rows)
    centre = rows[int(similarities.argmax())]
    return Community((centre, *(row for row in rows if row != centre)))


def _mean(vectors: Matrix, counts: Weights, rows: Rows) -> Matrix:
    """The weighted mean of some rows, of length 1."""
    total: Matrix = counts[rows].astype(np.float32) @ vectors[rows]
    return total / max(float(np.linalg.norm(total)), 1e-9)


def _neighbours(vectors: Matrix, threshold: float) -> Iterator[npt.NDArray[np.intp]]:
    """The rows at least ``threshold`` similar to each row, itself included."""
    for start in range(0, len(vectors), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(vectors)))
        similar = vectors[rows] @ vectors.T >= threshold
        # Rounding may put a row's similarity with itself just under 1.
        similar[rows - start, rows] = True
        for row in similar:
            yield np.flatnonzero(row)


def calibrated_threshold(vectors: Matrix, faq_ids: Sequence[str]) -> float:
    """The smallest similarity above which ``TARGET_PRECISION`` of the pairs are about one topic.

    ``vectors``: the phrasings, one row of length 1 each; ``faq_ids``: the FAQ of each row. Pairs of
    one FAQ are about one topic. By Bayes' rule for ``TOPICS`` topics: precision = s / (s + (TOPICS
    - 1) d), with s and d the shares of pairs of one FAQ and of different FAQs above the similarity.
    Returns ``DEFAULT_THRESHOLD`` with fewer than ``MIN_FAQS`` FAQs of several phrasings, and
    where no similarity reaches the precision.
    """
    _, labels, sizes = np.unique(
        np.asarray(faq_ids, dtype=str), return_inverse=True, return_counts=True
    )
    if np.count_nonzero(sizes > 1) < MIN_FAQS:
        return DEFAULT_THRESHOLD
    same, different = np.zeros(BINS), np.zeros(BINS)
    for start in range(0, len(vectors), BLOCK):
        similarities = vectors[start : start + BLOCK] @ vectors[start:].T
        # Each pair once: the columns right of the diagonal.
        once = np.triu(np.ones(similarities.shape, dtype=bool), k=1)
        bins = np.clip(((similarities + 1) * (BINS / 2)).astype(np.int64), 0, BINS - 1)
        together = labels[start : start + BLOCK, None] == labels[None, start:]
        same += np.bincount(bins[once & together], minlength=BINS)
        different += np.bincount(bins[once & ~together], minlength=BINS)
    s, d = (pairs[::-1].cumsum()[::-1] / max(pairs.sum(), 1) for pairs in (same, different))
    precise = (s > 0) & (s >= TARGET_PRECISION * (s + (TOPICS - 1) * d))
    if not precise.any():
        return DEFAULT_THRESHOLD
    return float(np.argmax(precise)) / (BINS / 2) - 1


def matched_ids(
    groups: Sequence[frozenset[str]], earlier: dict[int, frozenset[str]]
) -> list[int | None]:
    """For each group, the id of the earlier group that it shares most members with.

    ``groups``: the members of each, heaviest first; ``earlier``: members by id. An id is used once;
    None for a group that shares no member with an unused one.
    """
    shared = sorted(
        (
            (-len(members & old), number, key)
            for number, members in enumerate(groups)
            for key, old in earlier.items()
            if members & old
        )
    )
    ids: list[int | None] = [None] * len(groups)
    used: set[int] = set()
    for _, number, key in shared:
        if ids[number] is None and key not in used:
            ids[number] = key
            used.add(key)
    return ids
