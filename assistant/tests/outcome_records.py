"""Audit records of asks, feedback and tickets at chosen times, to fold into outcomes."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from assistant.outcomes import fold
from audit.models import record
from tickets.models import Ticket

CLOSED = {"confirmed": 20, "contained": 40, "abandoned": 15, "rejected": 10, "escalated": 15}
"""A hundred needs."""

OPEN, VISITORS = 5, 6


class History:
    """Writes records as if it were another time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.now = timezone.now()

    def at(self, days_ago: float, minutes: float = 0) -> datetime:
        return self.now - timedelta(days=days_ago) + timedelta(minutes=minutes)

    def go_to(self, at: datetime) -> None:
        self._monkeypatch.setattr(timezone, "now", lambda: at)

    def ask(self, person: str, at: datetime, outcome: str = "answered", **fields: Any) -> str:
        self.go_to(at)
        ask_id = str(uuid.uuid4())
        reason = fields.pop("reason", "confident" if outcome == "answered" else "no_match")
        data = {
            "user_id": person,
            "roles": ["customer"],
            "question": f"A question of {person}",
            "outcome": outcome,
            "source": "faq" if outcome == "answered" else None,
            "faq_id": "reset-password" if outcome == "answered" else None,
            "release": 1,
            "decision": {"reason": reason},
            **fields,
        }
        action = data.pop("action", "question.asked")
        record(action, actor=person, kind="ask", key=ask_id, data=data)
        return ask_id

    def rate(self, person: str, ask_id: str, at: datetime, *, helpful: bool) -> None:
        self.go_to(at)
        data = {"user_id": person, "helpful": helpful}
        record("ask.rated", actor=person, kind="ask", key=ask_id, data=data)

    def ticket(self, person: str, at: datetime, **fields: Any) -> Ticket:
        self.go_to(at)
        return Ticket.objects.escalate("Please help.", requester=person, by=person, **fields)

    def hundred(self) -> None:
        """The needs of ``CLOSED``, open ones, visitors, and what is no need."""
        for end, count in CLOSED.items():
            for number in range(count):
                at = self.at(20 - number % 10, minutes=number)
                self.need(end, f"{end}-{number}", at)
        for number in range(OPEN):
            self.ask(f"open-{number}", self.at(2))
        for number in range(VISITORS):
            self.ask(f"visitor-{number}", self.at(15), roles=["visitor"])
        self.ask("greeter", self.at(15), "unanswered", reason="small_talk")
        self.ask("tool", self.at(15), action="question.benchmarked")
        self.ask("sam", self.at(15), action="question.tried")
        self.go_to(self.now)

    def need(self, end: str, person: str, at: datetime, **fields: Any) -> None:
        """Whatever leads to this end."""
        soon = at + timedelta(minutes=2)
        ask_id = self.ask(person, at, **fields)
        if end in ("confirmed", "rejected"):
            self.rate(person, ask_id, soon, helpful=end == "confirmed")
        elif end == "abandoned":
            self.ask(person, soon, "clarify", reason="unsure")
        elif end == "escalated":
            self.ticket(person, at + timedelta(days=2), ask_id=ask_id, reason="unhelpful")

    def fold(self) -> int:
        call_command("audit_seal", verbosity=0)
        return fold.fold_new()
