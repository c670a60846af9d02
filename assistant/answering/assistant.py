"""Answer a question, from start to end: embed, match, decide, answer, record."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from django.db import transaction

from assistant import telemetry
from assistant.agent.prompt import is_elliptical, is_follow_up
from assistant.agent.reasons import SUCCESSES, AgentReason
from assistant.answering.agent_task import may_agent_choose, task_of
from assistant.answering.answer import Answer, BadQuestion, Outcome, PartAnswer, Question
from assistant.answering.conversations import Conversations
from assistant.answering.recording import count, label_of, record_ask
from assistant.answering.retrieval import (
    SHOWN,
    embed,
    match,
    match_second_language,
    near_faqs,
    visible,
)
from assistant.decision.agent_choice import chosen_by_agent
from assistant.decision.decision import Decision
from assistant.decision.matches import Match
from assistant.decision.message import NO_CHOICE, decide_message
from assistant.decision.policy import Policy
from assistant.decision.reasons import ASKS_BACK, SET_REPLIES, Reason
from assistant.desk_texts import PriorityTerm, SetReply
from assistant.interfaces import Agent, AgentReply, Task, Turn
from assistant.matching.live_release import LiveRelease
from assistant.matching.loaded_release import LoadedRelease
from assistant.steps import OnStep, Path, ignore, ms

AS_IT_STANDS = frozenset({Reason.EXACT, Reason.CHOSEN})
"""Answers that no earlier turn can change."""


@dataclass(frozen=True)
class Assistant:
    """Answers questions from the live release; the agent is called only if no FAQ answers."""

    live: LiveRelease
    agent: Agent
    policy: Callable[[LoadedRelease], Policy]
    conversations: Conversations | None = None
    """None without an agent: only the agent reads conversations."""

    def ask(
        self,
        question: Question,
        on_step: OnStep = ignore,
        *,
        store: Callable[[Answer], None] | None = None,
    ) -> Answer:
        """Answer, clarify or offer a ticket, and record it before returning.

        ``store`` is called in the transaction of the record, so that what it writes is committed
        together with it. Raises ``BadQuestion``, ``interfaces.Unavailable``,
        ``audit.models.AuditUnavailable`` or what ``on_step`` and ``store`` raise; then nothing is
        recorded.
        """
        started = time.perf_counter()
        release = self.live.current()
        answer = self._answer(question, release, Path(on_step))
        telemetry.note(outcome=answer.outcome.value, reason=answer.decision.reason.value)
        with telemetry.step("record"):
            self._record(question, answer, release, store)
        count(question, answer, time.perf_counter() - started)
        return answer

    def dry_run(self, question: Question, release: LoadedRelease) -> Answer:
        """The answer from any release; nothing is recorded or counted."""
        return self._answer(question, release, Path())

    def dry_run_faqs(self, question: Question, release: LoadedRelease) -> Answer | None:
        """The answer that the FAQs of any release give, without agent and Chroma; None if none
        does. Nothing is recorded or counted.
        """
        path = Path()
        decision = self.decide(question, release, path)
        return _from_faq(decision, release, path) if decision.chosen else None

    def _answer(self, question: Question, release: LoadedRelease, path: Path) -> Answer:
        decision = self.decide(question, release, path)
        turns = self._turns(question, decision)
        follows_up = is_follow_up(question.text, turns)
        if decision.chosen and not follows_up:
            return _from_faq(decision, release, path)
        if decision.reason in SET_REPLIES:
            return _set_reply(decision, release, path)
        if decision.reason is Reason.NONE_OF_THESE:
            return _answer(Outcome.UNANSWERED, decision, release, path)
        chooses = (
            self.agent.chooses and not follows_up and may_agent_choose(question, decision, release)
        )
        if decision.reason in ASKS_BACK and not (follows_up or chooses):
            return _answer(Outcome.CLARIFY, decision, release, path)
        near = near_faqs(question, decision, release, path)
        policy = self.policy(release)
        task = task_of(question, decision, near, release, policy, turns=turns, chooses=chooses)
        reply = self._ask_agent(task, path)
        if reply.chosen:
            return _from_faq(chosen_by_agent(decision), release, path)
        if follows_up and (decision.chosen or reply.reason is AgentReason.NOT_REWRITTEN):
            decision = replace(decision, reason=Reason.FOLLOW_UP)
        if reply.rewritten:
            # An FAQ answers the rewritten question: match and decide it like any other.
            decision = self.decide(replace(question, text=reply.rewritten), release, path)
            if decision.chosen:
                return _from_faq(decision, release, path)
        return _from_agent(reply, decision, near, release, path)

    def decide(self, question: Question, release: LoadedRelease, path: Path) -> Decision:
        """The decision without the agent. Raises ``BadQuestion`` or ``EmbedderUnavailable``."""
        if question.category and not visible(question, release):
            raise BadQuestion(f"category: no published FAQ has {question.category!r}.")
        with telemetry.step("decide"):
            terms = PriorityTerm.objects.by_term()
            message = release.message(question.text, priority_terms=terms)
            if question.choice and question.choice != NO_CHOICE:
                # Like a mention, the choice is matched at any distance.
                message = replace(message, sentences=(), corrected=None, mention=question.choice)
            embedded = embed(message, release, path)
            matches = match(message, question, release, embedded, path)
            second_language = match_second_language(message, question, release, path)
            try:
                return decide_message(
                    message,
                    matches,
                    self.policy(release),
                    release.wording,
                    second_language=second_language,
                    choice=question.choice,
                )
            except LookupError:
                raise BadQuestion("choice: no FAQ you may ask about has this id.") from None

    def _ask_agent(self, task: Task, path: Path) -> AgentReply:
        started = time.perf_counter()
        with telemetry.step("agent"):
            reply = self.agent.answer(task, path.add)
        path.add({"step": "agent", "ms": ms(started), "reason": reply.reason.value})
        return reply

    def _record(
        self,
        question: Question,
        answer: Answer,
        release: LoadedRelease,
        store: Callable[[Answer], None] | None,
    ) -> None:
        """Write the audit record, and what belongs to it: a label, a conversation turn, a reply."""
        label, turn = label_of(question, answer), self._turn(question, answer)
        if not (label or turn or store):
            record_ask(question, answer, release)
            return
        with transaction.atomic():
            record_ask(question, answer, release)
            if label:
                label.save()
            if turn and self.conversations:
                self.conversations.add(question.user_id, question.conversation_id, turn)
            if store:
                store(answer)

    def _turns(self, question: Question, decision: Decision) -> tuple[Turn, ...]:
        """The earlier turns, where the agent needs them.

        An FAQ that answers needs them only if the question may mean something else after them.
        """
        if not self.conversations or not question.conversation_id:
            return ()
        if decision.chosen and (
            decision.reason in AS_IT_STANDS or not is_elliptical(question.text)
        ):
            return ()
        return self.conversations.last(question.user_id, question.conversation_id)

    def _turn(self, question: Question, answer: Answer) -> Turn | None:
        if not self.conversations or not question.conversation_id:
            return None
        return Turn(question.text, answer.text or "", answer.citations)


def _from_faq(decision: Decision, release: LoadedRelease, path: Path) -> Answer:
    """The answer of the FAQ, or of several FAQs in order."""
    assert decision.chosen
    chosen = [part.decision.chosen for part in decision.answers] or [decision.chosen]
    contents = {match.faq_id: release.contents[match.faq_id] for match in chosen if match}
    return replace(
        _answer(Outcome.ANSWERED, decision, release, path),
        source="faq",
        text="\n\n".join(content.answer for content in contents.values()),
        citations=tuple(contents),
        answers=tuple(
            PartAnswer(
                part.question,
                part.decision.chosen.faq_id,
                contents[part.decision.chosen.faq_id].answer,
            )
            for part in decision.answers
            if part.decision.chosen
        ),
    )


def _set_reply(decision: Decision, release: LoadedRelease, path: Path) -> Answer:
    """The desk's reply to small talk, with the offer of a ticket like any unanswered question."""
    assert decision.intent
    answer = _answer(Outcome.UNANSWERED, decision, release, path)
    return replace(answer, source="set_reply", text=SetReply.objects.text_for(decision.intent))


def _from_agent(
    reply: AgentReply,
    decision: Decision,
    near: Sequence[Match],
    release: LoadedRelease,
    path: Path,
) -> Answer:
    """The agent's answer, or else its options, or the offer of a ticket."""
    if reply.text is not None:
        answer = _answer(Outcome.ANSWERED, decision, release, path)
        return replace(answer, source="agent", text=reply.text, citations=reply.citations)
    asks_back = bool(reply.options or decision.options)
    outcome = Outcome.CLARIFY if asks_back else Outcome.UNANSWERED
    answer = _answer(outcome, decision, release, path, near)
    option_questions = {
        match.faq_id: release.contents[match.faq_id].question for match in reply.options
    }
    failed = () if reply.reason in SUCCESSES else (f"agent: {reply.reason.value}",)
    return replace(
        answer,
        agent_options=reply.options,
        questions={**answer.questions, **option_questions},
        degraded=(*answer.degraded, *failed),
    )


def _answer(
    outcome: Outcome,
    decision: Decision,
    release: LoadedRelease,
    path: Path,
    nearest: Sequence[Match] = (),
) -> Answer:
    # An FAQ that only its answer brought in may rank below the first ones.
    shown = (*decision.ranked[:SHOWN], *decision.options, *decision.nearest, *nearest)
    return Answer(
        outcome=outcome,
        decision=decision,
        release=release.number,
        path=tuple(path.steps),
        nearest=tuple(nearest),
        degraded=path.degraded,
        questions={match.faq_id: release.contents[match.faq_id].question for match in shown},
    )
