"""Pairs of FAQs whose phrasings are nearly the same. Pure: numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.interfaces import Matrix

BLOCK = 1_024
"""Rows compared at once."""


@dataclass(frozen=True)
class Pair:
    """Two FAQs, in order of their ids, by their closest phrasings; ``similarity``: -1..1."""

    faq_ids: tuple[str, str]
    phrasings: tuple[str, str]
    similarity: float


def pairs(
    vectors: Matrix, faq_ids: Sequence[str], phrasings: Sequence[str], threshold: float
) -> list[Pair]:
    """Every pair of FAQs with phrasings at least ``threshold`` similar, most similar first.

    ``vectors``: a row of length 1 for each phrasing; ``faq_ids``: the FAQ of each row.
    """
    ids = np.asarray(faq_ids, dtype=str)
    best: dict[tuple[str, str], Pair] = {}
    for start in range(0, len(vectors), BLOCK):
        similarities = vectors[start : start + BLOCK] @ vectors[start:].T
        is_other = ids[start : start + BLOCK, None] != ids[None, start:]
        for offset, other in zip(*np.nonzero((similarities >= threshold) & is_other), strict=True):
            rows = sorted((start + int(offset), start + int(other)), key=lambda row: faq_ids[row])
            first, second = rows
            pair = Pair(
                (faq_ids[first], faq_ids[second]),
                (phrasings[first], phrasings[second]),
                float(similarities[offset, other]),
            )
            if pair.faq_ids not in best or best[pair.faq_ids].similarity < pair.similarity:
                best[pair.faq_ids] = pair
    return sorted(best.values(), key=lambda pair: (-pair.similarity, pair.faq_ids))
