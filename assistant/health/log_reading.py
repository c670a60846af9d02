"""Read from the sealed audit log which FAQs were near each ask, and what followed, exactly once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from assistant.health.faq_asks import FOLLOW_UP_PERIOD, FaqAsk
from audit.models import LogPosition, Record

CONSUMER = "assistant.faq_health"
BATCH_SIZE = 500
"""Sealed records read in one transaction."""

MIN_SIMILARITY = 0.5
"""Below it the nearest FAQ of a question says nothing about either."""

ASKED, RATED, TICKET_OPENED = "question.asked", "ask.rated", "ticket.opened"

FollowUp = FaqAsk.FollowUp


def read_new() -> int:
    """Read the records sealed since the last call; returns the number of records read."""
    return LogPosition.objects.read_new(CONSUMER, _fold, batch_size=BATCH_SIZE)


def _fold(record_ids: Sequence[int]) -> None:
    records = Record.objects.filter(action__in=READERS).in_order_of(record_ids)
    for action, group in groupby(records, key=lambda record: record.action):
        READERS[action](list(group))


def _read_asks(asks: Sequence[Record]) -> None:
    """Store their rows, and mark the answers after which people asked again."""
    rows = [row for ask in asks for row in _rows(ask)]
    earlier = FaqAsk.objects.filter(
        is_answer=True,
        follow_up="",
        person__in={row.person for row in rows},
        faq_id__in={row.faq_id for row in rows},
        at__gte=min(ask.at for ask in asks) - FOLLOW_UP_PERIOD,
    )
    answers: dict[tuple[str, str], list[FaqAsk]] = defaultdict(list)
    for answer in earlier:
        answers[answer.person, answer.faq_id].append(answer)
    stored: list[int] = []
    for row in rows:
        others = answers[row.person, row.faq_id]
        followed = [answer for answer in others if _is_followed(answer, row)]
        for answer in followed:
            answer.follow_up = FollowUp.ASKED_AGAIN
        stored += [answer.pk for answer in followed if answer.pk]
        answers[row.person, row.faq_id] = [answer for answer in others if not answer.follow_up]
        if row.is_answer:
            answers[row.person, row.faq_id].append(row)
    FaqAsk.objects.filter(pk__in=stored).update(follow_up=FollowUp.ASKED_AGAIN)
    FaqAsk.objects.bulk_create(rows, ignore_conflicts=True)


def _rows(ask: Record) -> Iterator[FaqAsk]:
    data = ask.data
    is_answer = data.get("source") == "faq"
    for faq_id in set(_answering(data) if is_answer else _nearest(data)):
        yield FaqAsk(
            ask_id=_ask_id(ask),
            person=ask.subject_key_id or "",
            at=ask.at,
            faq_id=faq_id,
            is_answer=is_answer,
        )


def _is_followed(answer: FaqAsk, ask: FaqAsk) -> bool:
    """Whether the person, who is known, asked again within the time that counts."""
    return bool(ask.person) and ask.at - FOLLOW_UP_PERIOD <= answer.at <= ask.at


def _answering(data: Mapping[str, Any]) -> Iterator[str]:
    """Erasing a person leaves the first of several."""
    yield data["faq_id"]
    yield from data.get("citations", ())


def _nearest(data: Mapping[str, Any]) -> Iterator[str]:
    closest = data.get("decision", {}).get("closest")
    if closest and closest["similarity"] >= MIN_SIMILARITY:
        yield closest["faq_id"]


def _read_ratings(ratings: Sequence[Record]) -> None:
    for rating in ratings:
        answers = FaqAsk.objects.filter(ask_id=_ask_id(rating), is_answer=True)
        answers.update(helpful=rating.data.get("helpful"))


def _read_tickets(tickets: Sequence[Record]) -> None:
    for ticket in tickets:
        person = ticket.subject_key_id or ""
        FaqAsk.objects.answers_before(ticket.at, person=person).update(follow_up=FollowUp.TICKET)


def _ask_id(ask: Record) -> str:
    return ask.about.partition(":")[2]


READERS = {ASKED: _read_asks, RATED: _read_ratings, TICKET_OPENED: _read_tickets}
