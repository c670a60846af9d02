"""Ask the questions of gaps again after a release, without the agent and without a record."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Count, F, Q

from assistant import wiring
from assistant.answering.answer import Question
from assistant.learning.gaps import Gap, GapAsk
from assistant.matching.loaded_release import LoadedRelease
from audit.models import Record

MAX_ASKS = 50
"""The newest asks of a gap; older ones are not tried."""

BATCH_SIZE = 100
"""Gaps stored in one transaction, because every commit waits for the disk."""

DRY_RUN_USER = "gaps"
"""The user id of dry runs."""


def check_gaps() -> None:
    """Ask the questions of every gap that is new to the live release, or that has grown.

    A gap is closed when FAQs would answer all of its questions, and open otherwise.
    """
    release = wiring.live().current()
    if release.number is None:
        return
    gaps = Gap.objects.exclude(status=Gap.Status.DISMISSED).annotate(**{"asks": Count("asks_in")})
    is_checked = Q(checked_release=release.number, tried_asks=F("asks"))
    unchecked = list(gaps.exclude(is_checked))
    for start in range(0, len(unchecked), BATCH_SIZE):
        batch = unchecked[start : start + BATCH_SIZE]
        results = [_helpful_faqs(gap, release) for gap in batch]
        with transaction.atomic():
            for gap, faq_ids in zip(batch, results, strict=True):
                helpful = [faq_id for faq_id in faq_ids if faq_id]
                gap.mark_checked(release.number, texts=len(faq_ids), faq_ids=helpful, asks=gap.asks)


def _helpful_faqs(gap: Gap, release: LoadedRelease) -> list[str]:
    """The id of the FAQ that would answer each of the newest asks; empty if none would."""
    asks = {ask.record_id: ask for ask in gap.asks_in.all()[:MAX_ASKS]}
    return [
        _helpful_faq(asks[record.pk], record, release)
        for record in Record.objects.filter(pk__in=asks)
        if record.data.get("question")
    ]


def _helpful_faq(ask: GapAsk, record: Record, release: LoadedRelease) -> str:
    """The id of the FAQ that would answer; empty if none would, or if its answer did not help."""
    if record.data.get("release") == release.number:
        # This release has replied to it already, without helpful.
        return ""
    question = Question(text=record.data["question"], user_id=DRY_RUN_USER, actor=DRY_RUN_USER)
    # Only what FAQs answer closes a gap.
    answer = wiring.preview_assistant().dry_run_faqs(question, release)
    if answer is None:
        return ""
    is_same = ask.kind == GapAsk.Kind.UNHELPFUL and answer.text == record.data.get("answer")
    return "" if is_same else answer.faq_id or ""
