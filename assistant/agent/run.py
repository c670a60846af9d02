"""One run of the agent: its deadline, its counters, the FAQs it was shown, and how to stop it.

Pure: standard library only. The run has its own thread; the waiting thread reads ``events`` and may
``stop`` the run at any time.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from assistant.agent.limits import Limits
from assistant.agent.reasons import AgentReason
from assistant.decision.matches import Match


class Stopped(Exception):
    """The run was stopped for ``reason``; the text is never shown."""

    def __init__(self, reason: AgentReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass
class Usage:
    """What a run has used so far. Tokens as the provider reports them, else estimated."""

    requests: int = 0
    tool_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


class Run:
    """Safe to share between the thread that runs and the one that waits."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.usage = Usage()
        self.returned: dict[str, Match] = {}
        """The FAQs shown to the model, by id."""
        self.events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._deadline = time.monotonic() + limits.seconds
        self._reason: AgentReason | None = None
        self._closers: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    @property
    def left(self) -> float:
        """Seconds until the deadline; 0 once it has passed."""
        return max(self._deadline - time.monotonic(), 0.0)

    @property
    def reason(self) -> AgentReason | None:
        """Why it was stopped; None while it is running."""
        return self._reason

    def stop(self, reason: AgentReason) -> None:
        """Stop the run now. Only the first reason counts."""
        with self._lock:
            if self._reason is not None:
                return
            self._reason = reason
            closers, self._closers = self._closers, []
        for close in closers:
            close()

    def on_stop(self, close: Callable[[], None]) -> None:
        """Call ``close`` when the run is stopped, or now if it already was."""
        with self._lock:
            if self._reason is None:
                self._closers.append(close)
                return
        close()

    def check(self) -> None:
        """Raise ``Stopped`` if the run was stopped or its deadline has passed."""
        if self._reason is None and self.left <= 0:
            self.stop(AgentReason.TIMED_OUT)
        if self._reason is not None:
            raise Stopped(self._reason)

    def end(self, reason: AgentReason) -> Stopped:
        """Stop the run and return the exception to raise."""
        self.stop(reason)
        assert self._reason is not None
        return Stopped(self._reason)

    def begin_request(self) -> None:
        """Count a request to the model. Raises ``Stopped`` when the limit is reached."""
        self.check()
        if self.usage.requests >= self.limits.requests:
            raise self.end(AgentReason.TOO_MANY_REQUESTS)
        self.usage.requests += 1

    @property
    def may_search(self) -> bool:
        """False when this is the last request, or no search is left: a call would be useless."""
        used = self.usage
        return used.requests < self.limits.requests and used.tool_calls < self.limits.tool_calls

    def may_call_tool(self) -> bool:
        """Count a tool call; False if the limit is reached."""
        self.check()
        if self.usage.tool_calls >= self.limits.tool_calls:
            return False
        self.usage.tool_calls += 1
        return True

    def show(self, matches: Iterable[Match]) -> None:
        """Remember FAQs the model was shown: it may cite no others."""
        for match in matches:
            self.returned.setdefault(match.faq_id, match)

    def report(self, step: dict[str, Any]) -> None:
        """Pass a step of the path to the waiting thread."""
        if self._reason is None:
            self.events.put(step)
