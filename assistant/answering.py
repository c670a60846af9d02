"""A question, start to end: find, decide, act, record."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from assistant import tracing
from assistant.agent_reasons import FINE
from assistant.answer import Answer, BadQuestion, Outcome, Question
from assistant.conversation import Conversations
from assistant.deciding import MATCHES, consider
from assistant.decision import ANSWERS, ASKS_BACK, Decision, Match, choose, decide
from assistant.interfaces import Agent, AgentReply, Task, Turn, Vector
from assistant.live import LiveRelease
from assistant.loaded import LoadedRelease
from assistant.policy import Policy
from assistant.prompt import is_follow_up
from assistant.question import prepare
from assistant.recording import count, example_of, record_ask
from assistant.steps import Step, Steps, finished, kept
from assistant.steps import ms as _ms
from faq.content import Content

SHOWN = 5
"""FAQs told in a reply's path."""


@dataclass(frozen=True)
class Assistant:
    """Answers questions from the live release; the agent speaks only where no FAQ does."""

    live: LiveRelease
    agent: Agent
    policy: Callable[[LoadedRelease], Policy]
    conversations: Conversations | None = None
    """None where nobody would read them: without a model."""

    def ask(self, question: Question) -> Answer:
        """Answer, ask back or offer a ticket, and record it before returning.

        Raises ``BadQuestion``, ``interfaces.Unavailable`` or ``audit.models.AuditUnavailable``;
        nothing is recorded as answered then.
        """
        return finished(self.steps(question))

    def steps(self, question: Question) -> Steps[Answer]:
        """``ask``, telling each step of the path as it happens.

        Closing it stops the agent; what nobody waits for any more is not recorded as answered.
        """
        started = time.perf_counter()
        release = self.live.current()
        answer = yield from self._answer(question, release)
        tracing.note(outcome=answer.outcome.value, reason=answer.decision.reason.value)
        with tracing.step("record"):
            self._keep(question, answer, release)
        count(answer, time.perf_counter() - started)
        return answer

    def _keep(self, question: Question, answer: Answer, release: LoadedRelease) -> None:
        """The record, and what a later question needs. A plain answer costs one insert."""
        example, turn = example_of(question, answer), self._turn(question, answer)
        if not (example or turn):
            record_ask(question, answer, release)
            return
        with transaction.atomic():
            record_ask(question, answer, release)
            if example:
                example.save()
            if turn and self.conversations:
                self.conversations.add(question.user_id, question.conversation_id, turn)

    def rehearse(self, question: Question, release: LoadedRelease) -> Answer:
        """What would be answered from any release; nothing is recorded or counted."""
        return finished(self._answer(question, release))

    def _answer(self, question: Question, release: LoadedRelease) -> Steps[Answer]:
        path: list[Step] = []
        with tracing.step("decide"):
            decision = self._consider(question, release, path)
        yield from path
        if decision.reason in ANSWERS:
            return self._from_faq(decision, release, path)
        turns = self._turns(question)
        if decision.reason in ASKS_BACK and not is_follow_up(question.text, turns):
            return _answer(Outcome.CLARIFY, decision, release, path)
        task = self._task(question, decision, release, turns)
        reply = yield from self._from_agent(task, path)
        if reply.rewritten:
            # An FAQ answers it in its own words, found and decided like any question.
            asked = replace(question, text=reply.rewritten)
            decision = self._consider(asked, release, path)
            if decision.chosen:
                return self._from_faq(decision, release, path)
        return _as_answer(reply, decision, release, path)

    def _consider(self, question: Question, release: LoadedRelease, path: list[Step]) -> Decision:
        if question.category and not _visible(question, release):
            raise BadQuestion(f"category: no published FAQ has {question.category!r}.")

        def find(text: str) -> list[Match]:
            return _find(text, question, release, path)

        policy = self.policy(release)
        if question.choice:
            return _chosen(question, find(prepare(question.text)), policy)
        return consider(
            question.text,
            policy,
            find,
            mend=release.mend,
            english_only=release.english_only,
            known=release.words,
        )

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

    def _from_agent(self, task: Task, path: list[Step]) -> Steps[AgentReply]:
        started = time.perf_counter()
        with tracing.told_step("agent"):
            reply = yield from kept(self.agent.answer(task), path)
        path.append({"step": "agent", "ms": _ms(started), "reason": reply.reason.value})
        yield path[-1]
        return reply

    def _task(
        self,
        question: Question,
        decision: Decision,
        release: LoadedRelease,
        turns: tuple[Turn, ...],
    ) -> Task:
        def search(text: str, limit: int) -> list[Match]:
            vector, _ = release.vector(text)
            return _search(question, release, text, vector, limit)

        def settles(text: str, matches: Sequence[Match]) -> bool:
            return decide(matches, self.policy(release)).chosen is not None

        return Task(
            question=question.text,
            matches=decision.ranked,
            contents=_visible(question, release),
            search=search,
            settles=settles,
            turns=turns,
            only_rewrite=decision.reason in ASKS_BACK,
        )

    def _turns(self, question: Question) -> tuple[Turn, ...]:
        if not self.conversations or not question.conversation_id:
            return ()
        return self.conversations.last(question.user_id, question.conversation_id)

    def _turn(self, question: Question, answer: Answer) -> Turn | None:
        if not self.conversations or not question.conversation_id:
            return None
        return Turn(question.text, answer.text or "", answer.citations)


def _find(text: str, question: Question, release: LoadedRelease, path: list[Step]) -> list[Match]:
    started = time.perf_counter()
    with tracing.step("embed"):
        vector, cached = release.vector(text)
    path.append({"step": "embed", "ms": _ms(started), "cached": cached})
    return _match(text, question, release, path, vector)


def _match(
    text: str, question: Question, release: LoadedRelease, path: list[Step], vector: Vector
) -> list[Match]:
    started = time.perf_counter()
    with tracing.step("match"):
        found = _search(question, release, text, vector, MATCHES)
    step = {"step": "match", "ms": _ms(started)}
    path.append({**step, "matches": [_told(match) for match in found[:SHOWN]]})
    return found


def _chosen(question: Question, found: Sequence[Match], policy: Policy) -> Decision:
    try:
        return choose(found, policy, faq_id=question.choice)
    except LookupError:
        raise BadQuestion("choice: no FAQ you may ask about has this id.") from None


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


def _visible(question: Question, release: LoadedRelease) -> Mapping[str, Content]:
    """The FAQs that may answer: for whoever asks, and of the category if one was asked about."""
    return release.visible(question.category, question.audiences)


def _search(
    question: Question, release: LoadedRelease, text: str, vector: Vector, limit: int
) -> list[Match]:
    return release.find(
        text,
        vector,
        limit=limit,
        category=question.category,
        audiences=question.audiences,
        also=question.choice,
    )


def _as_answer(
    reply: AgentReply, decision: Decision, release: LoadedRelease, path: list[Step]
) -> Answer:
    """What the agent said, or what is left to offer where it said nothing."""
    degraded = () if reply.reason in FINE else (f"agent: {reply.reason.value}",)
    if reply.text is not None:
        answered = _answer(Outcome.ANSWERED, decision, release, path)
        return replace(answered, source="agent", text=reply.text, citations=reply.citations)
    if reply.options or decision.options:
        asked = _answer(Outcome.CLARIFY, decision, release, path)
        named = {m.faq_id: release.contents[m.faq_id].question for m in reply.options}
        questions = {**asked.questions, **named}
        return replace(asked, asked_back=reply.options, questions=questions, degraded=degraded)
    return replace(_answer(Outcome.UNANSWERED, decision, release, path), degraded=degraded)


def _told(match: Match) -> dict[str, Any]:
    return {
        "faq_id": match.faq_id,
        "phrasing": match.phrasing,
        "similarity": round(match.similarity, 4),
    }
