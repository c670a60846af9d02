"""System checks of the agent's settings. Without AGENT_MODEL, Agno is not imported."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

MODES = ("choose", "grounded", "verbatim")


@register
def check_agent_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.AGENT_MODEL:
        return _without_model()
    return [*_address(), *_model(), *_mode(), *_threads()]


def _without_model() -> list[CheckMessage]:
    unused = [name for name in ("AGENT_API_KEY", "AGENT_BASE_URL") if getattr(settings, name)]
    if not unused:
        return []
    return [
        Warning(
            f"{' and '.join(unused)} without AGENT_MODEL: the agent is off.",
            hint="Set AGENT_MODEL to provider:model_id, or unset the others.",
            id="assistant.W020",
        )
    ]


def _model() -> list[CheckMessage]:
    from assistant.agent.providers.sdk import BadModel, check_model

    try:
        check_model(settings.AGENT_MODEL, settings.AGENT_BASE_URL)
    except BadModel as bad:
        return [Error(str(bad), hint=bad.hint, id="assistant.E020")]
    except ImportError as missing:
        why = f"AGENT_MODEL is set, but Agno cannot be imported ({missing.name})."
        return [Error(why, hint="pip install agno openai", id="assistant.E021")]
    return []


def _address() -> list[CheckMessage]:
    url = settings.AGENT_BASE_URL
    if not url or re.fullmatch(r"https?://[^/@\s]+(/[^@\s]*)?", url):
        return []
    return [
        Error(
            # Without the value, which may contain a password.
            "AGENT_BASE_URL is not an http(s) URL, or it contains credentials.",
            hint="For example http://127.0.0.1:11434/v1. Put the key into AGENT_API_KEY.",
            id="assistant.E022",
        )
    ]


def _mode() -> list[CheckMessage]:
    if settings.AGENT_ANSWER_MODE in MODES:
        return []
    return [
        Error(
            f"AGENT_ANSWER_MODE is {settings.AGENT_ANSWER_MODE!r}, which is not a mode.",
            hint="Use choose, grounded or verbatim; see docs/agent.md.",
            id="assistant.E023",
        )
    ]


def _threads() -> list[CheckMessage]:
    runs_at_once = settings.AGENT_LIMITS.runs_at_once
    if runs_at_once < settings.WEB_THREADS:
        return []
    return [
        Error(
            f"{runs_at_once} concurrent agent runs may use all {settings.WEB_THREADS} threads of a "
            "worker: a slow model would block all answers.",
            hint="Lower runs_at_once in AGENT_LIMITS, or raise WEB_THREADS.",
            id="assistant.E024",
        )
    ]
