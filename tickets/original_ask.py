"""The question that a ticket comes from, with the site's decision, from the audit trail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.models import Record
from tickets.models import Ticket

TURNS = 20
ASKS_SEARCHED = 200
"""The number of the requester's earlier asks that are searched for the same conversation."""

OUTCOME_LABELS = {
    "answered": "answered",
    "clarify": "asked to clarify",
    "unanswered": "not answered",
}


@dataclass(frozen=True)
class Turn:
    """One question of a conversation and its answer."""

    at: datetime
    question: str
    outcome: str
    answer: str

    @property
    def outcome_label(self) -> str:
        return OUTCOME_LABELS.get(self.outcome, self.outcome)


@dataclass(frozen=True)
class OriginalAsk:
    """An ask. ``decision`` is as /ask returned it, with its ``path``."""

    at: datetime
    question: str
    outcome: str
    answer: str
    decision: dict[str, Any]
    conversation: tuple[Turn, ...]

    @property
    def nearest(self) -> list[dict[str, Any]]:
        """The closest FAQs: ``faq_id``, ``phrasing`` and ``similarity``, -1..1."""
        steps = self.decision.get("path", [])
        matches: list[dict[str, Any]] = next(
            (step["matches"] for step in steps if step.get("step") == "match"), []
        )
        return matches

    def as_dict(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(),
            "question": self.question,
            "outcome": self.outcome,
            "answer": self.answer,
            "nearest": self.nearest,
            "decision": self.decision or None,
            "conversation": [
                {**vars(turn), "at": turn.at.isoformat()} for turn in self.conversation
            ],
        }


def find_original_ask(ticket: Ticket) -> OriginalAsk | None:
    """None if the ticket comes from no ask, or the ask was erased."""
    if ticket.ask_id is None:
        return None
    ask = find_record(ticket.requester, str(ticket.ask_id))
    if ask is None or "question" not in ask.data:
        return None
    turn = turn_of(ask)
    return OriginalAsk(
        at=turn.at,
        question=turn.question,
        outcome=turn.outcome,
        answer=turn.answer,
        decision=ask.data.get("decision") or {},
        conversation=tuple(_conversation(ask, ticket.requester)),
    )


def find_record(user_id: str, ask_id: str) -> Record | None:
    """The audit record of an ask of this user; None if it is somebody else's."""
    asks = Record.objects.all().about("ask", ask_id).filter(action="question.asked")
    return next((ask for ask in asks if ask.concerns(user_id)), None)


def _conversation(ask: Record, requester: str) -> Iterator[Turn]:
    """The earlier turns of its conversation, oldest first."""
    name = ask.data.get("conversation_id")
    if not name:
        return
    before = Record.objects.filter(action="question.asked", pk__lt=ask.pk).concerning(requester)
    latest = before.order_by("-id")[:ASKS_SEARCHED]
    turns = [earlier for earlier in latest if earlier.data.get("conversation_id") == name][:TURNS]
    yield from (turn_of(earlier) for earlier in reversed(turns))


def turn_of(ask: Record) -> Turn:
    names = ("question", "outcome", "answer")
    return Turn(ask.at, **{name: str(ask.data.get(name) or "") for name in names})
