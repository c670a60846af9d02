"""Ask the questions of gaps again after a release, without the agent and without a record."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Count, F, Q

from assistant import wiring
from assistant.answering.answer import Question
from assistant.learning.gaps import Gap, GapAsk
from assistant.matching.loaded_release import LoadedRelease
from audit.models import Record

MOST_TRIED = 50
"""Asks of a gap, the newest."""

BATCH_SIZE = 100
"""Gaps stored in one transaction: each one waits for the disk, as the records of /ask do."""

TRIED_BY = "gaps"
"""The user id of these questions."""


def try_gaps() -> None:
    """Try each gap that the live release was not tried on, and each that has grown.

    A gap all of whose questions the release would help is closed by it; one with new questions
    that it would not is open again.
    """
    release = wiring.live().current()
    if release.number is None:
        return
    gaps = Gap.objects.exclude(status=Gap.Status.DISMISSED).annotate(**{"asks": Count("asks_in")})
    is_same = Q(checked_release=release.number, tried_asks=F("asks"))
    untried = list(gaps.exclude(is_same))
    for start in range(0, len(untried), BATCH_SIZE):
        batch = untried[start : start + BATCH_SIZE]
        tried = [_tried(gap, release) for gap in batch]
        with transaction.atomic():
            for gap, faq_ids in zip(batch, tried, strict=True):
                helping = [faq_id for faq_id in faq_ids if faq_id]
                gap.mark_tried(release.number, texts=len(faq_ids), faq_ids=helping, asks=gap.asks)


def _tried(gap: Gap, release: LoadedRelease) -> list[str]:
    """The FAQ that would help each of its newest asks; empty for those that none would."""
    asks = {ask.record_id: ask for ask in gap.asks_in.all()[:MOST_TRIED]}
    return [
        _faq_that_helps(asks[record.pk], record, release)
        for record in Record.objects.filter(pk__in=asks)
        if record.data.get("question")
    ]


def _faq_that_helps(ask: GapAsk, record: Record, release: LoadedRelease) -> str:
    """The FAQ that would answer; empty if none would, or with the answer that did not help."""
    if record.data.get("release") == release.number:
        # This release has not helped.
        return ""
    question = Question(text=record.data["question"], user_id=TRIED_BY, actor=TRIED_BY)
    # Only what FAQs answer closes a gap.
    answer = wiring.preview_assistant().dry_run_faqs(question, release)
    if answer is None:
        return ""
    is_same = ask.kind == GapAsk.Kind.UNHELPFUL and answer.text == record.data.get("answer")
    return "" if is_same else answer.faq_id or ""
