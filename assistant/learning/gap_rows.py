"""Gaps as they are listed: redacted texts and counts, never names."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from assistant import readable_labels
from assistant.decision.reasons import Reason
from assistant.learning.gaps import WEEKS, Gap, GapAsk, GapQuerySet
from assistant.learning.regrouping import texts_of
from faq.models import Faq

MAX_WORDS = 3
"""Words that stand for a gap."""

MAX_TEXTS = 50
"""Texts of a gap that are decrypted for its words."""

FILTERS = {
    "open": "Open",
    "single": "Asked by one person",
    "closed": "Closed",
    "dismissed": "Dismissed",
}


@dataclass(frozen=True)
class GapRow:
    """One gap in a list. ``question``: its most central one, redacted."""

    gap: Gap
    question: str
    words: tuple[str, ...]
    faq: Faq | None
    why: str
    trend: tuple[int, ...]
    """Asks by week, the oldest first."""

    @property
    def title(self) -> str:
        return self.gap.name or self.question or f"Gap {self.gap.pk} (the texts were erased)"

    def as_dict(self) -> dict[str, Any]:
        """The row for programs."""
        return {
            "id": self.gap.pk,
            "question": self.question,
            "name": self.gap.name,
            "words": list(self.words),
            "asks": self.gap.asks,
            "people": self.gap.people,
            "tickets": self.gap.tickets,
            "weeks": list(self.trend),
            "nearest": self.faq.slug if self.faq else None,
            "status": self.gap.status,
            "assignee": self.gap.assignee,
            "answered_now": self.gap.answered_now,
            "texts": self.gap.texts,
            "release": self.gap.checked_release,
            "later_asks": self.gap.later_asks,
            "later_answered": self.gap.later_answered,
        }

    @property
    def new_faq_url(self) -> str:
        return f"{reverse('admin:faq_faq_add')}?{urlencode({'question': self.question})}"


def filtered_gaps(name: str) -> GapQuerySet:
    """The gaps that one of ``FILTERS`` shows, ranked."""
    if name in ("closed", "dismissed"):
        return Gap.objects.filter(status=name).ranked()
    gaps: Any = Gap.objects.open().ranked()
    by_people: GapQuerySet = (
        gaps.filter(people=1) if name == "single" else gaps.filter(people__gt=1)
    )
    return by_people


def rows(gaps: Sequence[Gap]) -> list[GapRow]:
    """A row for each of ``gaps``, which need counts. Decrypts texts of these gaps only."""
    asks: dict[int, list[GapAsk]] = {}
    for ask in GapAsk.objects.filter(gap__in=gaps).order_by("-is_central", "pk"):
        asks.setdefault(ask.gap_id or 0, []).append(ask)
    texts = texts_of(ask for members in asks.values() for ask in members[:MAX_TEXTS])
    words = distinguishing_words(
        {gap.pk: [texts.get(ask.pk, "") for ask in asks.get(gap.pk, [])] for gap in gaps}
    )
    faqs = {faq.slug: faq for faq in Faq.objects.filter(slug__in=_nearest(asks.values()))}
    return [_row(gap, asks.get(gap.pk, []), texts, words[gap.pk], faqs) for gap in gaps]


def _row(
    gap: Gap,
    asks: Sequence[GapAsk],
    texts: dict[int, str],
    words: tuple[str, ...],
    faqs: dict[str, Faq],
) -> GapRow:
    nearest = Counter(ask.faq_id for ask in asks if ask.faq_id).most_common(1)
    reasons = Counter(ask.reason for ask in asks).most_common(1)
    return GapRow(
        gap,
        next((texts[ask.pk] for ask in asks if ask.pk in texts), ""),
        words,
        faqs.get(nearest[0][0]) if nearest else None,
        readable_labels.REASONS[Reason(reasons[0][0])] if reasons and reasons[0][0] else "",
        tuple(getattr(gap, f"week_{number}") for number in range(WEEKS, 0, -1)),
    )


def _nearest(groups: Iterable[Sequence[GapAsk]]) -> set[str]:
    return {ask.faq_id for asks in groups for ask in asks if ask.faq_id}


def distinguishing_words(texts: dict[int, list[str]]) -> dict[int, tuple[str, ...]]:
    """The ``MAX_WORDS`` words most typical of each group of texts, by class-based TF-IDF.

    Grootendorst, "BERTopic", 2022, section 3.3: tf(word, group) * log(1 + A / f(word)), with A the
    mean number of words of a group and f the word's number in all groups.
    """
    counts = {
        key: Counter(re.findall(r"[^\W\d_]{4,}", " ".join(group).lower()))
        for key, group in texts.items()
    }
    total: Counter[str] = sum(counts.values(), Counter())
    mean = total.total() / max(len(counts), 1)
    return {
        key: tuple(
            sorted(words, key=lambda word: (-words[word] * math.log1p(mean / total[word]), word))[
                :MAX_WORDS
            ]
        )
        for key, words in counts.items()
    }
