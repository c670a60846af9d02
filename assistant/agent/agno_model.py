"""Call a model through Agno. The only module that imports it, and only when a model is set.

Agno does not bound a run: it has no time limit, its ``tool_call_limit`` does not end a run, and a
failed run does not raise but has the exception's text as its content. Therefore every request goes
through ``_CountedInvoke``, every search through our own function, and status and type are checked.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from assistant.agent import choice
from assistant.agent.attempt import Search
from assistant.agent.provider_failures import reason_of
from assistant.agent.reasons import AgentReason
from assistant.agent.run import Run, Stopped
from assistant.agent.run_http_client import client_for_run
from assistant.grounding.redacting import redact_trace
from assistant.steps import ms

OPENAI_LIKE = "openai-like"
"""Our provider name for any OpenAI-compatible server."""

SEARCH_FAQ = {
    "type": "object",
    "properties": {
        "question": {"type": "string", "description": "What to look for, in other words."},
        "limit": {"type": "integer", "description": "How many FAQs at most, 1 to 5."},
    },
    "required": ["question"],
}

CHARACTERS_PER_TOKEN = 4
"""An estimate, for providers that do not report token usage."""

log = logging.getLogger("assistant.agent")


class BadModel(Exception):
    """AGENT_MODEL cannot be used; the text gives the reason, ``hint`` the fix."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why)
        self.hint = hint


@dataclass(frozen=True)
class AgnoClient:
    """Calls ``model``, in Agno's form ``provider:model_id``.

    With a ``base_url``, it calls the OpenAI-compatible server there, and the provider is ignored.
    """

    model: str
    base_url: str
    api_key: str
    output_tokens: int
    region: str
    refuses_schemas: threading.Event = field(default_factory=threading.Event, compare=False)
    """Set once the server has refused a request for its ``response_format``."""

    @property
    def name(self) -> str:
        return self.model

    def load(self) -> None:
        """Import Agno and the SDK, which takes a second. Raises ``BadModel``."""
        _disable_telemetry_and_logs()
        _model_class(self.model, self.base_url)
        import agno.agent  # noqa: F401

    def complete(
        self,
        run: Run,
        *,
        system: str,
        message: str,
        search: Search | None,
        choices: Callable[[], Sequence[str]] | None = None,
    ) -> object:
        """See ``attempt.ModelClient``."""
        from agno.agent import Agent
        from agno.run.base import RunStatus

        try:
            model = self._model(run)
        except BadModel:
            raise run.end(AgentReason.MISCONFIGURED) from None
        model.invoke = _CountedInvoke(model.invoke, run, self, choices)
        agent = Agent(
            model=model,
            system_message=system,
            tools=[_search_faq(search)] if search else None,
            # Otherwise Agno fills {placeholders} in the user's text.
            resolve_in_context=False,
            telemetry=False,
        )
        output = agent.run(message)
        if run.reason is not None:
            raise Stopped(run.reason)
        if output.status != RunStatus.completed:
            raise run.end(AgentReason.FAILED)
        content: object = output.content
        return content

    def _model(self, run: Run) -> Any:
        """Build a model for this run alone: its connections are closed when the run ends."""
        model_class, model_id = _model_class(self.model, self.base_url)
        options: dict[str, Any] = {"id": model_id}
        if self.base_url:
            options |= {
                "base_url": self.base_url,
                # The client requires a key; local servers do not.
                "api_key": self.api_key or "none",
                "http_client": client_for_run(run),
            }
        else:
            # Some hosts store conversations unless told not to.
            options |= {"store": False} | ({"api_key": self.api_key} if self.api_key else {})
        supported = {field.name for field in fields(model_class)}
        options |= {"timeout": run.left, "max_retries": 0}
        options |= {_tokens_option(supported, self.base_url): self.output_tokens}
        if self.base_url:
            # For reproducible answers. Some hosted models refuse the option.
            options["temperature"] = 0
        return model_class(**{name: value for name, value in options.items() if name in supported})


class _CountedInvoke:
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


def _tokens_option(supported: set[str], base_url: str) -> str:
    """The model's name for its token limit; newer OpenAI models refuse ``max_tokens``."""
    hosted = ("max_output_tokens", "max_completion_tokens", "max_tokens")
    names = ("max_tokens",) if base_url else hosted
    return next((name for name in names if name in supported), "max_tokens")


def check_model(model: str, base_url: str) -> None:
    """Raise ``BadModel`` if the string is malformed or the provider's SDK is not installed."""
    _model_class(model, base_url)


def _model_class(model: str, base_url: str) -> tuple[Any, str]:
    provider, _, model_id = (part.strip() for part in model.partition(":"))
    from agno.models.utils import MODEL_PROVIDER_CLASSES

    if not provider or not model_id:
        raise BadModel(
            f"AGENT_MODEL {model!r} is not of the form provider:model_id.",
            f"For example openai:gpt-5-mini; with AGENT_BASE_URL, {OPENAI_LIKE}:MODEL_NAME.",
        )
    if provider != OPENAI_LIKE and provider not in MODEL_PROVIDER_CLASSES:
        raise BadModel(
            f"AGENT_MODEL {model!r} names a provider that Agno does not support.",
            f"For an OpenAI-compatible server set AGENT_BASE_URL and write {OPENAI_LIKE}:{model}. "
            f"Agno supports {', '.join(sorted(MODEL_PROVIDER_CLASSES))}.",
        )
    if provider == OPENAI_LIKE and not base_url:
        raise BadModel(
            f"AGENT_MODEL {model!r} needs an address.",
            "Set AGENT_BASE_URL, for example http://127.0.0.1:11434/v1.",
        )
    module, name = MODEL_PROVIDER_CLASSES.get(provider, ("", ""))
    if base_url:
        module, name = "agno.models.openai.like", "OpenAILike"
    return _imported(module, name, provider), model_id


def _imported(module: str, name: str, provider: str) -> Any:
    import importlib

    try:
        return getattr(importlib.import_module(module), name)
    except ImportError as missing:
        # Agno's own message names the package and has no secret.
        raise BadModel(
            f"The SDK of the provider {provider!r} is not installed.",
            f"pip install 'agno[{provider}]' ({missing})",
        ) from None


def _choice_model(faq_ids: Sequence[str]) -> Any:
    """A pydantic model of a choice, which Agno translates for each provider."""
    from pydantic import create_model

    values = tuple(dict.fromkeys([*faq_ids, choice.NONE]))
    # The field is that of the prompts in ``choice``.
    form: Any = Literal[values]
    return create_model("Choice", faq=(form, ...))


def _search_faq(search: Search) -> Any:
    from agno.tools.function import Function

    return Function(
        name="search_faq",
        description="Search the FAQs again with other words. Returns FAQs as JSON.",
        parameters=SEARCH_FAQ,
        # The model chooses the arguments: our function checks them and sends back no error text.
        skip_entrypoint_processing=True,
        entrypoint=lambda question=None, limit=5, **ignored: search(question, limit),
    )


def _disable_telemetry_and_logs() -> None:
    """Disable Agno's telemetry whatever the environment says, and its logs: they have user text."""
    os.environ["AGNO_TELEMETRY"] = "false"
    from agno.utils.log import configure_agno_logging

    silent = logging.getLogger("assistant.agent.agno_model.agno")
    silent.setLevel(logging.CRITICAL + 1)
    configure_agno_logging(silent, silent, silent, silent)


def _tool_name(call: Any) -> str:
    return str(call.get("function", {}).get("name")) if isinstance(call, dict) else ""


def _estimate_tokens(messages: Any) -> int:
    texts = [str(getattr(message, "content", "") or "") for message in messages or []]
    return sum(map(len, texts)) // CHARACTERS_PER_TOKEN + 1
