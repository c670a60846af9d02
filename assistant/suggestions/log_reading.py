"""Read the asks that are evidence for an FAQ from the sealed audit log, each record once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from assistant.decision.reasons import Reason
from assistant.suggestions.faq_proposal import ResolvedTicket
from assistant.suggestions.suggestion import SuggestionAsk
from assistant.text.instructions import is_instruction
from audit.models import LogPosition, Record
from faq.models import Faq
from faq.phrasing import normalise
from tickets.models import Ticket
from tickets.original_ask import find_record

CONSUMER = "assistant.suggestions"
BATCH_SIZE = 500
"""Sealed records read in one transaction."""

PICKED_WITHIN = timedelta(minutes=30)
"""How long after the options were shown a choice counts."""

MIN_ANSWER_LENGTH = 20
"""Shorter answers are not searched for in replies: "Yes." is in many."""

ASKED = "question.asked"

Kind = SuggestionAsk.Kind


def read_new() -> int:
    """Read the records sealed since the last call; returns the number of records read."""
    return LogPosition.objects.read_new(CONSUMER, _fold, batch_size=BATCH_SIZE)


def _fold(record_ids: Sequence[int]) -> None:
    records = Record.objects.filter(action__in=tuple(READERS))
    for record in records.in_order_of(record_ids):
        READERS[record.action](record)


def _read_ask(ask: Record) -> None:
    if ask.outcome != "answered":
        # Before it is decrypted: most asks choose nothing.
        return
    choice = str(ask.data.get("choice") or "")
    if _reason(ask) == Reason.CHOSEN and _was_offered(ask, choice):
        _store(ask, Kind.PICKED, choice)


def _read_rating(rating: Record) -> None:
    ask_id = _key(rating)
    SuggestionAsk.objects.all().delete_from_people([ask_id])
    ask = Record.objects.all().about("ask", ask_id).filter(action=ASKED).first()
    if ask and rating.data.get("helpful"):
        _read_ask(ask)
        if _is_near_tie(ask):
            _store(ask, Kind.HELPFUL, str(ask.data.get("faq_id") or ""))


def _read_resolved(resolved: Record) -> None:
    ticket = Ticket.objects.filter(pk=_key(resolved)).first()
    if ticket is None:
        return
    ResolvedTicket.objects.update_or_create(
        ticket=ticket,
        defaults={"at": resolved.at, "person": resolved.subject_key, "embedder": ""},
    )
    if ticket.ask_id is None:
        return
    ask = find_record(ticket.requester, str(ticket.ask_id))
    faq_id = faq_in_replies(ticket)
    if ask and faq_id:
        _store(ask, Kind.RESOLVED, faq_id)


def _read_reopened(reopened: Record) -> None:
    ticket = Ticket.objects.filter(pk=_key(reopened)).first()
    # It is grouped again, without this ticket.
    ResolvedTicket.objects.filter(ticket=ticket).update(embedder="")
    if ticket and ticket.ask_id:
        SuggestionAsk.objects.filter(ask_id=ticket.ask_id, kind=Kind.RESOLVED).delete()


READERS: dict[str, Callable[[Record], None]] = {
    ASKED: _read_ask,
    "ask.rated": _read_rating,
    "ticket.resolved": _read_resolved,
    "ticket.reopened": _read_reopened,
}


def _was_offered(pick: Record, faq_id: str) -> bool:
    """Whether the same question showed its person that option before: only such a pick counts."""
    earlier = Record.objects.filter(
        action=ASKED,
        outcome="clarify",
        subject_key=pick.subject_key_id,
        at__range=(pick.at - PICKED_WITHIN, pick.at),
    )
    question = normalise(str(pick.data.get("question", "")))
    return any(
        normalise(str(ask.data.get("question", ""))) == question
        and any(option.get("faq_id") == faq_id for option in ask.data.get("options") or [])
        for ask in earlier
    )


def _is_near_tie(ask: Record) -> bool:
    """Whether an FAQ answered although another one was within the margin."""
    decision = ask.data.get("decision") or {}
    lead = decision.get("lead")
    return _reason(ask) == Reason.CONFIDENT and lead is not None and lead < decision["margin"]


def faq_in_replies(ticket: Ticket) -> str:
    """The FAQ whose answer a reply to the customer contains, the longest one; or empty."""
    replies = ticket.comments.public().filter(from_desk=True)
    text = _one_line("\n".join(reply.full_text for reply in replies))
    if not text:
        return ""
    answers = Faq.objects.in_use().values_list("slug", "answer")
    contained = [
        (len(answer), faq_id)
        for faq_id, answer in answers
        if len(answer) >= MIN_ANSWER_LENGTH and _one_line(answer) in text
    ]
    return max(contained, default=(0, ""))[1]


def _store(ask: Record, kind: str, faq_id: str) -> None:
    text, ask_id = str(ask.data.get("question") or ""), _key(ask)
    if not text or not faq_id or is_instruction(text):
        return
    # An ask is evidence for one FAQ only, the last one.
    SuggestionAsk.objects.filter(ask_id=ask_id).exclude(faq_id=faq_id).delete()
    SuggestionAsk.objects.update_or_create(
        ask_id=ask_id,
        defaults={
            "record_id": ask.pk,
            "person": ask.subject_key_id or "",
            "at": ask.at,
            "kind": kind,
            "faq_id": faq_id,
        },
    )


def _reason(ask: Record) -> str:
    return str((ask.data.get("decision") or {}).get("reason", ""))


def _key(record: Record) -> str:
    return record.about.partition(":")[2]


def _one_line(text: str) -> str:
    return " ".join(text.split())
