"""Ask the questions of gaps again after a release, without the agent and without a record."""

from __future__ import annotations

from django.db.models import Count, F, Q

from assistant import wiring
from assistant.answering.answer import Outcome, Question
from assistant.learning.gaps import Gap, GapAsk
from assistant.matching.loaded_release import LoadedRelease
from audit.models import Record

MOST_TRIED = 50
"""Asks of a gap, the newest."""

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
    for gap in gaps.exclude(is_same).iterator():
        asks = {ask.record_id: ask for ask in gap.asks_in.all()[:MOST_TRIED]}
        records = Record.objects.filter(pk__in=asks)
        faqs = [
            _faq_that_helps(asks[record.pk], record, release)
            for record in records
            if record.data.get("question")
        ]
        helping = [faq_id for faq_id in faqs if faq_id]
        gap.mark_tried(release.number, texts=len(faqs), faq_ids=helping, asks=gap.asks)


def _faq_that_helps(ask: GapAsk, record: Record, release: LoadedRelease) -> str:
    """The FAQ that would answer; empty if none would, or with the answer that did not help."""
    if record.data.get("release") == release.number:
        # This release has not helped.
        return ""
    question = Question(text=record.data["question"], user_id=TRIED_BY, actor=TRIED_BY)
    # Without the agent: only what FAQs answer closes a gap.
    answer = wiring.preview_assistant().dry_run(question, release)
    is_same = ask.kind == GapAsk.Kind.UNHELPFUL and answer.text == record.data.get("answer")
    if answer.outcome is not Outcome.ANSWERED or is_same:
        return ""
    return answer.faq_id or ""
