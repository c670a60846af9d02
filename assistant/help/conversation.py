"""The conversation of a visitor, read from the audit trail: a reload shows the same."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from assistant.decision.message import NO_CHOICE
from assistant.decision.reasons import SET_REPLIES
from assistant.desk_texts import SetReply
from assistant.help.visitor import Visitor
from assistant.learning.feedback import Feedback
from assistant.text.intents import Intent
from audit.models import Record
from faq.markdown import to_html
from faq.published import PublishedFaq, published_in
from tickets import original_ask

TURNS = 30
ASKS_READ = 200
"""How many of the visitor's latest questions are searched for those of this conversation."""

MISSES = 2
"""Replies in a row that did not help, until a person is offered."""


@dataclass(frozen=True)
class Reply:
    """One answer. ``faq`` is where its words are from; None for the agent and for set replies."""

    text: str
    question: str = ""
    """The part of the message that it answers, where there are several."""
    faq: PublishedFaq | None = None

    @property
    def html(self) -> SafeString:
        return mark_safe(to_html(self.text))  # noqa: S308 (markdown without HTML)


@dataclass(frozen=True)
class Turn:
    """One question and what came back."""

    ask_id: str
    at: datetime
    question: str
    choice: str
    outcome: str
    source: str
    replies: Sequence[Reply] = ()
    options: Sequence[Mapping[str, Any]] = ()
    sources: Sequence[PublishedFaq] = ()
    """The FAQs that the agent's answer is from."""
    rating: bool | None = None
    """Whether it helped, as the visitor said."""
    chosen: str = field(default="")
    """The question of the option that was chosen."""

    @property
    def is_none(self) -> bool:
        return self.choice == NO_CHOICE

    @property
    def is_by_agent(self) -> bool:
        return self.source == "agent"

    @property
    def helped(self) -> bool:
        return self.outcome == "answered" and self.rating is not False


def read_conversation(visitor: Visitor) -> list[Turn]:
    """The latest turns, oldest first."""
    records = Record.objects.filter(action="question.asked").concerning(visitor.subject)
    own = [
        record
        for record in records.order_by("-id")[:ASKS_READ]
        if record.data.get("conversation_id") == visitor.conversation
    ][:TURNS]
    faqs = published_in(
        (record.data["release"], faq_id) for record in own for faq_id in _named(record.data)
    )
    ratings = dict(
        Feedback.objects.filter(ask_id__in=[_ask_id(record) for record in own]).values_list(
            "ask_id", "helpful"
        )
    )
    by_ask = {str(ask_id): helpful for ask_id, helpful in ratings.items()}
    return [_turn(record, faqs, by_ask.get(_ask_id(record))) for record in reversed(own)]


def find_ask(visitor: Visitor, ask_id: str) -> Record | None:
    """The visitor's own question with this id; None if there is none."""
    try:
        uuid.UUID(ask_id)
    except ValueError:
        return None
    record = original_ask.find_record(visitor.subject, ask_id)
    return record if record and "question" in record.data else None


def misses(turns: Sequence[Turn]) -> int:
    """How many of the last replies, in a row, did not help.

    Options count only if the visitor asked on without choosing one; small talk never does.
    """
    count = 0
    following: Turn | None = None
    for turn in reversed(turns):
        if turn.helped:
            break
        if turn.source == "set_reply":
            continue
        is_open = turn.outcome == "clarify" and (following is None or following.choice)
        count += not is_open
        following = turn
    return count


def _ask_id(record: Record) -> str:
    return record.about.partition(":")[2]


def _named(data: Mapping[str, Any]) -> Iterable[str]:
    """The FAQs whose words a turn shows."""
    yield from data.get("citations") or ()
    yield from (part["faq_id"] for part in data.get("answers") or ())
    if data.get("choice") not in ("", None, NO_CHOICE):
        yield data["choice"]


def _turn(
    record: Record, faqs: Mapping[tuple[int, str], PublishedFaq], rating: bool | None
) -> Turn:
    data = record.data
    release = data["release"]
    chosen = faqs.get((release, data.get("choice") or ""))
    source = data.get("source") or ""
    cited = [faqs[release, name] for name in data["citations"] if (release, name) in faqs]
    return Turn(
        ask_id=_ask_id(record),
        at=record.at,
        question=data["question"],
        choice=data.get("choice") or "",
        outcome=data["outcome"],
        source=source,
        replies=_replies(data, cited, faqs),
        options=data.get("options") or (),
        sources=cited if source == "agent" else (),
        rating=rating,
        chosen=chosen.question if chosen else "",
    )


def _replies(
    data: Mapping[str, Any],
    cited: Sequence[PublishedFaq],
    faqs: Mapping[tuple[int, str], PublishedFaq],
) -> list[Reply]:
    """The answers as they were published: the audit trail has them redacted."""
    release, parts = data["release"], data.get("answers") or ()
    if data["source"] == "faq" and parts and all((release, p["faq_id"]) in faqs for p in parts):
        replies = ((part["question"], faqs[release, part["faq_id"]]) for part in parts)
        return [Reply(faq.answer, question, faq) for question, faq in replies]
    if data["source"] == "faq" and cited:
        return [Reply(faq.answer, faq=faq) for faq in cited]
    decision = data.get("decision") or {}
    if decision.get("reason") in SET_REPLIES and decision.get("intent"):
        return [Reply(SetReply.objects.text_for(Intent(decision["intent"])))]
    return [Reply(data["answer"])] if data.get("answer") else []
