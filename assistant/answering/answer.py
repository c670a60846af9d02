"""The question and the answer of /ask. Pure."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from assistant.decision.decision import MAX_OPTIONS, Decision
from assistant.decision.matches import Match
from assistant.decision.message import unanswered_parts
from assistant.decision.reasons import SET_REPLIES, Reason
from faq.markdown import to_html

SHOW_NOTHING = SET_REPLIES | {Reason.UNREADABLE, Reason.NONE_OF_THESE}
"""Reasons with which the reply has no ``nearest``: similarity means nothing, or the person rejected
these FAQs."""


class Outcome(StrEnum):
    ANSWERED = "answered"
    CLARIFY = "clarify"
    UNANSWERED = "unanswered"


class Purpose(StrEnum):
    """Why the request was made. Only ``QUESTION`` counts in statistics."""

    QUESTION = "question"
    BENCHMARK = "benchmark"
    TRY = "try"


class BadQuestion(Exception):
    """The question is invalid; the text names the field."""

    problem_status = 400


@dataclass(frozen=True)
class Question:
    """A person's message, and who sent it."""

    text: str
    user_id: str
    actor: str
    roles: tuple[str, ...] = ()
    category: str = ""
    audiences: frozenset[str] = frozenset()
    """The person's audiences; FAQs for other audiences are invisible."""
    choice: str = ""
    conversation_id: str = ""
    purpose: Purpose = Purpose.QUESTION
    channel: str = "api"
    """Where the question comes from: ``api``, ``help``, ``mail``, or the name of a channel."""


@dataclass(frozen=True)
class PartAnswer:
    """The answer to one of several questions."""

    question: str
    faq_id: str
    text: str

    def as_dict(self) -> dict[str, str]:
        return {"question": self.question, "faq_id": self.faq_id, "answer": self.text}


@dataclass(frozen=True)
class Answer:
    """What /ask returns; ``as_dict`` is the HTTP contract."""

    outcome: Outcome
    decision: Decision
    release: int | None
    ask_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    source: str | None = None
    text: str | None = None
    citations: tuple[str, ...] = ()
    answers: tuple[PartAnswer, ...] = ()
    """If several questions are answered, one for each, in order; ``text`` has all of them."""
    path: tuple[dict[str, Any], ...] = ()
    agent_options: tuple[Match, ...] = ()
    """The agent's options, if the agent clarifies and the decision does not."""
    nearest: tuple[Match, ...] = ()
    """Of a question that nothing answers, nearest first; the decision's own without."""
    degraded: tuple[str, ...] = ()
    questions: dict[str, str] = field(default_factory=dict)
    """The FAQs' own questions, by faq_id."""

    @property
    def _nearest(self) -> tuple[Match, ...]:
        """At most three; that of a mention, which the decision brings in, included."""
        mention = self.decision.mention
        if not self.nearest or (mention and mention not in self.nearest[:MAX_OPTIONS]):
            return self.decision.nearest
        return self.nearest[:MAX_OPTIONS]

    @property
    def faq_id(self) -> str | None:
        return self.citations[0] if self.citations else None

    @property
    def options(self) -> tuple[Match, ...]:
        return self.agent_options or self.decision.options

    def as_dict(self) -> dict[str, Any]:
        return self._payload

    @cached_property
    def _payload(self) -> dict[str, Any]:
        """Built once, so that the record and the reply are the same."""
        decision = self.decision
        unanswered = self.outcome is Outcome.UNANSWERED
        shows_nearest = unanswered and decision.reason not in SHOW_NOTHING
        nearest = self._nearest if shows_nearest else ()
        return {
            "ask_id": self.ask_id,
            "outcome": self.outcome.value,
            "source": self.source,
            "answer": self.text,
            "answer_html": None if self.text is None else to_html(self.text),
            "answers": [part.as_dict() for part in self.answers],
            "faq_id": self.faq_id,
            "similarity": decision.closest.similarity if decision.closest else None,
            "options": [self._option(match) for match in self.options],
            "nearest": [self._option(match) for match in nearest],
            "ticket": {"method": "POST", "path": "/tickets", "ask_id": self.ask_id}
            if unanswered
            else None,
            "citations": list(self.citations),
            "release": self.release,
            "degraded": list(self.degraded),
            "unanswered_parts": list(unanswered_parts(decision)),
            "corrected": [change.as_dict() for change in decision.corrected],
            "decision": {**decision.as_dict(), "path": list(self.path)},
        }

    def _option(self, match: Match) -> dict[str, Any]:
        return {
            "faq_id": match.faq_id,
            "question": self.questions[match.faq_id],
            "similarity": match.similarity,
            "confidence": match.confidence,
        }
