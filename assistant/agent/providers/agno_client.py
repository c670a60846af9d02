"""Call a model through Agno.

Agno does not bound a run: it has no time limit, its ``tool_call_limit`` does not end a run, and a
failed run does not raise but has the exception's text as its content. Therefore every request goes
through ``CountedInvoke``, every search through our own function, and status and type are checked.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from assistant.agent.attempt import Search
from assistant.agent.providers.counted_invoke import CountedInvoke
from assistant.agent.providers.run_http_client import client_for_run
from assistant.agent.providers.sdk import BadModel, find_model_class
from assistant.agent.reasons import AgentReason
from assistant.agent.run import Run, Stopped

SEARCH_FAQ = {
    "type": "object",
    "properties": {
        "question": {"type": "string", "description": "What to look for, in other words."},
        "limit": {"type": "integer", "description": "How many FAQs at most, 1 to 5."},
    },
    "required": ["question"],
}


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
        find_model_class(self.model, self.base_url)
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
        model.invoke = CountedInvoke(model.invoke, run, self, choices)
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
        model_class, model_id = find_model_class(self.model, self.base_url)
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

    silent = logging.getLogger("assistant.agent.providers.agno")
    silent.setLevel(logging.CRITICAL + 1)
    configure_agno_logging(silent, silent, silent, silent)


def _tokens_option(supported: set[str], base_url: str) -> str:
    """The model's name for its token limit; newer OpenAI models refuse ``max_tokens``."""
    hosted = ("max_output_tokens", "max_completion_tokens", "max_tokens")
    names = ("max_tokens",) if base_url else hosted
    return next((name for name in names if name in supported), "max_tokens")
