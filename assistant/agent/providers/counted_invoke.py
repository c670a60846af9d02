"""Count and report the requests of a run to its model."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from assistant.agent import choice
from assistant.agent.providers.failures import reason_of
from assistant.agent.reasons import AgentReason
from assistant.agent.run import Run
from assistant.grounding.redacting import redact_trace
from assistant.steps import ms

if TYPE_CHECKING:
    from assistant.agent.providers.agno_client import AgnoClient

CHARACTERS_PER_TOKEN = 4
"""An estimate, for providers that do not report token usage."""


class CountedInvoke:
    """Replaces a model's ``invoke``: counts and reports each request, and classifies failures."""

    def __init__(
        self,
        invoke: Callable[..., Any],
        run: Run,
        client: AgnoClient,
        choices: Callable[[], Sequence[str]] | None,
    ) -> None:
        self._invoke = invoke
        self._run = run
        self._client = client
        self._choices = choices

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        run = self._run
        run.begin_request()
        if self._client.base_url and not run.may_search:
            # Offered a tool, a small model calls it instead of answering. Some hosted ones insist
            # on the tools that earlier messages used.
            kwargs |= {"tools": None, "tool_choice": None}
        started = time.perf_counter()
        # Sent tokens count, even if no reply arrives.
        estimate = _estimate_tokens(kwargs.get("messages"))
        run.usage.input_tokens += estimate
        try:
            reply = self._invoke_in_form(args, kwargs)
        except Exception as failure:
            reason = reason_of(failure) if run.left > 0 else AgentReason.TIMED_OUT
            if run.reason is None:
                run.report(self._step(started, error=reason.value))
            raise run.end(reason) from None
        self._report_reply(reply, started, estimate)
        return reply

    def _invoke_in_form(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Invoke, and make the server keep to the choices, if it can.

        Never with tools: many servers refuse both at once.
        """
        if not self._choices or kwargs.get("tools") or self._client.refuses_schemas.is_set():
            return self._invoke(*args, **kwargs)
        try:
            form = _choice_model(self._choices())
            return self._invoke(*args, **{**kwargs, "response_format": form})
        except Exception as failure:
            if reason_of(failure) is not AgentReason.REQUEST_REFUSED:
                raise
            self._client.refuses_schemas.set()
            self._run.check()
            return self._invoke(*args, **kwargs)

    def _report_reply(self, reply: Any, started: float, estimate: int) -> None:
        run = self._run
        usage = getattr(reply, "response_usage", None)
        input_tokens = getattr(usage, "input_tokens", 0) or estimate
        output_tokens = getattr(usage, "output_tokens", 0) or _estimate_tokens([reply])
        run.usage.input_tokens += input_tokens - estimate
        run.usage.output_tokens += output_tokens
        calls = getattr(reply, "tool_calls", None) or []
        step = self._step(
            started,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            tool_calls=len(calls),
        )
        if any(_tool_name(call) != "search_faq" for call in calls):
            step["error"] = "unknown_tool"
        reasoning = getattr(reply, "reasoning_content", None)
        if isinstance(reasoning, str) and reasoning.strip():
            step["reasoning"] = redact_trace(reasoning, region=self._client.region)
        run.report(step)
        if output_tokens > 2 * self._client.output_tokens or len(str(reply.content or "")) > (
            run.limits.longest_reply
        ):
            raise run.end(AgentReason.TOO_LONG)

    def _step(self, started: float, **details: Any) -> dict[str, Any]:
        return {"step": "model_request", "ms": ms(started), "model": self._client.name, **details}


def _choice_model(faq_ids: Sequence[str]) -> Any:
    """A pydantic model of a choice, which Agno translates for each provider."""
    from pydantic import create_model

    values = tuple(dict.fromkeys([*faq_ids, choice.NONE]))
    # The field is that of the prompts in ``choice``.
    form: Any = Literal[values]
    return create_model("Choice", faq=(form, ...))


def _tool_name(call: Any) -> str:
    return str(call.get("function", {}).get("name")) if isinstance(call, dict) else ""


def _estimate_tokens(messages: Any) -> int:
    texts = [str(getattr(message, "content", "") or "") for message in messages or []]
    return sum(map(len, texts)) // CHARACTERS_PER_TOKEN + 1
