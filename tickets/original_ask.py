"""What the site said to the question that a ticket came from, as the audit trail has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.models import Record
from tickets.models import Ticket

TURNS = 20
LOOKED_THROUGH = 200
"""Of the requester's own asks around it, for those of the same conversation."""


@dataclass(frozen=True)
class Turn:
    """One question of a conversation, and what it got."""

    at: datetime
    question: str
    outcome: str
    answer: str


@dataclass(frozen=True)
class Asked:
    """An ask: ``decision`` and its ``path`` as /ask returned them."""

    at: datetime
    question: str
    outcome: str
    answer: str
    decision: dict[str, Any]
    conversation: tuple[Turn, ...]

    @property
    def nearest(self) -> list[dict[str, Any]]:
        """The FAQs that came closest: ``faq_id``, ``phrasing`` and ``similarity``, -1..1."""
        steps = self.decision.get("path", [])
        found: list[dict[str, Any]] = next(
            (step["matches"] for step in steps if step.get("step") == "match"), []
        )
        return found

    def as_dict(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(),
            "question": self.question,
            "outcome": self.outcome,
            "answer": self.answer,
            "nearest": self.nearest,
            "decision": self.decision,
            "conversation": [
                {**vars(turn), "at": turn.at.isoformat()} for turn in self.conversation
            ],
        }


def asked_before(ticket: Ticket) -> Asked | None:
    """None if it came from no ask, or that was erased with its person."""
    if ticket.ask_id is None:
        return None
    ask = find(ticket.requester, str(ticket.ask_id))
    if ask is None or "question" not in ask.data:
        return None
    turn = _turn(ask)
    return Asked(
        at=turn.at,
        question=turn.question,
        outcome=turn.outcome,
        answer=turn.answer,
        decision=ask.data.get("decision") or {},
        conversation=tuple(_conversation(ask, ticket.requester)),
    )


def find(user_id: str, ask_id: str) -> Record | None:
    """The record of what that user asked; nobody else's."""
    asks = Record.objects.all().about("ask", ask_id).filter(action="question.asked")
    return next((ask for ask in asks if ask.concerns(user_id)), None)


def _conversation(ask: Record, requester: str) -> Iterator[Turn]:
    """What was said before it in the same conversation, oldest first."""
    name = ask.data.get("conversation_id")
    if not name:
        return
    before = Record.objects.filter(action="question.asked", pk__lt=ask.pk).concerning(requester)
    latest = before.order_by("-id")[:LOOKED_THROUGH]
    of_it = [each for each in latest if each.data.get("conversation_id") == name][:TURNS]
    yield from (_turn(each) for each in reversed(of_it))


def _turn(ask: Record) -> Turn:
    told = ask.data
    names = ("question", "outcome", "answer")
    return Turn(ask.at, **{name: str(told.get(name) or "") for name in names})
