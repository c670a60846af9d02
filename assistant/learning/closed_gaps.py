"""Two weeks after a release closed a gap: count the similar questions that were answered."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.utils import timezone

from assistant import wiring
from assistant.learning.gaps import Gap
from assistant.learning.regrouping import embed, similarity_threshold, texts_of
from assistant.matching.loaded_release import LoadedRelease
from assistant.models import FaqAsk
from assistant.text.cleaning import strip_pleasantries
from audit.models import Record

PERIOD = timedelta(days=14)
"""After a gap was closed."""


def measure() -> int:
    """Count for each gap that was closed ``PERIOD`` ago; returns the number of gaps.

    Raises ``interfaces.EmbedderUnavailable``.
    """
    release = wiring.live().current()
    gaps = Gap.objects.filter(closed_at__lte=timezone.now() - PERIOD, later_asks=None)
    for gap in gaps:
        _measure(gap, release)
    return len(gaps)


def _measure(gap: Gap, release: LoadedRelease) -> None:
    assert gap.closed_at is not None
    period = (gap.closed_at, gap.closed_at + PERIOD)
    not_helped = set(gap.asks_in.filter(at__range=period).values_list("ask_id", flat=True))
    answers = FaqAsk.objects.filter(faq_id__in=gap.answered_by, is_answer=True, at__range=period)
    ask_ids = set(answers.values_list("ask_id", flat=True)) - not_helped
    gap.later_answered = _count_similar(gap, ask_ids, release)
    gap.later_asks = gap.later_answered + len(not_helped)
    gap.save(update_fields=["later_asks", "later_answered"])


def _count_similar(gap: Gap, ask_ids: Collection[object], release: LoadedRelease) -> int:
    """The asks that are as similar to the gap's central question as the gap's own asks."""
    central = list(texts_of(gap.asks_in.order_by("-is_central", "pk")[:1]).values())
    about = [f"ask:{ask_id}" for ask_id in ask_ids]
    records = Record.objects.filter(about__in=about, action="question.asked")
    texts = [str(record.data.get("question", "")) for record in records]
    cleaned = [strip_pleasantries(text) for text in texts if text]
    if not central or not cleaned:
        return 0
    centre = strip_pleasantries(central[0])
    vectors = embed([centre, *cleaned], release)
    threshold = similarity_threshold(release)
    return sum(float(vectors[text] @ vectors[centre]) >= threshold for text in cleaned)
