"""The agent: calls a model within limits, and returns only what the FAQs support.

Independent of vendors: a ``ModelClient`` calls the model. Each run has its own thread, so that the
caller can return at the deadline even while the vendor's library is blocked.
"""

from __future__ import annotations

import contextvars
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from assistant import metrics
from assistant.agent import budget, prompt
from assistant.agent.grounding import (
    REPAIRABLE,
    Grounds,
    Verdict,
    check_citations,
    check_grounding,
    plain_text,
)
from assistant.agent.limits import Limits
from assistant.agent.output_filter import redact_answer, redact_trace
from assistant.agent.prompt import Kind
from assistant.agent.reasons import SUCCESSES, TRIPS_BREAKER, AgentReason
from assistant.agent.run import Run, Stopped
from assistant.answering.steps import OnStep, Step, ms
from assistant.decision.matches import Match
from assistant.interfaces import INDEX_UNAVAILABLE, AgentReply, Task
from audit.privacy.redaction import redact
from tickets.delivery.circuit_breaker import Breaker

HEARTBEAT = 1.0
"""Seconds between heartbeats while the model works: they detect a client that disconnected."""

MATCHES = 10
MOST_OPTIONS = 3
VERBATIM = "verbatim"

Search = Callable[[object, object], str]
"""The model's one tool: takes a question and a limit, returns JSON. Raises only ``Stopped``."""

log = logging.getLogger("assistant.agent")


class ModelClient(Protocol):
    """Calls one model."""

    @property
    def name(self) -> str: ...

    def complete(self, run: Run, *, system: str, message: str, search: Search | None) -> object:
        """The model's reply: a text on success, otherwise anything.

        Counts each request with ``run.begin_request`` and reports it as a step. Raises ``Stopped``.
        """
        ...


class BoundedAgent:
    """One per process, shared by its threads."""

    def __init__(
        self,
        client: ModelClient,
        limits: Limits,
        *,
        mode: str,
        min_overlap: float = 1.0,
        region: str,
        redact_questions: bool = True,
    ) -> None:
        self._client = client
        self._limits = limits
        self._verbatim = mode == VERBATIM
        self._min_overlap = min_overlap
        self._region = region
        self._redact_questions = redact_questions
        self._slots = threading.BoundedSemaphore(limits.runs_at_once)
        self._breaker = Breaker(failures=limits.failures, rest_seconds=limits.rest_seconds)

    def answer(self, task: Task, on_step: OnStep) -> AgentReply:
        """See ``interfaces.Agent``."""
        rejection = self._reject_or_acquire_slot()
        if rejection:
            return self._finish(AgentReply(None, rejection), None, 0.0)
        started = time.perf_counter()
        run = Run(self._limits)
        reply = AgentReply(None, AgentReason.CLOSED)
        self._start(run, task)
        try:
            reply = _wait(run, on_step)
        finally:
            run.stop(reply.reason)
            self._finish(reply, run, time.perf_counter() - started)
        return reply

    def ping(self) -> str:
        """One line about the model; a request would cost time and money."""
        paused = ", paused after failures" if self._breaker.is_open else ""
        return f"{self._client.name}{paused}"

    def _reject_or_acquire_slot(self) -> AgentReason | None:
        """Why no run may start now; None after acquiring a slot for it."""
        if not self._slots.acquire(blocking=False):
            return AgentReason.BUSY
        if not self._breaker.allows_request():
            self._slots.release()
            return AgentReason.RESTING
        try:
            within_budget = budget.begin_run(self._limits)
        except BaseException:
            self._release_slot()
            raise
        if not within_budget:
            self._release_slot()
            return AgentReason.OVER_BUDGET
        return None

    def _release_slot(self) -> None:
        self._breaker.abandoned()
        self._slots.release()

    def _start(self, run: Run, task: Task) -> None:
        # The log needs the request id and the caller, which are context variables.
        context = contextvars.copy_context()
        thread = threading.Thread(
            target=context.run, args=(self._run, run, task), name="agent", daemon=True
        )
        try:
            thread.start()
        except BaseException:
            self._release_slot()
            raise

    def _run(self, run: Run, task: Task) -> None:
        """Runs in its own thread, without the database."""
        try:
            run.events.put(self._attempt(run, task))
        except Stopped as stopped:
            run.events.put(AgentReply(None, stopped.reason))
        except Exception as failure:
            # The exception's text may contain user text: log only its type.
            log.error("agent run failed: %s", type(failure).__name__)
            run.events.put(AgentReply(None, AgentReason.FAILED))
        finally:
            # A run that hangs keeps its slot, otherwise such runs would accumulate.
            self._slots.release()

    def _attempt(self, run: Run, task: Task) -> AgentReply:
        question, matches = task.question, list(task.matches)
        if self._redact_questions:
            question = redact(question, region=self._region)
        if prompt.is_follow_up(question, task.turns):
            original = question
            question = self._rewrite(run, task, original)
            if question != original:
                matches = task.search(question, MATCHES).matches
                if task.would_be_answered(matches):
                    return AgentReply(None, AgentReason.REWRITTEN, rewritten=question)
        if task.only_rewrite:
            return AgentReply(None, AgentReason.NO_FAQ)

        visible = [match for match in matches if match.faq_id in task.contents]
        shown = visible[: prompt.SHOWN]
        run.show(shown)
        faqs = prompt.contents_of((match.faq_id for match in shown), task.contents)
        reply = self._client.complete(
            run,
            system=prompt.CHOOSE if self._verbatim else prompt.INSTRUCTIONS,
            message=prompt.message(question, faqs, task.turns),
            search=_tool(run, task, self._region),
        )
        run.check()
        return self._check_reply(run, task, reply)

    def _rewrite(self, run: Run, task: Task, question: str) -> str:
        started = time.perf_counter()
        reply = self._client.complete(
            run,
            system=prompt.REWRITE,
            message=prompt.message(question, turns=task.turns),
            search=None,
        )
        rewritten = prompt.read_rewritten(reply, question, task.turns)
        redacted = redact(rewritten, region=self._region)
        run.report({"step": "rewrite", "ms": ms(started), "question": redacted})
        return rewritten

    def _check_reply(self, run: Run, task: Task, content: object) -> AgentReply:
        started = time.perf_counter()
        if not isinstance(content, str) or not plain_text(content):
            return AgentReply(None, AgentReason.NO_TEXT)
        if len(content) > self._limits.longest_reply:
            raise run.end(AgentReason.TOO_LONG)
        reply = prompt.read_reply(content, returned=run.returned)
        if reply.kind is Kind.NOTHING:
            return AgentReply(None, AgentReason.NO_FAQ)
        verdict = self._verdict(run, task, reply)
        grounds = verdict.grounds.value
        cited = list(verdict.cited)
        run.report({"step": "ground", "ms": ms(started), "grounds": grounds, "cited": cited})
        if verdict.text is not None:
            text = redact_answer(verdict.text, cited, task.contents, region=self._region)
            return AgentReply(text, AgentReason.ANSWERED, verdict.cited)
        options = tuple(run.returned[faq_id] for faq_id in verdict.cited[:MOST_OPTIONS])
        names_only = reply.kind is Kind.ANSWER and not (reply.text or self._verbatim)
        if options and (names_only or reply.kind is Kind.ASK):
            return AgentReply(None, AgentReason.CLARIFIED, options=options)
        if verdict.grounds is Grounds.NO_CITATION:
            return AgentReply(None, AgentReason.NO_CITATION)
        if verdict.grounds not in REPAIRABLE:
            options = ()
        return AgentReply(None, AgentReason.NOT_GROUNDED, options=options)

    def _verdict(self, run: Run, task: Task, reply: prompt.Reply) -> Verdict:
        if reply.text and not self._verbatim:
            return check_grounding(
                reply.text,
                citing=reply.citing,
                returned=run.returned,
                visible=task.contents,
                min_overlap=self._min_overlap,
            )
        grounds, cited = check_citations(reply.citing, returned=run.returned, visible=task.contents)
        is_answer = self._verbatim and reply.kind is Kind.ANSWER
        chosen = grounds is Grounds.GROUNDED and is_answer
        return Verdict(grounds, task.contents[cited[0]].answer if chosen else None, cited)

    def _finish(self, reply: AgentReply, run: Run | None, seconds: float) -> AgentReply:
        """Count and log the run, and update the circuit breaker."""
        reason = reply.reason
        metrics.AGENT_RUNS.labels(reason.value).inc()
        details: dict[str, Any] = {"reason": reason.value, "ms": round(seconds * 1000)}
        if run is not None:
            self._update_breaker(reason)
            usage = run.usage
            metrics.AGENT_SECONDS.labels(reason.value).observe(seconds)
            metrics.AGENT_TOKENS.labels("input").inc(usage.input_tokens)
            metrics.AGENT_TOKENS.labels("output").inc(usage.output_tokens)
            budget.add_tokens(usage.tokens)
            details |= {"requests": usage.requests, "tool_calls": usage.tool_calls}
            details |= {"tokens": usage.tokens}
        level = logging.INFO if reason in SUCCESSES else logging.WARNING
        log.log(level, "agent: %s", reason.value, extra=details)
        return reply

    def _update_breaker(self, reason: AgentReason) -> None:
        if reason in TRIPS_BREAKER:
            self._breaker.failed()
        elif reason is AgentReason.CLOSED:
            self._breaker.abandoned()
        else:
            self._breaker.succeeded()


def _wait(run: Run, on_step: OnStep) -> AgentReply:
    """Pass on the steps of a run and return its reply, or ``TIMED_OUT`` at the deadline."""
    while True:
        try:
            event = run.events.get(timeout=max(min(HEARTBEAT, run.left), 0.001))
        except queue.Empty:
            if run.left <= 0:
                return AgentReply(None, AgentReason.TIMED_OUT)
            on_step(None)
            continue
        if isinstance(event, AgentReply):
            return event
        on_step(event)


def _tool(run: Run, task: Task, region: str) -> Search:
    """The tool that searches the FAQs the caller may see. Each call is counted and reported."""

    def search(question: object = None, limit: object = prompt.SHOWN) -> str:
        started = time.perf_counter()
        if not run.may_call_tool():
            return prompt.tool_refusal("No more searches. Answer from what you have, or say NONE.")
        if not isinstance(question, str) or not question.strip():
            return prompt.tool_refusal("question must be a text")
        max_faqs = limit if isinstance(limit, int) and 1 <= limit <= prompt.SHOWN else prompt.SHOWN
        words = question[: prompt.LONGEST_TURN]
        result = task.search(words, max_faqs)
        matches = [match for match in result.matches if match.faq_id in task.contents]
        run.show(matches)
        step: Step = {
            "step": "tool_call",
            "ms": ms(started),
            "tool": "search_faq",
            "arguments": {"question": redact_trace(words, region=region), "limit": max_faqs},
            "returned": [_as_step(match) for match in matches],
        }
        run.report(step | ({"degraded": INDEX_UNAVAILABLE} if result.degraded else {}))
        return prompt.tool_result(
            prompt.contents_of((match.faq_id for match in matches), task.contents)
        )

    return search


def _as_step(match: Match) -> dict[str, Any]:
    return {"faq_id": match.faq_id, "similarity": match.similarity}
