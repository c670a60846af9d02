"""Compare the FAQs of the live release with each other."""

from __future__ import annotations

import numpy as np

from assistant.health.duplicate_pairs import pairs
from assistant.matching import stored_vectors
from assistant.models import ReleaseComparison
from faq.models import Release
from faq.releases.near_duplicates import NEAR_DUPLICATE

MAX_STORED = 1_000
"""Pairs of one release, the most similar ones."""


def compare() -> int:
    """Store the pairs of the live release; returns their number."""
    live = Release.objects.live()
    if live is None:
        return 0
    phrasings = [
        (content.slug, phrasing)
        for content in live.contents().values()
        for phrasing in content.phrasings
    ]
    vectors = stored_vectors.stored(live.embedder, [text for _, text in phrasings])
    embedded = [(faq_id, text) for faq_id, text in phrasings if text in vectors]
    if not embedded:
        return 0
    best = pairs(
        np.stack([vectors[text] for _, text in embedded]),
        [faq_id for faq_id, _ in embedded],
        [text for _, text in embedded],
        NEAR_DUPLICATE,
    )[:MAX_STORED]
    ReleaseComparison.objects.replace(live.number, best)
    return len(best)
