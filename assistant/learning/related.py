"""Store which gaps are similar, but not similar enough to be one gap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.interfaces import Matrix
from assistant.learning.gaps import Gap

RELATED_DISTANCE = 0.15
"""How far below the similarity within a gap that of related gaps may be."""

MAX_RELATED = 5
BLOCK = 1_024
"""Rows compared at once."""


def store_related(gap_ids: Sequence[int], centres: Matrix, threshold: float) -> None:
    """Replace the stored pairs of related gaps.

    ``centres``: the unit vector of the central question of each gap. ``threshold``: the similarity
    within a gap, -1..1.
    """
    pairs = {
        tuple(sorted((gap_ids[row], gap_ids[other])))
        for row, other in related_rows(centres, threshold - RELATED_DISTANCE)
    }
    through = Gap.related.through
    through.objects.all().delete()
    symmetric = [*pairs, *((second, first) for first, second in pairs)]
    rows = [through(from_gap_id=first, to_gap_id=second) for first, second in symmetric]
    through.objects.bulk_create(rows, batch_size=5_000)


def related_rows(vectors: Matrix, threshold: float) -> list[tuple[int, int]]:
    """Pairs of row numbers: each row with up to ``MAX_RELATED`` of the rows most similar to it.

    ``vectors``: unit vectors; only pairs at least ``threshold`` similar.
    """
    result: list[tuple[int, int]] = []
    for start in range(0, len(vectors), BLOCK):
        similarities = vectors[start : start + BLOCK] @ vectors.T
        for offset, row_similarities in enumerate(similarities):
            row = start + offset
            row_similarities[row] = -1.0
            near = np.flatnonzero(row_similarities >= threshold)
            best = near[np.argsort(-row_similarities[near], kind="stable")][:MAX_RELATED]
            result += [(row, int(other)) for other in best]
    return result
