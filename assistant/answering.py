"""A question, start to end: find, decide, act, record."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from assistant import metrics
from assistant.decision import ANSWERS, ASKS_BACK, Decision, Match, choose, decide
from assistant.interfaces import Agent, AgentReply
from assistant.live import LiveRelease, LoadedRelease
from assistant.policy import Policy
from assistant.vector_cache import VectorCache
from audit.models import record

MATCHES = 10
"""FAQs looked at: enough for the agent and for a person who reads the path."""

SHOWN = 5
"""FAQs told in a reply's path."""


class Outcome(StrEnum):
    ANSWERED = "answered"
    CLARIFY = "clarify"
    UNANSWERED = "unanswered"


class BadQuestion(Exception):
    """The question cannot be asked like this; the text names the field."""

    problem_status = 400


@dataclass(frozen=True)
class Question:
    """What a person sends, and who is asking."""

    text: str
    user_id: str
    actor: str
    roles: tuple[str, ...] = ()
    category: str = ""
    choice: str = ""
    conversation_id: str = ""


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
    path: tuple[dict[str, Any], ...] = ()
    degraded: tuple[str, ...] = ()
    questions: dict[str, str] = field(default_factory=dict)
    """The FAQs' own questions, by slug."""

    @property
    def faq_id(self) -> str | None:
        return self.citations[0] if self.citations else None

    def as_dict(self) -> dict[str, Any]:
        decision = self.decision
        unanswered = self.outcome is Outcome.UNANSWERED
        nearest = decision.ranked[:3] if unanswered else ()
        return {
            "ask_id": self.ask_id,
            "outcome": self.outcome.value,
            "source": self.source,
            "answer": self.text,
            "faq_id": self.faq_id,
            "similarity": decision.closest.similarity if decision.closest else None,
            "options": [self._option(match) for match in decision.options],
            "nearest": [self._option(match) for match in nearest],
            "ticket": {"method": "POST", "path": "/tickets", "ask_id": self.ask_id}
            if unanswered
            else None,
            "citations": list(self.citations),
            "release": self.release,
            "degraded": list(self.degraded),
            "decision": {**decision.as_dict(), "path": list(self.path)},
        }

    def _option(self, match: Match) -> dict[str, Any]:
        return {
            "faq_id": match.faq_id,
            "question": self.questions[match.faq_id],
            "similarity": match.similarity,
            "confidence": match.confidence,
        }


@dataclass(frozen=True)
class Assistant:
    """Answers questions from the live release; the agent speaks only where no FAQ does."""

    embedder: VectorCache
    live: LiveRelease
    agent: Agent
    policy: Callable[[LoadedRelease], Policy]

    def ask(self, question: Question) -> Answer:
        """Answer, ask back or offer a ticket, and record it before returning.

        Raises ``BadQuestion``, ``interfaces.Unavailable`` or ``audit.models.AuditUnavailable``;
        nothing is recorded as answered then.
        """
        started = time.perf_counter()
        release = self.live.current()
        answer = self._answer(question, release)
        _record(question, answer)
        _count(answer, time.perf_counter() - started)
        return answer

    def _answer(self, question: Question, release: LoadedRelease) -> Answer:
        path: list[dict[str, Any]] = []
        matches = self._find(question, release, path)
        decision = self._decide(question, release, matches)
        if decision.reason in ANSWERS:
            return self._from_faq(decision, release, path)
        if decision.reason in ASKS_BACK:
            return _answer(Outcome.CLARIFY, decision, release, path)
        return self._from_agent(question, decision, release, path)

    def _find(
        self, question: Question, release: LoadedRelease, path: list[dict[str, Any]]
    ) -> list[Match]:
        if question.category and question.category not in release.categories:
            raise BadQuestion(f"category: no published FAQ has {question.category!r}.")
        if question.choice and question.choice not in release.contents:
            raise BadQuestion(f"choice: no published FAQ has the id {question.choice!r}.")

        started = time.perf_counter()
        vector, cached = self.embedder.embed_one(question.text)
        path.append({"step": "embed", "ms": _ms(started), "cached": cached})

        started = time.perf_counter()
        # A choice may be any FAQ, however far down it comes.
        limit = len(release.contents) if question.choice else MATCHES
        found = release.find(question.text, vector, limit=limit, category=question.category)
        step = {"step": "match", "ms": _ms(started)}
        path.append({**step, "matches": [_told(match) for match in found[:SHOWN]]})
        return found

    def _decide(
        self, question: Question, release: LoadedRelease, matches: Sequence[Match]
    ) -> Decision:
        policy = self.policy(release)
        if not question.choice:
            return decide(matches, policy)
        try:
            return choose(matches, policy, faq_id=question.choice)
        except LookupError:
            raise BadQuestion("choice: that FAQ is not in the category asked about.") from None

    @staticmethod
    def _from_faq(decision: Decision, release: LoadedRelease, path: list[dict[str, Any]]) -> Answer:
        assert decision.chosen
        content = release.contents[decision.chosen.faq_id]
        return replace(
            _answer(Outcome.ANSWERED, decision, release, path),
            source="faq",
            text=content.answer,
            citations=(content.slug,),
        )

    def _from_agent(
        self,
        question: Question,
        decision: Decision,
        release: LoadedRelease,
        path: list[dict[str, Any]],
    ) -> Answer:
        started = time.perf_counter()
        reply = self.agent.answer(question.text, decision.ranked)
        path.extend(reply.steps)
        path.append({"step": "agent", "ms": _ms(started), "reason": reply.reason})
        if reply.text is None:
            unanswered = _answer(Outcome.UNANSWERED, decision, release, path)
            return replace(unanswered, degraded=_degraded(reply))
        return replace(
            _answer(Outcome.ANSWERED, decision, release, path),
            source="agent",
            text=reply.text,
            citations=reply.citations,
        )


def _answer(
    outcome: Outcome, decision: Decision, release: LoadedRelease, path: list[dict[str, Any]]
) -> Answer:
    named = decision.ranked[:SHOWN]
    return Answer(
        outcome=outcome,
        decision=decision,
        release=release.number,
        path=tuple(path),
        questions={match.faq_id: release.contents[match.faq_id].question for match in named},
    )


def _degraded(reply: AgentReply) -> tuple[str, ...]:
    return () if reply.reason == "not_configured" else (f"agent: {reply.reason}",)


def _told(match: Match) -> dict[str, Any]:
    return {
        "faq_id": match.faq_id,
        "phrasing": match.phrasing,
        "similarity": round(match.similarity, 4),
    }


def _ms(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)


def _record(question: Question, answer: Answer) -> None:
    told = answer.as_dict()
    record(
        "question.asked",
        actor=question.actor,
        kind="ask",
        key=answer.ask_id,
        data={
            "user_id": question.user_id,
            "roles": list(question.roles),
            "question": question.text,
            "category": question.category,
            "choice": question.choice,
            "conversation_id": question.conversation_id,
            **{name: told[name] for name in RECORDED},
        },
    )


RECORDED = (
    *("outcome", "source", "answer", "faq_id", "similarity", "options"),
    *("citations", "release", "degraded", "decision"),
)


def _count(answer: Answer, seconds: float) -> None:
    outcome, closest = answer.outcome.value, answer.decision.closest
    metrics.ASKS.labels(outcome, answer.source or "none", answer.decision.reason.value).inc()
    metrics.SECONDS.labels(outcome).observe(seconds)
    if closest:
        metrics.SIMILARITY.labels(outcome).observe(closest.similarity)
