"""The reply of /ask as server-sent events: steps as they happen, then the same JSON document.

Events are ``step``, then one ``answer``; or one ``problem`` if it fails after the first step.
Comments (lines that begin with a colon) come while nothing happens: writing them is how the server
learns that nobody listens any more, and stops the agent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from contextvars import Context, copy_context
from typing import Any

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.renderers import BaseRenderer

from assistant.answer import Answer
from assistant.steps import Step, Steps

CONTENT_TYPE = "text/event-stream"
STILL_AT_WORK = ": still at work\n\n"

Problem = Callable[[Exception], Any]
"""A failure as a response; raises what it does not know."""


class EventStreamRenderer(BaseRenderer):
    """Lets a client ask for events. The view writes them; what goes wrong before is JSON."""

    media_type = CONTENT_TYPE
    format = "events"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        return json.dumps(data).encode()


def stream(steps: Steps[Answer], problem: Problem) -> HttpResponseBase:
    """Send the steps as events. What fails before the first of them raises, with its own status."""
    # The request's id and caller are forgotten when the view returns; the record wants them.
    context = copy_context()
    first = context.run(next, steps)
    events = _Events(_events(first, steps, problem), context)
    response = StreamingHttpResponse(events, content_type=CONTENT_TYPE)
    response["Cache-Control"] = "no-store"
    # NGINX would collect the events and send them all at once.
    response["X-Accel-Buffering"] = "no"
    return response


class _Events:
    """An iterator that runs in the request's context; the server closes it, come what may."""

    def __init__(self, events: Generator[str, None, None], context: Context) -> None:
        self._events = events
        self._context = context

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return self._context.run(next, self._events)

    def close(self) -> None:
        self._context.run(self._events.close)


def _events(
    first: Step | None, steps: Steps[Answer], problem: Problem
) -> Generator[str, None, None]:
    step = first
    try:
        while True:
            yield STILL_AT_WORK if step is None else _event("step", step)
            try:
                step = next(steps)
            except StopIteration as done:
                yield _event("answer", done.value.as_dict())
                return
            except Exception as failure:
                yield _event("problem", json.loads(problem(failure).content))
                return
    finally:
        steps.close()


def _event(name: str, data: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
