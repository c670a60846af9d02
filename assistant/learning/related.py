"""Gaps that are close to each other, but not close enough to be one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.interfaces import Matrix
from assistant.learning.gaps import Gap

LESS_SIMILAR = 0.15
"""Below the similarity within a gap."""

MOST_RELATED = 5
BLOCK = 1_024
"""Rows compared at once."""


def relate(gap_ids: Sequence[int], centres: Matrix, threshold: float) -> None:
    """Store which gaps are related; ``threshold``: the similarity within a gap, -1..1.

    ``centres``: the vector of the central question of each gap, of length 1.
    """
    pairs = {
        tuple(sorted((gap_ids[row], gap_ids[other])))
        for row, other in related_rows(centres, threshold - LESS_SIMILAR)
    }
    through = Gap.related.through
    through.objects.all().delete()
    both = [*pairs, *((second, first) for first, second in pairs)]
    through.objects.bulk_create(
        [through(from_gap_id=first, to_gap_id=second) for first, second in both], batch_size=5_000
    )


def related_rows(vectors: Matrix, threshold: float) -> list[tuple[int, int]]:
    """Each row with the ``MOST_RELATED`` others that are most similar to it, if similar enough."""
    result: list[tuple[int, int]] = []
    for start in range(0, len(vectors), BLOCK):
        similarities = vectors[start : start + BLOCK] @ vectors.T
        for offset, row_similarities in enumerate(similarities):
            row = start + offset
            row_similarities[row] = -1.0
            near = np.flatnonzero(row_similarities >= threshold)
            best = near[np.argsort(-row_similarities[near], kind="stable")][:MOST_RELATED]
            result += [(row, int(other)) for other in best]
    return result
