"""Answer a question, from start to end: embed, match, decide, answer, record."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from assistant import telemetry
from assistant.agent.prompt import is_follow_up
from assistant.agent.reasons import SUCCESSES
from assistant.answering.answer import Answer, BadQuestion, Outcome, PartAnswer, Question
from assistant.answering.conversations import Conversations
from assistant.answering.recording import count, label_of, record_ask
from assistant.answering.steps import OnStep, Path, Step, ignore, ms
from assistant.decision.decision import Decision, decide
from assistant.decision.matches import Match
from assistant.decision.message import MATCHES, NO_CHOICE, Message, decide_message
from assistant.decision.policy import Policy
from assistant.decision.reasons import ASKS_BACK, SET_REPLIES, Reason
from assistant.desk_texts import PriorityTerm, SetReply
from assistant.embedding.vector_cache import Embedded
from assistant.interfaces import (
    INDEX_UNAVAILABLE,
    Agent,
    AgentReply,
    SearchResult,
    Task,
    Turn,
    Vector,
)
from assistant.matching.live_release import LiveRelease
from assistant.matching.loaded_release import LoadedRelease
from faq.content import Content

SHOWN = 5
"""FAQs named in a step of the path."""


@dataclass(frozen=True)
class Assistant:
    """Answers questions from the live release; the agent is called only if no FAQ answers."""

    live: LiveRelease
    agent: Agent
    policy: Callable[[LoadedRelease], Policy]
    conversations: Conversations | None = None
    """None without an agent: only the agent reads conversations."""

    def ask(self, question: Question, on_step: OnStep = ignore) -> Answer:
        """Answer, clarify or offer a ticket, and record it before returning.

        Raises ``BadQuestion``, ``interfaces.Unavailable``, ``audit.models.AuditUnavailable`` or
        what ``on_step`` raises; then nothing is recorded.
        """
        started = time.perf_counter()
        release = self.live.current()
        answer = self._answer(question, release, Path(on_step))
        telemetry.note(outcome=answer.outcome.value, reason=answer.decision.reason.value)
        with telemetry.step("record"):
            self._record(question, answer, release)
        count(question, answer, time.perf_counter() - started)
        return answer

    def dry_run(self, question: Question, release: LoadedRelease) -> Answer:
        """The answer from any release; nothing is recorded or counted."""
        return self._answer(question, release, Path())

    def _answer(self, question: Question, release: LoadedRelease, path: Path) -> Answer:
        decision = self.decide(question, release, path)
        if decision.chosen:
            return _from_faq(decision, release, path)
        if decision.reason in SET_REPLIES:
            return _set_reply(decision, release, path)
        if decision.reason is Reason.NONE_OF_THESE:
            return _answer(Outcome.UNANSWERED, decision, release, path)
        turns = self._turns(question)
        if decision.reason in ASKS_BACK and not is_follow_up(question.text, turns):
            return _answer(Outcome.CLARIFY, decision, release, path)
        reply = self._ask_agent(question, decision, release, turns, path)
        if reply.rewritten:
            # An FAQ answers the rewritten question: match and decide it like any other.
            decision = self.decide(replace(question, text=reply.rewritten), release, path)
            if decision.chosen:
                return _from_faq(decision, release, path)
        return _from_agent(reply, decision, release, path)

    def decide(self, question: Question, release: LoadedRelease, path: Path) -> Decision:
        """The decision without the agent. Raises ``BadQuestion`` or ``EmbedderUnavailable``."""
        if question.category and not _visible(question, release):
            raise BadQuestion(f"category: no published FAQ has {question.category!r}.")
        with telemetry.step("decide"):
            terms = PriorityTerm.objects.by_term()
            message = release.message(question.text, priority_terms=terms)
            if question.choice and question.choice != NO_CHOICE:
                # Like a mention, the choice is matched at any distance.
                message = replace(message, sentences=(), corrected=None, mention=question.choice)
            embedded = _embed(message, release, path)
            matches = _match(message, question, release, embedded, path)
            second_language = _match_second_language(message, question, release, path)
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

    def _ask_agent(
        self,
        question: Question,
        decision: Decision,
        release: LoadedRelease,
        turns: tuple[Turn, ...],
        path: Path,
    ) -> AgentReply:
        def search(text: str, limit: int) -> SearchResult:
            vector = release.embed([text]).vectors[text]
            return _search(text, question, release, vector, limit=limit, use_index=True)

        def would_be_answered(matches: Sequence[Match]) -> bool:
            return decide(matches, self.policy(release)).chosen is not None

        task = Task(
            question=question.text,
            matches=decision.ranked,
            contents=_visible(question, release),
            search=search,
            would_be_answered=would_be_answered,
            turns=turns,
            only_rewrite=decision.reason in ASKS_BACK,
        )
        started = time.perf_counter()
        with telemetry.step("agent"):
            reply = self.agent.answer(task, path.add)
        path.add({"step": "agent", "ms": ms(started), "reason": reply.reason.value})
        return reply

    def _record(self, question: Question, answer: Answer, release: LoadedRelease) -> None:
        """Write the audit record, and the label and the conversation turn if there are any."""
        label, turn = label_of(question, answer), self._turn(question, answer)
        if not (label or turn):
            record_ask(question, answer, release)
            return
        with transaction.atomic():
            record_ask(question, answer, release)
            if label:
                label.save()
            if turn and self.conversations:
                self.conversations.add(question.user_id, question.conversation_id, turn)

    def _turns(self, question: Question) -> tuple[Turn, ...]:
        if not self.conversations or not question.conversation_id:
            return ()
        return self.conversations.last(question.user_id, question.conversation_id)

    def _turn(self, question: Question, answer: Answer) -> Turn | None:
        if not self.conversations or not question.conversation_id:
            return None
        return Turn(question.text, answer.text or "", answer.citations)


def _embed(message: Message, release: LoadedRelease, path: Path) -> Embedded:
    started = time.perf_counter()
    with telemetry.step("embed"):
        embedded = release.embed(message.texts)
    path.add({"step": "embed", "ms": ms(started), "cached": embedded.cached})
    return embedded


def _match(
    message: Message, question: Question, release: LoadedRelease, embedded: Embedded, path: Path
) -> dict[str, list[Match]]:
    """The matches of each text of the message."""
    matches = {}
    for text in message.texts:
        started = time.perf_counter()
        with telemetry.step("match"):
            result = _search(
                text,
                question,
                release,
                embedded.vectors[text],
                limit=MATCHES,
                also=message.also if text == message.text else (),
            )
        step: Step = {"step": "match", "ms": ms(started)}
        if result.degraded:
            step["degraded"] = INDEX_UNAVAILABLE
        path.add({**step, "matches": [_as_step(match) for match in result.matches[:SHOWN]]})
        matches[text] = result.matches
    return matches


def _match_second_language(
    message: Message, question: Question, release: LoadedRelease, path: Path
) -> list[Match]:
    """The matches of a message in another language by the multilingual model, if there is one."""
    started = time.perf_counter()
    matches = release.match_second_language(
        message, limit=MATCHES, category=question.category, audiences=question.audiences
    )
    if matches and release.second_language:
        path.add(
            {
                "step": "match_second_language",
                "ms": ms(started),
                "model": release.second_language.name,
                "matches": [_as_step(match) for match in matches[:SHOWN]],
            }
        )
    return matches


def _search(
    text: str,
    question: Question,
    release: LoadedRelease,
    vector: Vector,
    *,
    limit: int,
    also: Collection[str] = (),
    use_index: bool = False,
) -> SearchResult:
    return release.search(
        text,
        vector,
        limit=limit,
        category=question.category,
        audiences=question.audiences,
        also=also,
        use_index=use_index,
    )


def _visible(question: Question, release: LoadedRelease) -> Mapping[str, Content]:
    """The FAQs that may answer: visible to the caller and, if set, of the category."""
    return release.visible(question.category, question.audiences)


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
    reply: AgentReply, decision: Decision, release: LoadedRelease, path: Path
) -> Answer:
    """The agent's answer, or else its options, or the offer of a ticket."""
    if reply.text is not None:
        answer = _answer(Outcome.ANSWERED, decision, release, path)
        return replace(answer, source="agent", text=reply.text, citations=reply.citations)
    asks_back = bool(reply.options or decision.options)
    answer = _answer(Outcome.CLARIFY if asks_back else Outcome.UNANSWERED, decision, release, path)
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


def _answer(outcome: Outcome, decision: Decision, release: LoadedRelease, path: Path) -> Answer:
    # An FAQ that was found by its answer may rank below the first ones.
    shown = (*decision.ranked[:SHOWN], *decision.options, *decision.nearest)
    return Answer(
        outcome=outcome,
        decision=decision,
        release=release.number,
        path=tuple(path.steps),
        degraded=path.degraded,
        questions={match.faq_id: release.contents[match.faq_id].question for match in shown},
    )


def _as_step(match: Match) -> dict[str, Any]:
    return {
        "faq_id": match.faq_id,
        "phrasing": match.phrasing,
        "similarity": match.similarity,
    }
