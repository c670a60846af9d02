"""One attempt at a question: rewrite, choose or answer, and check what the model replied."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from assistant.agent import choice, prompt
from assistant.agent.prompt import Kind
from assistant.agent.reasons import AgentReason
from assistant.agent.run import Run
from assistant.decision.matches import Match
from assistant.grounding.grounds import Grounds
from assistant.grounding.redacting import redact_answer, redact_trace
from assistant.grounding.replies import (
    REPAIRABLE,
    Verdict,
    check_citations,
    check_grounding,
    is_relevant,
    plain_text,
)
from assistant.interfaces import INDEX_UNAVAILABLE, AgentReply, Task
from assistant.steps import Step, ms
from audit.privacy.redaction import redact

MATCHES = 10
MAX_OPTIONS = 3

Search = Callable[[object, object], str]
"""The model's one tool: takes a question and a limit, returns JSON. Raises only ``Stopped``."""


class Mode(StrEnum):
    """What the model may do (AGENT_ANSWER_MODE); each may also rewrite follow-ups."""

    CHOOSE = "choose"
    """Choose among the options where the site asks back."""
    GROUNDED = "grounded"
    """The same, and word an answer from the FAQs where none answers."""
    VERBATIM = "verbatim"
    """The same, and choose an FAQ where none answers."""


class ModelClient(Protocol):
    """Calls one model."""

    @property
    def name(self) -> str: ...

    def complete(
        self,
        run: Run,
        *,
        system: str,
        message: str,
        search: Search | None,
        choices: Callable[[], Sequence[str]] | None = None,
    ) -> object:
        """The model's reply: a text on success, otherwise anything.

        Counts each request with ``run.begin_request`` and reports it as a step. ``choices``: the
        ids that the reply, {"faq": id}, may have; a server that can is made to keep to them.
        Raises ``Stopped``.
        """
        ...


@dataclass(frozen=True)
class Attempt:
    """One run at one task, in the run's own thread."""

    client: ModelClient
    mode: Mode
    run: Run
    task: Task
    region: str
    redact_questions: bool

    def reply(self) -> AgentReply:
        """Raises ``Stopped``."""
        task, matches = self.task, self.task.matches
        question = self._redacted(task.question)
        if prompt.is_follow_up(question, task.turns):
            rewritten = self._rewrite(question)
            if rewritten is None:
                return AgentReply(None, AgentReason.NOT_REWRITTEN)
            if rewritten != question:
                matches = task.search(rewritten, MATCHES).matches
                if task.would_be_answered(matches):
                    return AgentReply(None, AgentReason.REWRITTEN, rewritten=rewritten)
            question = rewritten
        if task.only_rewrite or (self.mode is Mode.CHOOSE and not task.options):
            return AgentReply(None, AgentReason.NO_FAQ)
        if task.options:
            return self._choose(question)
        return self._answer(question, matches)

    def _redacted(self, text: str) -> str:
        return redact(text, region=self.region) if self.redact_questions else text

    def _rewrite(self, question: str) -> str | None:
        """The question as it is understood without the conversation; None if the model cannot."""
        started = time.perf_counter()
        content = self.client.complete(
            self.run,
            system=prompt.REWRITE,
            message=prompt.message(question, turns=self.task.turns),
            search=None,
        )
        rewritten = prompt.read_rewritten(content, question, self.task.turns)
        step: Step = {"step": "rewrite", "ms": ms(started)}
        self.run.report({**step, "question": redact(rewritten or question, region=self.region)})
        return rewritten

    def _choose(self, question: str) -> AgentReply:
        """The model's choice among the options, where it is the first of them."""
        options = self.task.options
        self.run.show(options)
        content = self.client.complete(
            self.run,
            system=choice.AMONG_OPTIONS,
            message=choice.message(question, options, self.task.contents),
            search=None,
            choices=lambda: [option.faq_id for option in options],
        )
        self.run.check()
        if not isinstance(content, str):
            return AgentReply(None, AgentReason.NO_TEXT)
        chosen = choice.read(content, [option.faq_id for option in options])
        if not chosen:
            return AgentReply(None, AgentReason.NO_FAQ)
        if chosen != options[0].faq_id:
            return AgentReply(None, AgentReason.DISAGREED)
        return AgentReply(None, AgentReason.CHOSEN, chosen=chosen)

    def _answer(self, question: str, matches: Sequence[Match]) -> AgentReply:
        run, task, verbatim = self.run, self.task, self.mode is Mode.VERBATIM
        shown = [match for match in matches if match.faq_id in task.contents][: prompt.SHOWN]
        run.show(shown)
        faqs = prompt.contents_of((match.faq_id for match in shown), task.contents)
        content = self.client.complete(
            run,
            system=choice.AMONG_ALL if verbatim else prompt.INSTRUCTIONS,
            message=prompt.message(question, faqs, task.turns),
            search=self._tool(),
            choices=(lambda: list(run.returned)) if verbatim else None,
        )
        run.check()
        return self._check_reply(question, content)

    def _check_reply(self, question: str, content: object) -> AgentReply:
        run, started = self.run, time.perf_counter()
        if not isinstance(content, str) or not plain_text(content):
            return AgentReply(None, AgentReason.NO_TEXT)
        if len(content) > run.limits.longest_reply:
            raise run.end(AgentReason.TOO_LONG)
        reply = prompt.read_reply(content, returned=run.returned)
        if reply.kind is Kind.NOTHING:
            return AgentReply(None, AgentReason.NO_FAQ)
        verdict = self._verdict(question, reply)
        cited = list(verdict.cited)
        step: Step = {"step": "ground", "ms": ms(started), "grounds": verdict.grounds.value}
        run.report({**step, "cited": cited})
        if verdict.text is not None:
            text = redact_answer(verdict.text, cited, self.task.contents, region=self.region)
            return AgentReply(text, AgentReason.ANSWERED, verdict.cited)
        options = tuple(run.returned[faq_id] for faq_id in verdict.cited[:MAX_OPTIONS])
        ids_only = reply.kind is Kind.ANSWER and not reply.text and self.mode is not Mode.VERBATIM
        if options and (ids_only or reply.kind is Kind.ASK):
            return AgentReply(None, AgentReason.CLARIFIED, options=options)
        return _refused(verdict.grounds, options)

    def _verdict(self, question: str, reply: prompt.Reply) -> Verdict:
        returned, visible = self.run.returned, self.task.contents

        def relevance(texts: Sequence[str]) -> float:
            return self.task.relevance(question, texts)

        if reply.text and self.mode is not Mode.VERBATIM:
            return check_grounding(
                reply.text,
                citing=reply.citing,
                returned=returned,
                visible=visible,
                relevance=relevance,
            )
        citing = reply.citing
        if reply.kind is Kind.ASK:
            # Options are offered, not believed: made-up ids among them do no harm.
            citing = tuple(faq_id for faq_id in citing if faq_id in returned)
        grounds, cited = check_citations(citing, returned=returned, visible=visible)
        if grounds is not Grounds.GROUNDED or reply.kind is Kind.ASK:
            return Verdict(grounds, cited=cited)
        if self.mode is not Mode.VERBATIM:
            return Verdict(Grounds.NO_TEXT, cited=cited)
        content = visible[cited[0]]
        if not is_relevant([content], relevance):
            return Verdict(Grounds.IRRELEVANT, cited=cited[:1])
        return Verdict(Grounds.GROUNDED, content.answer, cited[:1])

    def _tool(self) -> Search:
        """The tool that searches the FAQs the caller may see. Each call is counted and reported."""
        run, task = self.run, self.task

        def search(question: object = None, limit: object = prompt.SHOWN) -> str:
            started = time.perf_counter()
            if not run.may_call_tool():
                return prompt.tool_refusal("No more searches. Answer from what you have, or NONE.")
            if not isinstance(question, str) or not question.strip():
                return prompt.tool_refusal("question must be a text")
            is_valid = isinstance(limit, int) and 1 <= limit <= prompt.SHOWN
            max_faqs = limit if isinstance(limit, int) and is_valid else prompt.SHOWN
            words = question[: prompt.MAX_TURN_LENGTH]
            result = task.search(words, max_faqs)
            matches = [match for match in result.matches if match.faq_id in task.contents]
            run.show(matches)
            step: Step = {
                "step": "tool_call",
                "ms": ms(started),
                "tool": "search_faq",
                "arguments": {
                    "question": redact_trace(words, region=self.region),
                    "limit": max_faqs,
                },
                "returned": [
                    {"faq_id": match.faq_id, "similarity": match.similarity} for match in matches
                ],
            }
            run.report(step | ({"degraded": INDEX_UNAVAILABLE} if result.degraded else {}))
            return prompt.tool_result(
                prompt.contents_of((match.faq_id for match in matches), task.contents)
            )

        return search


def _refused(grounds: Grounds, options: tuple[Match, ...]) -> AgentReply:
    if grounds is Grounds.NO_CITATION:
        return AgentReply(None, AgentReason.NO_CITATION)
    if grounds is Grounds.IRRELEVANT:
        return AgentReply(None, AgentReason.IRRELEVANT)
    repairable = options if grounds in REPAIRABLE else ()
    return AgentReply(None, AgentReason.NOT_GROUNDED, options=repairable)
