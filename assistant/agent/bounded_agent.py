"""The agent: asks a model within limits, and returns only what its FAQs support.

Knows no vendor: a ``ModelClient`` speaks to the model. Each run has a thread of its own, so that
the caller can leave at the deadline, whatever the vendor's library is doing then.
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
    judge,
    judge_citations,
    plain_text,
)
from assistant.agent.limits import Limits
from assistant.agent.output_filter import redact_answer, redact_trace
from assistant.agent.prompt import Kind
from assistant.agent.reasons import SUCCESSES, TRIPS_BREAKER, AgentReason
from assistant.agent.run import Run, Stopped
from assistant.answering.steps import OnStep, Step, ms
from assistant.circuit_breaker import Breaker
from assistant.decision.decision import Match
from assistant.interfaces import INDEX_UNAVAILABLE, AgentReply, Task
from audit.privacy.redaction import redact

HEARTBEAT = 1.0
"""Seconds between signs of life while the model thinks: whoever has gone is noticed by them."""

MATCHES = 10
MOST_OPTIONS = 3
VERBATIM = "verbatim"

Search = Callable[[object, object], str]
"""The model's one tool: a question and a limit in, JSON out. Never raises but ``Stopped``."""

log = logging.getLogger("assistant.agent")


class ModelClient(Protocol):
    """Speaks to one model."""

    @property
    def name(self) -> str: ...

    def complete(self, run: Run, *, system: str, message: str, search: Search | None) -> object:
        """The model's reply: a text if all went well, anything otherwise.

        Counts each request with ``run.begin_request`` and tells it as a step. Raises ``Stopped``.
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
        least_share: float = 1.0,
        region: str,
        masks: bool = True,
    ) -> None:
        self._client = client
        self._limits = limits
        self._verbatim = mode == VERBATIM
        self._least_share = least_share
        self._region = region
        self._masks = masks
        self._slots = threading.BoundedSemaphore(limits.runs_at_once)
        self._breaker = Breaker(failures=limits.failures, rest_seconds=limits.rest_seconds)

    def answer(self, task: Task, on_step: OnStep) -> AgentReply:
        """See ``interfaces.Agent``."""
        refused = self._refusal()
        if refused:
            return self._ended(AgentReply(None, refused), None, 0.0)
        started = time.perf_counter()
        run = Run(self._limits)
        reply = AgentReply(None, AgentReason.CLOSED)
        self._start(run, task)
        try:
            reply = _wait(run, on_step)
        finally:
            run.stop(reply.reason)
            self._ended(reply, run, time.perf_counter() - started)
        return reply

    def ping(self) -> str:
        """One line about the model; asking it would cost time and money."""
        resting = ", resting after failures" if self._breaker.is_open else ""
        return f"{self._client.name}{resting}"

    def _refusal(self) -> AgentReason | None:
        """Why no run may begin now; None after taking a slot for it."""
        if not self._slots.acquire(blocking=False):
            return AgentReason.BUSY
        if not self._breaker.allows_request():
            self._slots.release()
            return AgentReason.RESTING
        try:
            affordable = budget.begin_run(self._limits)
        except BaseException:
            self._turn_away()
            raise
        if not affordable:
            self._turn_away()
            return AgentReason.OVER_BUDGET
        return None

    def _turn_away(self) -> None:
        self._breaker.abandoned()
        self._slots.release()

    def _start(self, run: Run, task: Task) -> None:
        # The request's id and caller belong to its context; the log wants them.
        context = contextvars.copy_context()
        work = threading.Thread(
            target=context.run, args=(self._run, run, task), name="agent", daemon=True
        )
        try:
            work.start()
        except BaseException:
            self._turn_away()
            raise

    def _run(self, run: Run, task: Task) -> None:
        """In the run's own thread: touches no database."""
        try:
            run.events.put(self._attempt(run, task))
        except Stopped as stopped:
            run.events.put(AgentReply(None, stopped.reason))
        except Exception as failure:
            # Its text may hold what the model or the person said: the type is enough.
            log.error("the agent failed: %s", type(failure).__name__)
            run.events.put(AgentReply(None, AgentReason.FAILED))
        finally:
            # Only now: a run that hangs keeps its place, else they would pile up.
            self._slots.release()

    def _attempt(self, run: Run, task: Task) -> AgentReply:
        question, matches = task.question, list(task.matches)
        if self._masks:
            question = redact(question, region=self._region)
        if prompt.is_follow_up(question, task.turns):
            question, rewritten = self._rewritten(run, task, question), question
            if question != rewritten:
                matches = task.search(question, MATCHES).matches
                if task.would_be_answered(matches):
                    return AgentReply(None, AgentReason.REWRITTEN, rewritten=question)
        if task.only_rewrite:
            return AgentReply(None, AgentReason.NOTHING_FOUND)

        seen = [match for match in matches if match.faq_id in task.contents]
        shown = seen[: prompt.SHOWN]
        run.show(shown)
        faqs = prompt.contents_of((match.faq_id for match in shown), task.contents)
        said = self._client.complete(
            run,
            system=prompt.CHOOSE if self._verbatim else prompt.INSTRUCTIONS,
            message=prompt.message(question, faqs, task.turns),
            search=_tool(run, task, self._region),
        )
        run.check()
        return self._judged(run, task, said)

    def _rewritten(self, run: Run, task: Task, question: str) -> str:
        started = time.perf_counter()
        said = self._client.complete(
            run,
            system=prompt.REWRITE,
            message=prompt.message(question, turns=task.turns),
            search=None,
        )
        rewritten = prompt.read_rewritten(said, question, task.turns)
        told = redact(rewritten, region=self._region)
        run.tell({"step": "rewrite", "ms": ms(started), "question": told})
        return rewritten

    def _judged(self, run: Run, task: Task, said: object) -> AgentReply:
        started = time.perf_counter()
        if not isinstance(said, str) or not plain_text(said):
            return AgentReply(None, AgentReason.NO_TEXT)
        if len(said) > self._limits.longest_reply:
            raise run.end(AgentReason.TOO_LONG)
        reply = prompt.read_reply(said)
        if reply.kind is Kind.NOTHING:
            return AgentReply(None, AgentReason.NOTHING_FOUND)
        verdict = self._verdict(run, task, reply)
        grounds = verdict.grounds.value
        cited = list(verdict.cited)
        run.tell({"step": "ground", "ms": ms(started), "grounds": grounds, "cited": cited})
        if verdict.text is not None:
            text = redact_answer(verdict.text, cited, task.contents, region=self._region)
            return AgentReply(text, AgentReason.ANSWERED, verdict.cited)
        options = tuple(run.returned[faq_id] for faq_id in verdict.cited[:MOST_OPTIONS])
        if reply.kind is Kind.ASK and options:
            return AgentReply(None, AgentReason.ASKED_BACK, options=options)
        if verdict.grounds not in REPAIRABLE:
            options = ()
        return AgentReply(None, AgentReason.NOT_GROUNDED, options=options)

    def _verdict(self, run: Run, task: Task, reply: prompt.Reply) -> Verdict:
        if reply.kind is Kind.ANSWER and not self._verbatim:
            return judge(
                reply.text,
                citing=reply.citing,
                returned=run.returned,
                visible=task.contents,
                least_share=self._least_share,
            )
        grounds, cited = judge_citations(reply.citing, returned=run.returned, visible=task.contents)
        chosen = grounds is Grounds.GROUNDED and reply.kind is Kind.ANSWER
        return Verdict(grounds, task.contents[cited[0]].answer if chosen else None, cited)

    def _ended(self, reply: AgentReply, run: Run | None, seconds: float) -> AgentReply:
        """Count it, log it, and tell the breaker."""
        reason = reply.reason
        metrics.AGENT_RUNS.labels(reason.value).inc()
        details: dict[str, Any] = {"reason": reason.value, "ms": round(seconds * 1000)}
        if run is not None:
            self._tell_breaker(reason)
            spent = run.spent
            metrics.AGENT_SECONDS.labels(reason.value).observe(seconds)
            metrics.AGENT_TOKENS.labels("input").inc(spent.input_tokens)
            metrics.AGENT_TOKENS.labels("output").inc(spent.output_tokens)
            budget.add_tokens(spent.tokens)
            details |= {"requests": spent.requests, "tool_calls": spent.tool_calls}
            details |= {"tokens": spent.tokens}
        level = logging.INFO if reason in SUCCESSES else logging.WARNING
        log.log(level, "agent: %s", reason.value, extra=details)
        return reply

    def _tell_breaker(self, reason: AgentReason) -> None:
        if reason in TRIPS_BREAKER:
            self._breaker.failed()
        elif reason is AgentReason.CLOSED:
            self._breaker.abandoned()
        else:
            self._breaker.succeeded()


def _wait(run: Run, on_step: OnStep) -> AgentReply:
    """Pass on the steps of a run; its reply, or that of a run out of time."""
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
    """Search the FAQs that the caller may see. Read-only, counted, and told as a step."""

    def search(question: object = None, limit: object = prompt.SHOWN) -> str:
        started = time.perf_counter()
        if not run.may_call_tool():
            return prompt.tool_refusal("No more searches. Answer from what you have, or say NONE.")
        if not isinstance(question, str) or not question.strip():
            return prompt.tool_refusal("question must be a text")
        most = limit if isinstance(limit, int) and 1 <= limit <= prompt.SHOWN else prompt.SHOWN
        words = question[: prompt.LONGEST_TURN]
        result = task.search(words, most)
        matches = [match for match in result.matches if match.faq_id in task.contents]
        run.show(matches)
        step: Step = {
            "step": "tool_call",
            "ms": ms(started),
            "tool": "search_faq",
            "arguments": {"question": redact_trace(words, region=region), "limit": most},
            "returned": [_as_step(match) for match in matches],
        }
        run.tell(step | ({"degraded": INDEX_UNAVAILABLE} if result.degraded else {}))
        return prompt.tool_result(
            prompt.contents_of((match.faq_id for match in matches), task.contents)
        )

    return search


def _as_step(match: Match) -> dict[str, Any]:
    return {"faq_id": match.faq_id, "similarity": match.similarity}
