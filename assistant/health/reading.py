"""Read from the sealed audit log which FAQs were near each ask, and what followed, exactly once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assistant.health.faq_asks import FaqAsk
from audit.models import LogPosition, Record

CONSUMER = "assistant.faq_health"
BATCH_SIZE = 2_000
"""Sealed records read in one transaction."""

LEAST_SIMILARITY = 0.5
"""Below it the nearest FAQ of a question says nothing about either."""

ASKED, RATED, TICKET_OPENED = "question.asked", "ask.rated", "ticket.opened"

FollowUp = FaqAsk.FollowUp


def read_new() -> int:
    """Read the records sealed since the last call; returns the number of records read."""
    return LogPosition.objects.read_new(CONSUMER, _fold, batch_size=BATCH_SIZE)


def _fold(record_ids: Sequence[int]) -> None:
    for record in Record.objects.filter(action__in=READERS).in_order_of(record_ids):
        READERS[record.action](record)


def _read_ask(ask: Record) -> None:
    data, ask_id, person = ask.data, _ask_id(ask), ask.subject_key_id or ""
    is_answer = data.get("source") == "faq"
    for faq_id in set(_answering(data) if is_answer else _nearest(data)):
        earlier = FaqAsk.objects.answers_before(ask.at, person=person).filter(faq_id=faq_id)
        earlier.filter(follow_up="").update(follow_up=FollowUp.ASKED_AGAIN)
        FaqAsk.objects.get_or_create(
            ask_id=ask_id,
            faq_id=faq_id,
            defaults={"person": person, "at": ask.at, "is_answer": is_answer},
        )


def _answering(data: Mapping[str, Any]) -> Iterator[str]:
    """Erasing a person leaves the first of several."""
    yield data["faq_id"]
    yield from data.get("citations", ())


def _nearest(data: Mapping[str, Any]) -> Iterator[str]:
    closest = data.get("decision", {}).get("closest")
    if closest and closest["similarity"] >= LEAST_SIMILARITY:
        yield closest["faq_id"]


def _read_rating(rating: Record) -> None:
    answers = FaqAsk.objects.filter(ask_id=_ask_id(rating), is_answer=True)
    answers.update(helpful=rating.data.get("helpful"))


def _read_ticket(ticket: Record) -> None:
    person = ticket.subject_key_id or ""
    FaqAsk.objects.answers_before(ticket.at, person=person).update(follow_up=FollowUp.TICKET)


def _ask_id(ask: Record) -> str:
    return ask.about.partition(":")[2]


READERS = {ASKED: _read_ask, RATED: _read_rating, TICKET_OPENED: _read_ticket}
