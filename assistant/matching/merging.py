"""Merge the FAQs near a question by their phrasings with those near it by their answers.

Pure: standard library only.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.decision.matches import Match


def merge(by_phrasing: Sequence[Match], by_answer: Sequence[Match]) -> list[Match]:
    """Each FAQ once: the first two by phrasing, then by answer and by phrasing in turn.

    On four question sets, what is near by its phrasings is more often right; two of three places
    for it lost nothing, and the third found FAQs that only their answers name.
    """
    first, rest = by_phrasing[:2], by_phrasing[2:]
    merged = list(first)
    for place in range(max(len(rest), len(by_answer))):
        merged += [*by_answer[place : place + 1], *rest[place : place + 1]]
    unique = {match.faq_id: match for match in reversed(merged)}
    return sorted(unique.values(), key=merged.index)
