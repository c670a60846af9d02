"""The reply of /ask as server-sent events: steps as they happen, then the same JSON document.

Events are ``step``, then one ``answer``; or one ``problem`` if it fails after the first step.
Between events, comments (lines that begin with a colon) are sent: if writing one fails, the client
has left, and the agent stops.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from queue import SimpleQueue
from typing import Any

from django.db import connections
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.renderers import BaseRenderer

from assistant.answering.answer import Answer
from assistant.steps import OnStep, Step

CONTENT_TYPE = "text/event-stream"
STILL_RUNNING = ": still running\n\n"

Ask = Callable[[OnStep], Answer]
Document = Callable[[Answer], dict[str, Any]]
"""The reply of an answer, as the view without a stream gives it."""
Problem = Callable[[Exception], Any]
"""Converts a failure to a response; raises unknown ones again."""


class ClientLeft(Exception):
    """The client disconnected before the answer."""


class EventStreamRenderer(BaseRenderer):
    """Accepts ``text/event-stream``. The view writes the events; earlier errors are JSON."""

    media_type = CONTENT_TYPE
    format = "events"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        return json.dumps(data).encode()


def stream(ask: Ask, document: Document, problem: Problem) -> HttpResponseBase:
    """Send the steps as events. A failure before the first step raises, with its own status."""
    response = StreamingHttpResponse(_Events(ask, document, problem), content_type=CONTENT_TYPE)
    response["Cache-Control"] = "no-store"
    # Disables NGINX's response buffering.
    response["X-Accel-Buffering"] = "no"
    return response


class _Events:
    """An iterator of events: ``ask`` runs in a thread and puts its steps into a queue.

    The constructor waits for the first step. The server always calls ``close``.
    """

    def __init__(self, ask: Ask, document: Document, problem: Problem) -> None:
        self._queue: SimpleQueue[Step | Answer | Exception | None] = SimpleQueue()
        self._client_left = threading.Event()
        self._ended = False
        self._document = document
        # The thread outlives the view, so it needs a copy of the context: request id and caller.
        context = copy_context()
        self._problem: Problem = lambda failure: context.run(problem, failure)
        thread = threading.Thread(target=copy_context().run, args=(self._run, ask), daemon=True)
        thread.start()
        first = self._queue.get()
        if isinstance(first, Exception):
            raise first
        self._buffered = [first]

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._ended:
            raise StopIteration
        item = self._buffered.pop() if self._buffered else self._queue.get()
        self._ended = isinstance(item, Answer | Exception)
        if item is None:
            return STILL_RUNNING
        if isinstance(item, Answer):
            return _event("answer", self._document(item))
        if isinstance(item, Exception):
            return _event("problem", json.loads(self._problem(item).content))
        return _event("step", item)

    def close(self) -> None:
        """Stop: the next step, at most a second later, raises ``ClientLeft``."""
        self._client_left.set()

    def _run(self, ask: Ask) -> None:
        try:
            self._queue.put(ask(self._on_step))
        except Exception as failure:
            self._queue.put(failure)
        finally:
            connections.close_all()

    def _on_step(self, step: Step | None) -> None:
        if self._client_left.is_set():
            raise ClientLeft
        self._queue.put(step)


def _event(name: str, data: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
