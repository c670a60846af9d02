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
from typing import Any

from django.conf import settings

from assistant import metrics
from assistant.agent import budget
from assistant.agent.attempt import Attempt, Mode, ModelClient
from assistant.agent.limits import Limits
from assistant.agent.prompt import is_follow_up
from assistant.agent.reasons import SUCCESSES, TRIPS_BREAKER, AgentReason
from assistant.agent.run import Run, Stopped
from assistant.interfaces import AgentReply, Task
from assistant.steps import OnStep
from tickets.delivery.circuit_breaker import Breaker

HEARTBEAT = 1.0
"""Seconds between heartbeats while the model works: they detect a client that disconnected."""

log = logging.getLogger("assistant.agent")


class BoundedAgent:
    """One per process, shared by its threads."""

    def __init__(
        self,
        client: ModelClient,
        limits: Limits,
        *,
        mode: str,
        region: str,
        redact_questions: bool = True,
    ) -> None:
        self._client = client
        self._limits = limits
        self._mode = Mode(mode)
        self._region = region
        self._redact_questions = redact_questions
        self._slots = threading.BoundedSemaphore(limits.runs_at_once)
        self._breaker = Breaker(failures=limits.failures, rest_seconds=limits.rest_seconds)

    def answer(self, task: Task, on_step: OnStep) -> AgentReply:
        """See ``interfaces.Agent``."""
        if self._mode is Mode.CHOOSE and not _is_for_chooser(task):
            return AgentReply(None, AgentReason.NOT_CONFIGURED)
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

    @property
    def chooses(self) -> bool:
        return True

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
            attempt = Attempt(
                *(self._client, self._mode, run, task, self._region, self._redact_questions)
            )
            run.events.put(attempt.reply())
        except Stopped as stopped:
            run.events.put(AgentReply(None, stopped.reason))
        except Exception as failure:
            # The exception's text may contain user text: log only its type.
            log.error("agent run failed: %s", type(failure).__name__)
            run.events.put(AgentReply(None, AgentReason.FAILED))
        finally:
            # A run that hangs keeps its slot, otherwise such runs would accumulate.
            self._slots.release()

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
            metrics.AGENT_REQUESTS.inc(usage.requests)
            if settings.AGENT_PRICE:
                cost = settings.AGENT_PRICE.cost(usage.input_tokens, usage.output_tokens)
                metrics.AGENT_COST.inc(cost)
            budget.add_usage(usage)
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


def _is_for_chooser(task: Task) -> bool:
    follows_up = is_follow_up(task.question, task.turns)
    return bool(task.options) or task.only_rewrite or follows_up


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
