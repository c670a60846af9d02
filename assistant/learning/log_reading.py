"""Read the asks without a helpful answer from the sealed audit log, each record exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from assistant.learning.gaps import GapAsk
from audit.models import LogPosition, Record

CONSUMER = "assistant.gaps"
BATCH_SIZE = 500
"""Sealed records read in one transaction."""

ABANDONED_AFTER = timedelta(minutes=30)
"""A clarification is abandoned if the person asks nothing else for this long."""

NO_QUESTION = {"small_talk", "hand_off", "unreadable"}
"""Reasons of messages that no FAQ could answer."""

ASKED, RATED = "question.asked", "ask.rated"

Kind = GapAsk.Kind


def read_new() -> int:
    """Read the records sealed since the last call; returns the number of records read."""
    count = LogPosition.objects.read_new(CONSUMER, _fold, batch_size=BATCH_SIZE)
    _mark_abandoned()
    GapAsk.objects.all().mark_tickets()
    return count


def _fold(record_ids: Sequence[int]) -> None:
    pending = set(GapAsk.objects.filter(kind=Kind.PENDING).values_list("person", flat=True))
    for record in Record.objects.filter(action__in=(ASKED, RATED)).in_order_of(record_ids):
        if record.action == ASKED:
            _read_ask(record, pending)
        else:
            _read_rating(record)


def _read_ask(ask: Record, pending: set[str]) -> None:
    """``pending``: the people who were asked to clarify. Changes it."""
    person = ask.subject_key_id or ""
    if person in pending:
        GapAsk.objects.filter(
            person=person, kind=Kind.PENDING, at__gte=ask.at - ABANDONED_AFTER
        ).delete()
        pending.discard(person)
    if ask.outcome == "clarify":
        _store(ask, Kind.PENDING)
        pending.add(person)
    elif ask.outcome == "unanswered":
        reason = ask.data.get("decision", {}).get("reason", "")
        if reason not in NO_QUESTION:
            _store(ask, Kind.REJECTED if reason == "none_of_these" else Kind.UNANSWERED)


def _read_rating(rating: Record) -> None:
    ask_id = rating.about.partition(":")[2]
    if rating.data.get("helpful") is not False:
        GapAsk.objects.filter(ask_id=ask_id, kind=Kind.UNHELPFUL).delete()
        return
    ask = Record.objects.all().about("ask", ask_id).filter(action=ASKED).first()
    if ask:
        _store(ask, Kind.UNHELPFUL)


def _store(ask: Record, kind: str) -> None:
    decision = ask.data.get("decision", {})
    closest = decision.get("closest") or {}
    values = {
        "record_id": ask.pk,
        "person": ask.subject_key_id or "",
        "at": ask.at,
        "kind": kind,
        "reason": decision.get("reason", ""),
        "faq_id": closest.get("faq_id", ""),
        "similarity": closest.get("similarity"),
    }
    GapAsk.objects.bulk_create(
        [GapAsk(ask_id=ask.about.partition(":")[2], **values)],
        update_conflicts=True,
        unique_fields=["ask_id"],
        update_fields=list(values),
    )


def _mark_abandoned() -> None:
    GapAsk.objects.filter(kind=Kind.PENDING, at__lt=timezone.now() - ABANDONED_AFTER).update(
        kind=Kind.ABANDONED
    )
