"""Speak to a model through Agno. The only module that imports it, and only when a model is set.

Nothing that bounds a run is left to Agno: it has no time limit, its ``tool_call_limit`` ends no
run, and a failed run does not raise but has the exception's text as its content. Hence every
request goes through ``_Counted``, every search through our own function, and status and type are
checked here.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from assistant.agent.bounded_agent import Search
from assistant.agent.output_filter import redact_trace
from assistant.agent.reasons import AgentReason
from assistant.agent.run import Run, Stopped
from assistant.agent.run_http_client import client_for_run
from assistant.answering.steps import ms

OPENAI_LIKE = "openai-like"
"""Our name for a provider that is nothing but an OpenAI-compatible server."""

SEARCH_FAQ = {
    "type": "object",
    "properties": {
        "question": {"type": "string", "description": "What to look for, in other words."},
        "limit": {"type": "integer", "description": "How many FAQs at most, 1 to 5."},
    },
    "required": ["question"],
}

CHARACTERS_A_TOKEN = 4
"""For providers that do not say what a request used."""

log = logging.getLogger("assistant.agent")


class BadModel(Exception):
    """AGENT_MODEL cannot be used; the text says why, ``hint`` what to do."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why)
        self.hint = hint


@dataclass(frozen=True)
class AgnoClient:
    """Speaks to ``model``, Agno's ``provider:model_id``.

    With a ``base_url`` it is any OpenAI-compatible server there, and the provider only a word.
    """

    model: str
    base_url: str
    api_key: str
    output_tokens: int
    region: str

    @property
    def name(self) -> str:
        return self.model

    def load(self) -> None:
        """Import what it needs, which takes a second. Raises ``BadModel``."""
        _quiet()
        _model_class(self.model, self.base_url)
        import agno.agent  # noqa: F401

    def complete(self, run: Run, *, system: str, message: str, search: Search | None) -> object:
        """See ``bounded_agent.ModelClient``."""
        from agno.agent import Agent
        from agno.run.base import RunStatus

        try:
            model = self._model(run)
        except BadModel:
            raise run.end(AgentReason.MISCONFIGURED) from None
        model.invoke = _Counted(model.invoke, run, self)
        agent = Agent(
            model=model,
            system_message=system,
            tools=[_search_faq(search)] if search else None,
            # Else it would fill {placeholders} in what the person wrote.
            resolve_in_context=False,
            telemetry=False,
        )
        done = agent.run(message)
        if run.reason is not None:
            raise Stopped(run.reason)
        if done.status != RunStatus.completed:
            raise run.end(AgentReason.FAILED)
        content: object = done.content
        return content

    def _model(self, run: Run) -> Any:
        """A model of this run alone: what it holds open is closed when the run ends."""
        model_class, model_id = _model_class(self.model, self.base_url)
        options: dict[str, Any] = {"id": model_id}
        if self.base_url:
            options |= {
                "base_url": self.base_url,
                # The client insists on one; local servers do not.
                "api_key": self.api_key or "none",
                "http_client": client_for_run(run),
            }
        elif self.api_key:
            options["api_key"] = self.api_key
        known = {field.name for field in fields(model_class)}
        options |= {"timeout": run.left, "max_retries": 0}
        options |= {_tokens_option(known, self.base_url): self.output_tokens}
        if self.base_url:
            # The same question, the same answer. Some hosted models refuse the option.
            options["temperature"] = 0
        return model_class(**{name: value for name, value in options.items() if name in known})


class _Counted:
    """In place of a model's ``invoke``: counts the request, tells it, and reads what failed."""

    def __init__(self, invoke: Callable[..., Any], run: Run, client: AgnoClient) -> None:
        self._invoke = invoke
        self._run = run
        self._client = client

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        run = self._run
        run.begin_request()
        started = time.perf_counter()
        # Sent is spent, whether anything comes back or not.
        estimate = _estimated(kwargs.get("messages"))
        run.spent.input_tokens += estimate
        try:
            reply = self._invoke(*args, **kwargs)
        except Exception as failure:
            reason = _reason(failure) if run.left > 0 else AgentReason.TIMED_OUT
            if run.reason is None:
                run.tell(self._step(started, error=reason.value))
            raise run.end(reason) from None
        self._told(reply, started, estimate)
        return reply

    def _told(self, reply: Any, started: float, estimate: int) -> None:
        run = self._run
        usage = getattr(reply, "response_usage", None)
        sent = getattr(usage, "input_tokens", 0) or estimate
        got = getattr(usage, "output_tokens", 0) or _estimated([reply])
        run.spent.input_tokens += sent - estimate
        run.spent.output_tokens += got
        calls = getattr(reply, "tool_calls", None) or []
        step = self._step(started, input_tokens=sent, output_tokens=got, tool_calls=len(calls))
        if any(_called(call) != "search_faq" for call in calls):
            step["error"] = "unknown_tool"
        thought = getattr(reply, "reasoning_content", None)
        if isinstance(thought, str) and thought.strip():
            step["reasoning"] = redact_trace(thought, region=self._client.region)
        run.tell(step)
        if got > 2 * self._client.output_tokens or len(str(reply.content or "")) > (
            run.limits.longest_reply
        ):
            raise run.end(AgentReason.TOO_LONG)

    def _step(self, started: float, **more: Any) -> dict[str, Any]:
        return {"step": "model_request", "ms": ms(started), "model": self._client.name, **more}


def _tokens_option(known: set[str], base_url: str) -> str:
    """What a model calls the most tokens it may write; OpenAI's newer ones refuse max_tokens."""
    hosted = ("max_output_tokens", "max_completion_tokens", "max_tokens")
    names = ("max_tokens",) if base_url else hosted
    return next((name for name in names if name in known), "max_tokens")


def check_model(model: str, base_url: str) -> None:
    """Raise ``BadModel`` unless the model can be built: the string is right, the SDK is there."""
    _model_class(model, base_url)


def _model_class(model: str, base_url: str) -> tuple[Any, str]:
    provider, _, model_id = (part.strip() for part in model.partition(":"))
    from agno.models.utils import MODEL_PROVIDER_CLASSES

    if not provider or not model_id:
        raise BadModel(
            f"AGENT_MODEL {model!r} is not of the form provider:model_id.",
            f"Such as openai:gpt-5-mini; with AGENT_BASE_URL, {OPENAI_LIKE}:the-model's-name.",
        )
    if provider != OPENAI_LIKE and provider not in MODEL_PROVIDER_CLASSES:
        raise BadModel(
            f"AGENT_MODEL {model!r} begins with a provider that Agno does not know.",
            f"For an OpenAI-compatible server set AGENT_BASE_URL and write {OPENAI_LIKE}:{model}. "
            f"Agno knows {', '.join(sorted(MODEL_PROVIDER_CLASSES))}.",
        )
    if provider == OPENAI_LIKE and not base_url:
        raise BadModel(
            f"AGENT_MODEL {model!r} needs an address.",
            "Set AGENT_BASE_URL, such as http://127.0.0.1:11434/v1.",
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
        # Agno's own message names the package; it holds no secret.
        raise BadModel(
            f"The SDK of the provider {provider!r} is not installed.",
            f"pip install 'agno[{provider}]' ({missing})",
        ) from None


def _search_faq(search: Search) -> Any:
    from agno.tools.function import Function

    return Function(
        name="search_faq",
        description="Find other FAQs than those given, by other words. Returns them as JSON.",
        parameters=SEARCH_FAQ,
        # Arguments are the model's: our function checks them, and no error text goes out.
        skip_entrypoint_processing=True,
        entrypoint=lambda question=None, limit=5, **others: search(question, limit),
    )


def _quiet() -> None:
    """No telemetry, whatever the environment says, and no log of its own: it holds user text."""
    os.environ["AGNO_TELEMETRY"] = "false"
    from agno.utils.log import configure_agno_logging

    silent = logging.getLogger("assistant.agent.agno_model.agno")
    silent.setLevel(logging.CRITICAL + 1)
    configure_agno_logging(silent, silent, silent, silent)


def _reason(failure: Exception) -> AgentReason:
    """What a provider's failure was, by status and kind; its text is not looked at."""
    if isinstance(failure, Stopped):
        return failure.reason
    kinds = _kinds(failure)
    if "TooLarge" in kinds:
        return AgentReason.TOO_LONG
    if "Compressed" in kinds:
        return AgentReason.UNREADABLE
    cause = failure.__cause__ or failure
    status = getattr(cause, "status_code", None)
    if "Timeout" in kinds:
        return AgentReason.TIMED_OUT
    if "Connection" in kinds or "Transport" in kinds:
        return AgentReason.UNREACHABLE
    if "Authentication" in kinds or status in (401, 403):
        return AgentReason.KEY_REFUSED
    if status in (429, 529):
        return AgentReason.RATE_LIMITED
    if isinstance(status, int) and cause is not failure:
        return AgentReason.PROVIDER_ERROR if status >= 500 else AgentReason.REQUEST_REFUSED
    return AgentReason.UNREADABLE


def _kinds(failure: BaseException | None) -> str:
    """The names of the classes of an exception and of its causes."""
    names = []
    while failure:
        names += [kind.__name__ for kind in type(failure).__mro__]
        failure = failure.__cause__
    return " ".join(names)


def _called(call: Any) -> str:
    return str(call.get("function", {}).get("name")) if isinstance(call, dict) else ""


def _estimated(messages: Any) -> int:
    texts = [str(getattr(message, "content", "") or "") for message in messages or []]
    return sum(map(len, texts)) // CHARACTERS_A_TOKEN + 1
